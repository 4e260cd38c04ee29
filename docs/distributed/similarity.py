"""pynsm: a circuit learns with copies of its weights, or with a shard of them each.

torchrun --nproc-per-node 2 docs/distributed/similarity.py
torchrun --nproc-per-node 2 docs/distributed/similarity.py --shard
"""

import argparse

import torch
from checkpointed import Checkpoints, batch_of, launch, part_of, train
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from pynsm import SimilarityMatching


# --8<-- [start:model]
class Learner(nn.Module):
    """A circuit whose forward pass ends with its loss, so that one call does everything."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = SimilarityMatching(nn.Linear(64, 16), 16, iteration_projection=nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Relax, and return the loss."""
        return self.circuit.forward_and_loss(x)[1]


def main(options: argparse.Namespace) -> nn.Module:
    """Train, and return the model."""
    torch.manual_seed(0)
    model = Learner()
    parallel = fully_shard(model) if options.shard else DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def step(index: int) -> float:
        loss = parallel(part_of(batch_of(index, 32, 64)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    train(options, Checkpoints(options.folder, model=model, optimizer=optimizer), step)
    return model


# --8<-- [end:model]


if __name__ == "__main__":
    launch(
        main, "Similarity matching in several processes.", shard="shard weights, do not copy them"
    )
