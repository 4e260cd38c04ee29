"""The networks that several tests use."""

import numpy as np
import torch

from bioplnn.models import SpatiallyEmbeddedClassifier

EI = {
    "num_neuron_types": 2,
    "num_neuron_subtypes": np.array([16, 16]),
    "neuron_type_class": np.array(["excitatory", "inhibitory"]),
    "inter_neuron_type_connectivity": np.array([[1, 1, 0], [1, 1, 1], [1, 1, 0]]),
    "in_size": [28, 28],
    "in_channels": 1,
    "out_channels": 32,
}


def basic_classifier(**area):
    """The network of the basic example."""
    return SpatiallyEmbeddedClassifier(
        rnn_kwargs={"num_areas": 1, "area_kwargs": [{**EI, **area}]},
        num_classes=10,
        fc_dim=256,
        dropout=0.5,
    )


def small_area(**area):
    """Arguments of a small area with an excitatory and an inhibitory type."""
    return {
        "num_neuron_types": 2,
        "num_neuron_subtypes": [3, 2],
        "neuron_type_class": ["excitatory", "inhibitory"],
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
        "in_size": (6, 5),
        "in_channels": 2,
        "out_channels": 4,
        **area,
    }


def step_by_step(rnn, x, num_steps):
    """Outputs and states of a network of one area, one connection at a time."""
    area = rnn.areas[0]
    states = area.init_neuron_state(x.shape[0])
    outs, trajectory = [], []
    for _ in range(num_steps):
        sources = [x, *states]
        drives = [0.0] * area.num_neuron_types
        for c in area.connections:
            if c.column < area.num_neuron_types:
                sent = area.convs[f"{c.row}->{c.column}"](sources[c.row])
                drives[c.column] = drives[c.column] + c.sign * sent
        taus = [tau.clamp(min=1) for tau in area.tau]
        states = [
            f(u) / tau + (1 - 1 / tau) * s
            for f, u, tau, s in zip(
                area.neuron_type_nonlinearity, drives, taus, states, strict=True
            )
        ]
        sources = [x, *states]
        out = 0.0
        for c in area.connections:
            if c.column == area.num_neuron_types:
                out = out + c.sign * area.out_convs[f"{c.row}->out"](sources[c.row])
        outs.append(out)
        trajectory.append(states)
    return torch.stack(outs, 1), [torch.stack(s, 1) for s in zip(*trajectory, strict=True)]
