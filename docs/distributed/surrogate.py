"""inferno: backpropagation through spikes, with copies of the weights or a shard of them each.

torchrun --nproc-per-node 2 docs/distributed/surrogate.py
torchrun --nproc-per-node 2 docs/distributed/surrogate.py --shard
"""

import argparse

import torch
from checkpointed import Checkpoints, batch_of, launch, part_of, train
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from inferno import neural


# --8<-- [start:model]
class Network(nn.Module):
    """Two layers of spiking neurons that see a whole sequence in one forward pass."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            neural.Serial(
                neural.LinearDense(
                    insize, outsize, 1.0, batch_size=batch_size,
                    synapse=neural.DeltaCurrent.partialconstructor(1.0),
                    weight_init=lambda w: torch.randn_like(w) * (20.0 / w.shape[1] ** 0.5),
                ),
                neural.LIF(
                    outsize, 1.0, rest_v=-60.0, reset_v=-60.0, thresh_v=-50.0, refrac_t=1.0,
                    time_constant=10.0, resistance=5.0, batch_size=batch_size,
                ),
            )
            for insize, outsize in ((64, 32), (32, 2))
        )  # fmt: skip
        self.requires_grad_()
        neural.surrogate_gradients(self, neural.FastSigmoid(5.0))

    def forward(self, spikes: Tensor) -> Tensor:
        """Return how often each output neuron fires."""
        fired = []
        for x in spikes:
            for layer in self.layers:
                x = layer(x)
            fired.append(x)
        for layer in self.layers:
            layer.clear()
        return torch.stack(fired).sum(0)


def main(options: argparse.Namespace) -> nn.Module:
    """Train, and return the model."""
    torch.manual_seed(0)
    model = Network(len(part_of(torch.zeros(16))))
    # Neurons are at rest between sequences, so that all may start from those of the first process.
    parallel = fully_shard(model) if options.shard else DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)

    def step(index: int) -> float:
        rates = batch_of(index, 16, 64)
        more = (rates[:, :32].sum(1) > rates[:, 32:].sum(1)).long()
        spikes = batch_of(-1 - index, 8, 16, 64) < 0.5 * rates
        loss = F.cross_entropy(parallel(part_of(spikes, dim=1)), part_of(more))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    train(options, Checkpoints(options.folder, model=model, optimizer=optimizer), step)
    return model


# --8<-- [end:model]


if __name__ == "__main__":
    launch(
        main, "Surrogate gradients in several processes.", shard="shard weights, do not copy them"
    )
