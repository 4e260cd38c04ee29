"""A network that was trained elsewhere goes onto a chip as it is: ranges from data, nothing else.

`--checkpoint` takes the `state_dict` of the network of `residual.py` with the given channels.
Without one the program trains it first, on CIFAR10 where the folder of `--data` holds it and
otherwise on enlarged digits.
"""

from pathlib import Path
from typing import Any

import torch
from common import accuracy, arguments, plot_values
from images import load_colour
from residual import resnet9
from resnet_over_time import fit

from aihwkit.inference import drift_analog_weights, program_analog_weights
from aihwkit.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.simulator.presets import StandardHWATrainingPreset

TIMES = {"0 s": 0.0, "1 h": 3600.0, "1 day": 86400.0}


def digital_network(options: Any) -> torch.nn.Sequential:
    """Return the network, from its checkpoint or trained."""
    model = resnet9(options.channels).to(options.device)
    if options.checkpoint is not None:
        state = torch.load(options.checkpoint, map_location=options.device, weights_only=True)
        model.load_state_dict(state)
        return model
    print("no --checkpoint: the network is trained first")
    data = load_colour(options, "CIFAR10", train=True)
    fit(model, data, options.epochs, options.lr, options, momentum=0.9, weight_decay=5e-4)
    return model


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Convert, calibrate, program, and return accuracies over time."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=5, lr=0.05, batch_size=128)
    parser.add_argument("--checkpoint", type=Path, help="state_dict of the digital network")
    parser.add_argument("--channels", type=int, nargs=4, default=[28, 28, 28, 56])
    parser.add_argument("--batches", type=int, default=100, help="for the calibration, at most")
    parser.add_argument("--repeats", type=int, default=5, help="number of programmed chips")
    parser.add_argument("--plain", action="store_true", help="no shifts, flips and cuts of images")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    digital = digital_network(options)
    test = load_colour(options, "CIFAR10", train=False)
    results: dict[str, Any] = {"digital": accuracy(digital, test)}
    print(f"digital: {results['digital']:.2%}")
    # --8<-- [start:deploy]
    analog = convert_to_analog(digital, StandardHWATrainingPreset())
    images, _ = load_colour(options, "CIFAR10", train=True)
    batches = [((part,), {}) for part in images.split(options.batch_size)[: options.batches]]
    kind = InputRangeCalibrationType.CACHE_QUANTILE
    calibrate_input_ranges(analog, kind, batches, quantile=0.99995)
    # --8<-- [end:deploy]
    analog.eval()
    for label in TIMES:
        results[label] = []
    for _ in range(options.repeats):
        program_analog_weights(analog)
        for label, seconds in TIMES.items():
            drift_analog_weights(analog, seconds)
            results[label].append(accuracy(analog, test))
    for label in TIMES:
        values = torch.tensor(results[label])
        print(f"{label:>6}: {values.mean():.2%} ± {values.std(correction=0):.2%}")
    if options.plot:
        means = {label: sum(results[label]) / len(results[label]) for label in TIMES}
        plot_values(options.plot, {"digital": results["digital"], **means}, "test accuracy")
    return results


if __name__ == "__main__":
    main()
