"""What the programs share: the process group, batches, checkpoints, the loop."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["Checkpoints", "batch_of", "launch", "part_of", "train"]


def launch(main: Callable[[argparse.Namespace], Any], description: str, **defaults: Any) -> None:
    """Read the command line and run `main` in the process group that torchrun describes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--every", type=int, default=10, help="steps from checkpoint to checkpoint")
    parser.add_argument("--folder", type=Path, help="folder for checkpoints, none by default")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", action="store_true", help=value)
    options = parser.parse_args()
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        main(options)
    finally:
        dist.destroy_process_group()


def batch_of(step: int, *shape: int) -> Tensor:
    """Numbers in [0, 1) of one step, the same in every process and every run."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(step))


def part_of(batch: Tensor, dim: int = 0) -> Tensor:
    """The samples of a batch that this process learns from."""
    return batch.tensor_split(dist.get_world_size(), dim)[dist.get_rank()]


# --8<-- [start:checkpoints]
class Checkpoints:
    """Checkpoints of all processes, each of which holds what only it knows.

    Args:
        folder: Folder of the files; `None` for no checkpoints.
        parts: Objects with `state_dict` and `load_state_dict`.
    """

    def __init__(self, folder: Path | None, **parts: Any) -> None:
        self.folder, self.parts = folder, parts
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def _file(self, step: int) -> Path:
        return self.folder / f"step{step:06d}-rank{dist.get_rank()}.pt"

    def save(self, step: int) -> None:
        """Write the state after a number of steps; what is on the disk is always whole."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state["random"] = torch.get_rng_state()
        partial = self._file(step).with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._file(step))

    def resume(self) -> int:
        """Load the newest state that every process has; return its number of steps."""
        if self.folder is None:
            return 0
        mine = [int(f.name[4:10]) for f in self.folder.glob(f"step*-rank{dist.get_rank()}.pt")]
        everyone: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(everyone, mine)
        step = max(set.intersection(*map(set, everyone)), default=0)
        if step:
            state = torch.load(self._file(step), weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
            torch.set_rng_state(state["random"])
        return step


def train(options: argparse.Namespace, checkpoints: Checkpoints, step: Callable) -> None:
    """Go on to the last step from wherever the checkpoints are."""
    for index in range(checkpoints.resume(), options.steps):
        loss = step(index)
        if dist.get_rank() == 0:
            print(f"step {index + 1}: {loss:.6f}", flush=True)
        if checkpoints.folder is not None and (index + 1) % options.every == 0:
            checkpoints.save(index + 1)


# --8<-- [end:checkpoints]
