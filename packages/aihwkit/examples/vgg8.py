"""VGG8 learns house numbers on a crossbar with the devices of Gokmen and Vlasov.

Images are those of SVHN where the folder of `--data` holds them, and otherwise enlarged digits. The
first and the last layer are digital. `--channels 48 --hidden 384` is the network of the reference,
which trains it for 20 epochs with batches of 128.
"""

from typing import Any

import torch
from common import accuracy, arguments, train
from images import load_colour
from torch import nn

from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import MappingParameter
from aihwkit.simulator.presets import GokmenVlasovPreset


# --8<-- [start:network]
def build(channels: int, hidden: int) -> AnalogSequential:
    """Return the network: six convolutions of 3 x 3, halved after each pair, and two layers."""
    mapping = MappingParameter(weight_scaling_omega=0.6)
    config = GokmenVlasovPreset(mapping=mapping)
    config.runtime.offload_input = config.runtime.offload_gradient = True
    layers: list[nn.Module] = []
    n_in = 3
    for n_out in (channels, 2 * channels, 3 * channels):
        first = (
            nn.Conv2d(n_in, n_out, 3, padding=1)
            if n_in == 3
            else AnalogConv2d(n_in, n_out, 3, padding=1, rpu_config=config)
        )
        second = AnalogConv2d(n_out, n_out, 3, padding=1, rpu_config=config)
        layers += [first, nn.ReLU(), second, nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)]
        n_in = n_out
    return AnalogSequential(
        *layers,
        nn.Flatten(),
        AnalogLinear(16 * n_in, hidden, rpu_config=config),
        nn.ReLU(),
        nn.Linear(hidden, 10),
        nn.LogSoftmax(dim=1),
    )


# --8<-- [end:network]


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, test, and return losses and accuracy."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=3, lr=0.1, batch_size=128)
    parser.add_argument("--channels", type=int, default=16, help="of the first pair")
    parser.add_argument("--hidden", type=int, default=128, help="of the last layer but one")
    options = parser.parse_args(argv)
    data, test = (load_colour(options, "SVHN", part) for part in (True, False))
    torch.manual_seed(options.seed)
    model = build(options.channels, options.hidden).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    losses = train(model, optimizer, nn.functional.nll_loss, data, options)
    right = accuracy(model, test)
    print(f"test accuracy {right:.2%}, {model.analog_tile_count()} tiles")
    if options.plot:
        from common import plot_training

        plot_training(options.plot, GokmenVlasovPreset().device, losses)
    return {"first": losses[0], "last": losses[-1], "accuracy": right}


if __name__ == "__main__":
    main()
