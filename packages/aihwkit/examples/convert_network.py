"""A network of torchvision becomes analog: tiles, and training steps on digits.

All convolutions and linear layers but those named by --keep-digital go to tiles of 512 x 512 at
most. The digits are enlarged to the size that the network wants. Without downloaded weights the
network starts from scratch.
"""

import argparse
import time
from typing import Any

import torch
from common import arguments, load_mnist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate
from tqdm import tqdm

from aihwkit.nn.conversion import convert_to_analog
from aihwkit.optim import AnalogSGD
from aihwkit.simulator import presets
from aihwkit.simulator.configs import MappingParameter


# --8<-- [start:build]
def build(options: argparse.Namespace) -> Any:
    """Return the analog network."""
    from torchvision import models

    digital = models.get_model(options.network, weights=None, num_classes=10)
    mapping = MappingParameter(weight_scaling_omega=0.6)
    config = getattr(presets, options.preset)(mapping=mapping)
    return convert_to_analog(digital, config, exclude_modules=options.keep_digital)


# --8<-- [end:build]


def images(data: Tensor, size: int) -> Tensor:
    """Return digits as colour images of a size."""
    return interpolate(data, size=(size, size), mode="bilinear").expand(-1, 3, -1, -1)


def report(model: Any) -> int:
    """Print what became of the layers, and return the number of tiles."""
    layers = list(model.named_analog_layers())
    devices = sum(tile.out_size * tile.in_size for tile in model.analog_tiles())
    digital = sum(p.numel() for p in model.parameters() if not hasattr(p, "analog_tile"))
    print(f"{len(layers)} analog layers on {model.analog_tile_count()} tiles, {devices:,} devices")
    print(f"{digital:,} parameters stay digital")
    for name, layer in (layers[0], layers[-1]):
        print(f"  {name}: {layer.extra_repr()}")
    return model.analog_tile_count()


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Convert, train for some steps, and return the number of tiles and the losses."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=1, lr=0.05, batch_size=8)
    parser.add_argument("--network", default="resnet18", help="name of a torchvision model")
    parser.add_argument("--preset", default="MixedPrecisionEcRamPreset", help="configuration")
    parser.add_argument("--size", type=int, default=32, help="height and width of the images")
    parser.add_argument("--steps", type=int, default=20, help="number of training steps")
    parser.add_argument("--keep-digital", nargs="*", default=["conv1", "fc"], metavar="MODULE")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    model = build(options).to(options.device)
    tiles = report(model)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    data, labels = load_mnist(options, train=True)
    losses, start = [], time.perf_counter()
    for _ in tqdm(range(options.steps), disable=options.quiet):
        part = torch.randint(len(data), (options.batch_size,))
        optimizer.zero_grad()
        loss = cross_entropy(model(images(data[part], options.size)), labels[part])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        losses.append(loss.item())
    seconds = (time.perf_counter() - start) / max(options.steps, 1)
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, {seconds:.2f} s a step")
    if options.plot:
        from matplotlib.figure import Figure
        from toy import save

        figure = Figure(figsize=(6, 4), layout="constrained")
        figure.subplots().plot(losses)
        save(figure, options.plot)
    return {"tiles": tiles, "first": losses[0], "last": losses[-1]}


if __name__ == "__main__":
    main()
