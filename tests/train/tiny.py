"""Rows, a recipe and a data set small enough to train on in seconds."""

from pathlib import Path
from typing import Any

from aj.contract import load_contract
from aj.files import digest, digest_file, write_json, write_jsonl
from aj.messages import Call, Message, Pair, Row, calls, pair_to_record, reply, result, row_to_record, user
from train.recipe import Recipe

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make_row(host: str) -> Row:
    ask = user(f"yo how full is {host}?")
    call = calls("remote_bash", {"agent_id": host, "command": "df -h /"}, note="On it!")
    return Row((ask, call, result("remote_bash", "/dev/sda1 40G 31G 9G 78% /"), reply(f"`{host}` is at 78%.")))


def thoughtful() -> Row:
    call = Message("assistant", call=Call("remote_bash", {"agent_id": "web01", "command": "uptime"}, None, "Its load."))
    return Row((user("load of web01?"), call, result("remote_bash", "load average: 0.10"), reply("`web01`: 0.10.")))


def make_pair(host: str) -> Pair:
    chosen: Message = calls("list_agents")
    return Pair((user(f"is {host} up?"),), chosen, '{"action": "list_agents", "params": {}}')


def write_dataset(folder: Path, rows: list[Row], pairs: list[Pair], contract: str = "aj") -> Path:
    write_jsonl(folder / "sft.jsonl", [row_to_record(row) for row in rows])
    write_jsonl(folder / "dpo.jsonl", [pair_to_record(pair) for pair in pairs])
    files = {name: digest_file(folder / name) for name in ("sft.jsonl", "dpo.jsonl")}
    lock = {"hash": digest(files), "contract": {"name": contract, "hash": load_contract(contract).hash}, "files": files}
    write_json(folder / "lock.json", lock)
    return folder


def make_recipe(base: Path | str, **changes: Any) -> Recipe:
    stage = {"epochs": 1, "batch_size": 1, "max_length": 512, "save_every": 2}
    values: dict[str, Any] = {
        "name": "tiny",
        "base": str(base),
        "lora": {"rank": 4, "alpha": 8, "target_modules": MODULES},
        "sft": {**stage, "learning_rate": 0.01, "epochs": 4, "save_every": 6, "averaged": 0.75},
        "dpo": {**stage, "learning_rate": 0.001},
        "export": {"min_agreement": 0.5},
    }
    return Recipe.model_validate({**values, **changes})
