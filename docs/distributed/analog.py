"""aihwkit: every process holds the same devices, and sends them the same pulses.

torchrun --nproc-per-node 2 docs/distributed/analog.py
"""

import argparse

import torch
from checkpointed import Checkpoints, batch_of, launch, part_of, train
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig


# --8<-- [start:model]
def main(options: argparse.Namespace) -> nn.Module:
    """Train, and return the model."""
    torch.manual_seed(0)
    config = SingleRPUConfig(device=ConstantStepDevice())
    model = AnalogSequential(
        AnalogLinear(16, 8, rpu_config=config), nn.Tanh(), AnalogLinear(8, 2, rpu_config=config)
    )
    model.prepare_for_ddp()
    parallel = DistributedDataParallel(model)
    optimizer = AnalogSGD(model.parameters(), lr=0.1)

    def step(index: int) -> float:
        x = part_of(batch_of(index, 32, 16)) - 0.5
        target = torch.stack([x[:, :8].sum(1), x[:, 8:].sum(1)], 1) / 4
        loss = F.mse_loss(parallel(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    train(options, Checkpoints(options.folder, model=model, optimizer=optimizer), step)
    return model


# --8<-- [end:model]


if __name__ == "__main__":
    launch(main, "Analog tiles in several processes.")
