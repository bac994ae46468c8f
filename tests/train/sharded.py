"""accelerate launch --config_file train/clusters/fsdp.yaml … -m tests.train.sharded WORDS OF AJ: FSDP without GPUs.

accelerate 1.15 shards a model among accelerators only, whatever it is told. Here it takes processes on a CPU for such.
Each process writes what it keeps of the model that SFT has trained to `kept-NUMBER.json`.
"""

from pathlib import Path
from typing import Any

from accelerate import DistributedType, PartialState

from aj.files import logs_dir, write_json
from train.processes import number


def take_cpus_for_gpus() -> None:
    begin = PartialState.__init__

    def begin_as_gpus(self: PartialState, cpu: bool = False, **kwargs: Any) -> None:
        begin(self, cpu, **kwargs)
        if self.distributed_type == DistributedType.MULTI_CPU:
            self.distributed_type = DistributedType.MULTI_GPU

    PartialState.__init__ = begin_as_gpus


def tell_what_is_kept() -> None:
    import train.sft

    save = train.sft.save_adapter

    def tell_and_save(trainer: Any, target: Path) -> Path:
        shares = {name: weight.to_local() for name, weight in trainer.model.named_parameters()}
        sizes = {name: weight.numel() * weight.element_size() for name, weight in shares.items()}
        write_json(logs_dir() / f"kept-{number()}.json", sizes)
        return save(trainer, target)

    train.sft.save_adapter = tell_and_save


if __name__ == "__main__":
    from loop.commands.main import main

    take_cpus_for_gpus()
    tell_what_is_kept()
    main()
