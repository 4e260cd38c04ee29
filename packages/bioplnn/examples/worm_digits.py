"""Train the nervous system of a worm to read digits, and compare it with random wiring.

The 302 neurons and 3,709 chemical synapses of C. elegans (Cook et al. 2019): images of 8 x 8 pixels
go to the sensory neurons, and the digit is read from the motor neurons. Who connects to whom is
fixed, and so is whether a neuron excites or inhibits; the sizes of the synapses are trained.
Random networks in which every neuron sends and receives as many connections show what the wiring
itself contributes.

    python worm_digits.py --plot worm.png
"""

import argparse
import statistics
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from tqdm import tqdm

from bioplnn.connectomes import normalize, rewire
from bioplnn.datasets import load_c_elegans
from bioplnn.models import ConnectomeClassifier
from bioplnn.utils import create_sparse_projection, manual_seed

TRAIN = 1437  # four fifths of the images


def build_model(wiring):
    """Build a classifier with pixels into sensory and scores from motor neurons."""
    wiring = normalize(wiring, spectral_radius=1.0)
    sensory, motor = wiring.of_type("sensory"), wiring.of_type("motor")
    retina = torch.zeros(wiring.num_neurons, 64)
    # Every sensory neuron sees a handful of pixels.
    seen = torch.rand(len(sensory), 64).argsort(1)[:, :6]
    retina[torch.from_numpy(sensory)[:, None], seen] = torch.randn(len(sensory), 6)
    return ConnectomeClassifier(
        {
            **wiring.rnn_kwargs(),
            "input_size": 64,
            "output_size": len(motor),
            "input_projection": retina.to_sparse(),
            "train_input_projection": False,
            "output_projection": create_sparse_projection(
                len(motor), wiring.num_neurons, motor, mode="ho"
            ),
            "train_output_projection": False,
            "neuron_nonlinearity": "ReLU",
            "neuron_tau_init": 1.5,
        },
        num_classes=10,
        fc_dim=32,
        dropout=0.0,
    )


def load(seed):
    """Load the digits, shuffled, as tensors for training and for the test."""
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    images = torch.as_tensor(digits.data[order], dtype=torch.float32) / 8 - 1
    labels = torch.as_tensor(digits.target[order])
    return (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])


def fit(wiring, args, seed, title):
    """Train on one wiring; return the test accuracy after every epoch."""
    manual_seed(seed)
    model = build_model(wiring)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    (images, labels), (test_images, test_labels) = load(seed)
    curve = []
    for _ in tqdm(range(args.epochs), desc=title, disable=args.quiet):
        model.train()
        for chosen in torch.randperm(TRAIN).split(64):
            scores = model(images[chosen], num_steps=args.steps)
            loss = nn.functional.cross_entropy(scores, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            found = model(test_images, num_steps=args.steps).argmax(1)
        curve.append((found == test_labels).float().mean().item())
    return curve


def draw(path, worm, curves):
    """Draw the connectome and the learning curves."""
    import matplotlib.pyplot as plt

    from bioplnn.plots import plot_connectome

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
    plot_connectome(worm, left)
    for (name, found), color in zip(curves.items(), ("tab:red", "0.5"), strict=True):
        for i, curve in enumerate(found):
            right.plot(range(1, len(curve) + 1), curve, color=color, label=None if i else name)
    right.set(xlabel="epoch", ylabel="test accuracy")
    right.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main():
    """Read the arguments, train on both kinds of wiring, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=8, help="steps of the network per image")
    parser.add_argument("--runs", type=int, default=3, help="trainings of each kind")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--plot", type=Path, help="write a picture here")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args()

    worm = load_c_elegans()
    print(f"{worm.num_neurons} neurons, {worm.num_synapses:,} connections")
    curves = {"worm": [], "random, same degrees": []}
    for seed in range(args.runs):
        curves["worm"].append(fit(worm, args, seed, f"worm {seed}"))
        shuffled = rewire(worm, seed)
        curves["random, same degrees"].append(fit(shuffled, args, seed, f"random {seed}"))
    for name, found in curves.items():
        last = [curve[-1] for curve in found]
        spread = statistics.stdev(last) if len(last) > 1 else 0.0
        print(f"{name}: test accuracy {statistics.mean(last):.2%} +- {spread:.2%}")
    if args.plot:
        draw(args.plot, worm, curves)


if __name__ == "__main__":
    main()
