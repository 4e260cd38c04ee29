"""Train an area with excitatory and inhibitory cells to read digits.

One area of 16 excitatory and 16 inhibitory channels, five steps per image, Dale's law throughout.
Prints the accuracy on test images after every epoch; ``--plot`` draws the activity of both
populations over the steps and the learning curve.

    python mnist_spatial.py --data FOLDER --epochs 2 --plot activity.png

``FOLDER`` is a data root as torchvision uses it, with ``MNIST/raw`` inside.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST
from tqdm import tqdm

from bioplnn.models import SpatiallyEmbeddedClassifier
from bioplnn.utils import manual_seed

SMALL_DATA = Path(__file__).resolve().parents[3] / "tests" / "data"


def build_model(weight_init="balanced"):
    """Build the classifier: one area, two populations, 25,290 parameters."""
    area = {
        "num_neuron_types": 2,
        "num_neuron_subtypes": [16, 16],
        "neuron_type_class": ["excitatory", "inhibitory"],
        # rows send (input, E, I), columns receive (E, I, output)
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]],
        "in_size": [28, 28],
        "in_channels": 1,
        "out_channels": 32,
        "weight_init": weight_init,
    }
    return SpatiallyEmbeddedClassifier(
        rnn_kwargs={"num_areas": 1, "area_kwargs": [area]},
        num_classes=10,
        fc_dim=256,
        dropout=0.5,
    )


def load(root, train, batch_size):
    """Load normalised digits in batches."""
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    data = MNIST(root=str(root), train=train, transform=transform)
    return DataLoader(data, batch_size=batch_size, shuffle=train)


def train_epoch(model, loader, optimizer, num_steps, quiet):
    """Train for one epoch and return the running accuracy."""
    model.train()
    bar = tqdm(loader, disable=quiet)
    correct = total = 0
    for x, labels in bar:
        logits = model(x, num_steps=num_steps)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(1) == labels).sum().item()
        total += len(labels)
        bar.set_postfix(loss=f"{loss.item():.3f}", accuracy=f"{correct / total:.3f}")
    return correct / total


@torch.no_grad()
def accuracy(model, loader, num_steps):
    """Return the share of images that are classified correctly."""
    model.eval()
    hits = [(model(x, num_steps=num_steps).argmax(1) == y).float() for x, y in loader]
    return torch.cat(hits).mean().item()


def draw(path, model, loader, num_steps, curve):
    """Draw the mean activity of every population over the steps, and the learning curve."""
    import matplotlib.pyplot as plt

    images, _ = next(iter(loader))
    activity = model.eval().activity(images[:1], num_steps=num_steps)
    figure, axes = plt.subplots(3, num_steps, figsize=(2.2 * num_steps, 6.6), squeeze=False)
    for row, (name, states) in zip(axes, activity.items(), strict=False):
        for t, axis in enumerate(row):
            axis.imshow(states[0, t].mean(0).numpy(), cmap="magma", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[], title=f"{name}, step {t + 1}")
    for axis in axes[2]:
        axis.remove()
    axis = figure.add_subplot(3, 1, 3)
    axis.plot(range(1, len(curve) + 1), curve, "o-")
    axis.set(xlabel="epoch", ylabel="test accuracy")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main():
    """Read the arguments, train, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SMALL_DATA, help="data root with MNIST/raw")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=5, help="steps of the network per image")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weight-init", choices=("balanced", "reference"), default="balanced")
    parser.add_argument("--plot", type=Path, help="write a picture of the activity here")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    args = parser.parse_args()

    manual_seed(args.seed)
    model = build_model(args.weight_init)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    train_loader = load(args.data, True, args.batch_size)
    test_loader = load(args.data, False, 500)
    curve = []
    for epoch in range(args.epochs):
        start = time.perf_counter()
        train_accuracy = train_epoch(model, train_loader, optimizer, args.steps, args.quiet)
        curve.append(accuracy(model, test_loader, args.steps))
        print(
            f"epoch {epoch + 1}: training {train_accuracy:.2%}, test {curve[-1]:.2%}, "
            f"{time.perf_counter() - start:.0f} s",
            flush=True,
        )
    if args.plot:
        draw(args.plot, model, test_loader, args.steps, curve)


if __name__ == "__main__":
    main()
