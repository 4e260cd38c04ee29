"""Train a connectome of the size of a fly's optic lobe to read digits.

47,524 neurons on a sheet and about 4.6 million synapses between neighbours; a fifth of the neurons
inhibits (Dale's law). Half of the neurons see one pixel each; the digit is read from 1,000 of the
others, so everything that the readout gets has passed synapses. All synapses are trained.

    python mnist_connectome.py --data FOLDER --epochs 1
    python mnist_connectome.py --side 50 --synapses 50 --epochs 2      # small: a minute

``FOLDER`` is a data root as torchvision uses it, with ``MNIST/raw`` inside.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import torch
from torch import nn
from torchvision.datasets import MNIST
from tqdm import tqdm

from bioplnn.connectomes import normalize, topographic_connectome
from bioplnn.models import ConnectomeClassifier
from bioplnn.utils import create_sparse_projection, manual_seed

SMALL_DATA = Path(__file__).resolve().parents[3] / "tests" / "data"
PIXELS = 28


def build_model(side, synapses, distance, outputs):
    """Build the classifier: a sheet of neurons, pixels into half of them, a readout of others."""
    wiring = topographic_connectome((side, side), synapses, synapse_std=distance)
    # Excitation and inhibition balanced, activity neither growing nor fading: without this the
    # network does not learn.
    wiring = normalize(wiring, spectral_radius=1.0)
    shuffled = torch.randperm(wiring.num_neurons)
    seeing = shuffled[: wiring.num_neurons // 2]
    reading = shuffled[wiring.num_neurons // 2 :][:outputs]
    return wiring, ConnectomeClassifier(
        {
            **wiring.rnn_kwargs(),
            "input_size": PIXELS**2,
            "output_size": len(reading),
            "input_projection": retina(seeing, side),
            "output_projection": create_sparse_projection(
                len(reading), wiring.num_neurons, reading, mode="ho"
            ),
            "neuron_nonlinearity": "ReLU",
            "neuron_tau_init": 1.5,
        },
        num_classes=10,
        fc_dim=256,
    )


def retina(neurons, side):
    """Connect every neuron with the pixel at its place on the sheet, by a random weight."""
    row, column = neurons // side, neurons % side
    pixel = (row * PIXELS // side) * PIXELS + column * PIXELS // side
    return torch.sparse_coo_tensor(
        torch.stack([neurons, pixel]),
        torch.randn(len(neurons)),
        (side * side, PIXELS**2),
        check_invariants=True,
    ).coalesce()


def load(root, train, limit=None):
    """Load normalised digits and their labels as two tensors."""
    data = MNIST(root=str(root), train=train)
    images = (data.data[:limit, None].float() / 255 - 0.1307) / 0.3081
    return images, data.targets[:limit]


def optimizer_for(model, lr, synapse_lr):
    """Adam, with a rate of its own for the synapses, whose weights are small."""
    synapses = model.rnn.hh.values
    others = [p for p in model.parameters() if p is not synapses]
    return torch.optim.Adam([{"params": others}, {"params": [synapses], "lr": synapse_lr}], lr=lr)


def train_epoch(model, images, labels, optimizer, args):
    """Train for one epoch and return the running accuracy."""
    model.train()
    correct = seen = 0
    bar = tqdm(torch.randperm(len(images)).split(args.batch_size), disable=args.quiet)
    for chosen in bar:
        scores = model(images[chosen], num_steps=args.steps)
        loss = nn.functional.cross_entropy(scores, labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (scores.argmax(1) == labels[chosen]).sum().item()
        seen += len(chosen)
        bar.set_postfix(loss=f"{loss.item():.3f}", accuracy=f"{correct / seen:.3f}")
    return correct / seen


@torch.no_grad()
def accuracy(model, images, labels, args):
    """Return the share of images that are classified correctly."""
    model.eval()
    batches = torch.arange(len(images)).split(args.batch_size)
    hits = [model(images[b], num_steps=args.steps).argmax(1) == labels[b] for b in batches]
    return torch.cat(hits).float().mean().item()


def main():
    """Read the arguments, train, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SMALL_DATA, help="data root with MNIST/raw")
    parser.add_argument("--side", type=int, default=218, help="neurons along a side of the sheet")
    parser.add_argument("--synapses", type=int, default=104, help="drawn per neuron")
    parser.add_argument("--distance", type=float, default=10.0, help="of synapses, in neurons")
    parser.add_argument("--outputs", type=int, default=1000, help="neurons that are read")
    parser.add_argument("--steps", type=int, default=6, help="steps of the network per image")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--limit", type=int, help="train on the first so many images")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--synapse-lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write what is reported to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args()

    manual_seed(args.seed)
    wiring, model = build_model(args.side, args.synapses, args.distance, args.outputs)
    print(f"{wiring.num_neurons:,} neurons, {wiring.num_synapses:,} synapses", flush=True)
    optimizer = optimizer_for(model, args.lr, args.synapse_lr)
    images, labels = load(args.data, True, args.limit)
    test_images, test_labels = load(args.data, False)
    report = {"neurons": wiring.num_neurons, "synapses": wiring.num_synapses, "epochs": []}
    for epoch in range(args.epochs):
        start = time.perf_counter()
        trained = train_epoch(model, images, labels, optimizer, args)
        seconds = time.perf_counter() - start
        tested = accuracy(model, test_images, test_labels, args)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"epoch {epoch + 1}: training {trained:.2%}, test {tested:.2%}, "
            f"{seconds:.0f} s, largest memory {memory:.2f} GB",
            flush=True,
        )
        report["epochs"].append(
            {"training": trained, "test": tested, "seconds": seconds, "memory_gb": memory}
        )
    if args.json:
        args.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
