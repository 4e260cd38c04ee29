"""inferno: plasticity from the samples of all processes.

torchrun --nproc-per-node 2 docs/distributed/spiking.py
"""

import argparse

import torch
from checkpointed import Checkpoints, batch_of, launch, part_of, train
from torch import nn

from inferno import functional, learn, neural


# --8<-- [start:model]
def build(batch_size: int) -> tuple[nn.Module, learn.STDP]:
    """Build a layer of neurons with adaptive thresholds, and its trainer."""
    connection = neural.LinearDense(
        (64,), (12,), 1.0,
        synapse=neural.DeltaCurrent.partialconstructor(40.0), batch_size=batch_size,
    )  # fmt: skip
    connection.updater = connection.defaultupdater()
    connection.updater.weight.upperbound(functional.bound_upper_multiplicative, 1.0)
    neuron = neural.ALIF(
        (12,), 1.0, rest_v=-65.0, reset_v=-60.0, thresh_eq_v=-52.0, refrac_t=2.0,
        tc_membrane=20.0, tc_adaptation=1e3, spike_increment=0.5, batch_size=batch_size,
    )  # fmt: skip
    layer = neural.Serial(connection, neuron)
    trainer = learn.STDP(0.02, -0.01, 20.0, 20.0)
    trainer.register_cell("layer", layer.cell)
    return layer, trainer


def main(options: argparse.Namespace) -> nn.Module:
    """Show spikes to the layer while it learns, and return it."""
    torch.manual_seed(0)
    layer, trainer = build(len(part_of(torch.zeros(16))))
    learn.DataParallelPlasticity(layer, trainer)

    @torch.no_grad()
    def step(index: int) -> float:
        fired = 0.0
        for x in part_of(batch_of(index, 5, 16, 64) < 0.2, dim=1):
            fired += layer(x).float().mean().item()
            trainer()
            layer.connection.update()
        return fired

    train(options, Checkpoints(options.folder, layer=layer, trainer=trainer), step)
    return layer


# --8<-- [end:model]


if __name__ == "__main__":
    launch(main, "Plasticity in several processes.")
