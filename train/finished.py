"""A finished run that is exported or measured: its base as it was, its merged model, and answers of its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.contract import load_contract
from aj.files import load_yaml, logs_dir
from aj.whole import scratch_folder
from train.base import Base, fetch, find_trained_base, load_config, load_tokenizer
from train.dataset import read_dataset
from train.memory import GB, read_architecture
from train.preflight import check_disk
from train.recipe import Recipe
from train.tokens import TokenizedRow, encode_row, spread


@dataclass(frozen=True, slots=True)
class FinishedRun:
    folder: Path
    manifest: dict[str, Any]
    """As `verdict.runs.read_manifest` has checked it: adapter and merged model are those that were trained."""
    recipe: Recipe

    @property
    def hash(self) -> str:
        return self.manifest["hash"]

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter"

    @property
    def is_merged(self) -> bool:
        """Whether it is served merged, and not as an adapter."""
        return (self.folder / "merged").is_dir()

    def base(self) -> Path:
        """The folder of the base that it was trained on.

        Raises:
            TrainError: the base is gone or has changed since, or cannot be downloaded.
        """
        return fetch(find_trained_base(self.manifest))

    def merged_gb(self) -> float:
        """The size of its merged model: two bytes for each weight."""
        folder = self.folder / "merged" if self.is_merged else self.base()
        config = load_config(Base(str(folder), "", folder))
        return 2 * read_architecture(config, self.recipe).parameters / GB

    @contextmanager
    def merged(self) -> Iterator[Path]:
        """The folder of its merged model; a run that is served as an adapter is merged for the occasion.

        Raises:
            TrainError: see `base`; or the disk has no room for it.
        """
        if self.is_merged:
            yield self.folder / "merged"
            return
        from train.export import merge

        base = self.base()
        with scratch_folder(logs_dir() / "runs" / self.hash) as scratch:
            check_disk(self.merged_gb(), scratch.parent, "merging the run")
            yield merge(self.recipe, base, self.adapter, load_tokenizer(base, self.recipe.template), scratch)

    def compared(self, tokenizer: Any) -> list[TokenizedRow]:
        """The rows on whose answers two forms of its model are compared.

        Raises:
            DataError: its data set is gone, or has changed.
        """
        from train.export import COMPARED

        data = read_dataset(logs_dir() / "datasets" / self.manifest["dataset"])
        contract = load_contract(self.recipe.contract)
        return [encode_row(row, contract, tokenizer) for row in spread(data.rows, COMPARED)]


def read_finished(folder: Path, manifest: dict[str, Any]) -> FinishedRun:
    return FinishedRun(folder, manifest, load_yaml(folder / "recipe.yaml", Recipe))
