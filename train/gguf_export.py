"""A run as one GGUF file, for llama.cpp and Ollama: written by llama.cpp's own converter, and read back."""

import json
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from aj.errors import TrainError
from aj.files import logs_dir, write_json
from aj.whole import whole_folder
from train.base import load_tokenizer, without_bars
from train.finished import read_finished
from train.precision import native_precision
from train.preflight import check_disk
from train.recipe import Recipe
from train.tokens import TokenizedRow

Width = Literal["bf16", "f16", "q8_0"]
RELATIVE_SIZE: dict[Width, float] = {"bf16": 1, "f16": 1, "q8_0": 17 / 32}
"""Of a file, compared with the merged model in bf16; q8_0 has one scale for 32 weights."""
CONVERTER = Path(sys.prefix) / "gguf" / "convert_hf_to_gguf.py"
"""Beside the environment's packages, not among them: it comes with a `gguf` of its own."""
MODEL = "model.gguf"


def export_gguf(run: Path, manifest: dict[str, Any], width: Width, converter: Path | None = None) -> Path:
    """Write `logs/gguf/HASH-WIDTH/model.gguf` and how far it agrees with the merged model; return the file.

    Raises:
        TrainError: the converter is missing or fails, the run's base is gone or has changed since, the disk has no
            room, or the file is not the model that was trained.
        DataError: the run's data set is gone; some of its answers are compared.
    """
    target = _folder(manifest["hash"], width)
    if target.exists():
        return target / MODEL
    converter = converter or CONVERTER
    if not converter.is_file():
        raise TrainError(
            "llama.cpp's converter is not installed; run `make setup`, or give the one of a checkout: --converter PATH."
        )
    trained = read_finished(run, manifest)
    with whole_folder(target) as folder:
        written = RELATIVE_SIZE[width] + (not trained.is_merged)
        check_disk(written * trained.merged_gb(), target.parent, "the export")
        with trained.merged() as merged:
            tokenizer = load_tokenizer(merged, trained.recipe.template)
            compared = trained.compared(tokenizer)
            _convert(converter, merged, folder / MODEL, width)
            _check_text(folder / MODEL, tokenizer)
            write_json(folder / "agreement.json", _agreement(folder / MODEL, merged, compared, trained.recipe))
    return target / MODEL


def exported(run: str) -> dict[Width, Path]:
    """The GGUF files of the run with this hash, by width."""
    files = {width: _folder(run, width) / MODEL for width in get_args(Width)}
    return {width: file for width, file in files.items() if file.is_file()}


def _folder(run: str, width: Width) -> Path:
    return logs_dir() / "gguf" / f"{run}-{width}"


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
    from train.export import answers_of, compare_answers, load_exported

    before = answers_of(partial(load_exported, merged), compared)
    found = compare_answers(before, answers_of(partial(load_gguf, file), compared), compared)
    if found.same_choice < recipe.export.min_agreement:
        raise TrainError(
            f"the GGUF file agrees with the merged model on {found.same_choice:.1%} of {found.tokens} answer tokens, "
            f"below {recipe.export.min_agreement:.0%}, so it is not the model that was trained; use --width bf16, or "
            "another converter (--converter)."
        )
    return asdict(found)


def load_gguf(file: Path) -> Any:
    """The model in the file, its weights as plain numbers."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    dtype = getattr(torch, native_precision())
    with without_bars():
        return AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=dtype, quantization_config=GgufConfig(dequantize=True)
        ).eval()


def read_agreement(file: Path) -> dict[str, Any]:
    """What was measured when the file was written: "tokens", "same_choice" and "gap", as in an `ExportAgreement`."""
    return json.loads((file.parent / "agreement.json").read_text(encoding="utf-8"))
