"""bioplnn: a cortical area learns with copies of its weights, or with a shard of them each.

torchrun --nproc-per-node 2 docs/distributed/spatial.py
torchrun --nproc-per-node 2 docs/distributed/spatial.py --shard
"""

import argparse

import torch
from checkpointed import Checkpoints, batch_of, launch, part_of, train
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from bioplnn.models import SpatiallyEmbeddedClassifier


# --8<-- [start:model]
def build() -> SpatiallyEmbeddedClassifier:
    """Build an area of excitatory and inhibitory cells with a readout."""
    area = {
        "num_neuron_types": 2,
        "num_neuron_subtypes": [4, 4],
        "neuron_type_class": ["excitatory", "inhibitory"],
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
        "in_size": [8, 8],
        "in_channels": 1,
        "out_channels": 8,
    }
    rnn = {"num_areas": 1, "area_kwargs": [area]}
    return SpatiallyEmbeddedClassifier(rnn, num_classes=4, fc_dim=16, dropout=0.0)


def main(options: argparse.Namespace) -> nn.Module:
    """Train, and return the model."""
    torch.manual_seed(0)
    model = build()
    parallel = fully_shard(model) if options.shard else DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(index: int) -> float:
        images = part_of(batch_of(index, 32, 1, 8, 8))
        brightest = F.adaptive_avg_pool2d(images, 2).flatten(1).argmax(1)
        loss = F.cross_entropy(parallel(images, num_steps=3), brightest)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # The forward pass enforces Dale's law on the gathered weights; here on the stored ones.
        model.rnn.project()
        return loss.item()

    train(options, Checkpoints(options.folder, model=model, optimizer=optimizer), step)
    return model


# --8<-- [end:model]


if __name__ == "__main__":
    launch(main, "A cortical area in several processes.", shard="shard weights, do not copy them")
