"""Training and evaluation of both families against plain torch, in one table each.

Plain torch means: one convolution per connection and step for the area, gather, multiply and add
up for the connectome.

    python bench_networks.py [--threads 1] [--neurons 20000] [--synapses 50]
"""

import argparse

import numpy as np
import torch
from torch import nn

from bioplnn.models import ConnectomeRNN, SpatiallyEmbeddedClassifier
from synaptensor.benchmark import Benchmark

AREA = {
    "num_neuron_types": 2,
    "num_neuron_subtypes": np.array([16, 16]),
    "neuron_type_class": np.array(["excitatory", "inhibitory"]),
    "inter_neuron_type_connectivity": np.array([[1, 1, 0], [1, 1, 1], [1, 1, 0]]),
    "in_size": [28, 28],
    "in_channels": 1,
    "out_channels": 32,
}


def plain_area(model, x, steps):
    """The classifier with one convolution per connection and step."""
    area = model.rnn.areas[0]
    states = [torch.zeros(len(x), 16, 28, 28) for _ in range(2)]
    outs = []
    for _ in range(steps):
        drives = [0.0, 0.0]
        for c in area.connections:
            if c.column < 2:
                sent = area.convs[f"{c.row}->{c.column}"]([x, *states][c.row])
                drives[c.column] = drives[c.column] + c.sign * sent
        states = [
            torch.sigmoid(u) / tau + (1 - 1 / tau) * s
            for u, tau, s in zip(drives, area.tau, states, strict=True)
        ]
        outs.append(area.out_convs["1->out"](states[0]))
    return model.readout(nn.functional.adaptive_max_pool2d(torch.stack(outs)[-1], (1, 1)))


def plain_connectome(rnn, x, steps):
    """The network with gathered states and added-up products."""
    (row, column), values = rnn.hh.indices, rnn.hh.values
    h = torch.zeros(rnn.num_neurons, x.shape[0])
    for _ in range(steps):
        sent = (h * rnn.neuron_sign_mask)[column] * values[:, None]
        summed = torch.zeros_like(h).index_add(0, row, sent)
        activity = torch.sigmoid(x.t() + summed + rnn.hh.bias).relu()
        h = activity / rnn.tau + (1 - 1 / rnn.tau) * h
    return h


def training(forward, module):
    def step():
        module.zero_grad()
        forward().square().mean().backward()

    return step


def evaluation(forward):
    def call():
        with torch.no_grad():
            forward()

    return call


def compare(name, module, ours, plain, args):
    for what, wrap in (
        ("training step", lambda f: training(f, module)),
        ("evaluation", evaluation),
    ):
        bench = Benchmark(
            f"{name}, {what}", yardstick="plain torch", repeats=args.repeats, warmup=1,
            min_time=0.0, threads=args.threads,
        )  # fmt: skip
        bench.add("plain torch", wrap(plain))
        bench.add("bioplnn", wrap(ours))
        print(bench.run(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64, help="images per batch (area)")
    parser.add_argument("--neurons", type=int, default=20_000)
    parser.add_argument("--synapses", type=int, default=50, help="per neuron")
    parser.add_argument("--steps", type=int, default=10, help="steps of the connectome")
    args = parser.parse_args()
    torch.manual_seed(0)

    model = SpatiallyEmbeddedClassifier(
        {"area_kwargs": [AREA]}, num_classes=10, fc_dim=256, dropout=0.0
    )
    x = torch.randn(args.batch, 1, 28, 28)
    compare(
        "area of 32 channels, 28 x 28, 5 steps", model,
        lambda: model(x, num_steps=5), lambda: plain_area(model, x, 5), args,
    )  # fmt: skip

    n, k = args.neurons, args.synapses
    indices = torch.stack([torch.arange(n).repeat_interleave(k), torch.randint(n, (n * k,))])
    wiring = torch.sparse_coo_tensor(
        indices, torch.rand(n * k) / k, (n, n), check_invariants=False
    ).coalesce()
    rnn = ConnectomeRNN(n, n, wiring)
    x16 = torch.randn(16, n)
    compare(
        f"connectome, {n} neurons, {wiring._nnz()} synapses, batch 16, {args.steps} steps", rnn,
        lambda: rnn(x16, num_steps=args.steps)[1][:, -1],
        lambda: plain_connectome(rnn, x16, args.steps), args,
    )  # fmt: skip


if __name__ == "__main__":
    main()
