"""Input ranges of a trained network from data, by each way to take them, and its quantised twin.

LeNet5 is trained digitally and put onto a chip; the table holds its accuracy there for ranges by
quantiles, moving averages and maxima of the inputs, without and with regard to the outputs.
"""

from typing import Any

import torch
from common import accuracy, arguments, load_mnist, plot_values
from inference_lenet5 import build, chip, fit

from aihwkit.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.utils.analog_info import analog_summary

KINDS = (
    InputRangeCalibrationType.CACHE_QUANTILE,
    InputRangeCalibrationType.MOVING_QUANTILE,
    InputRangeCalibrationType.MOVING_STD,
    InputRangeCalibrationType.MAX,
)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, calibrate in all ways, and return the accuracies."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=3, lr=0.02, batch_size=50)
    options = parser.parse_args(argv)
    training, test = load_mnist(options, train=True), load_mnist(options, train=False)
    torch.manual_seed(options.seed)
    digital = build().to(options.device)
    fit(digital, training, options, options.epochs, options.lr)
    results: dict[str, Any] = {"digital": accuracy(digital, test)}
    print(f"digital: {results['digital']:.2%}")
    batches = [((part,), {}) for part in training[0][:500].split(50)]
    for kind in KINDS:
        for output_quantile in (None, 0.999):
            analog = convert_to_analog(digital, chip())
            calibrate_input_ranges(
                analog, kind, batches, quantile=0.9995, output_quantile=output_quantile
            )
            label = f"{kind.value}{'' if output_quantile is None else ', outputs fit'}"
            results[label] = accuracy(analog, test)
            ranges = [round(tile.input_range.item(), 2) for tile in analog.analog_tiles()]
            print(f"{label:>28}: {results[label]:.2%}, ranges {ranges}")
    summary = analog_summary(analog, (1, 1, 28, 28))
    print(f"{summary.total_nb_analog} analog layers on {summary.total_tile_number} tiles")
    if options.plot:
        plot_values(options.plot, results, "test accuracy")
    results["tiles"] = summary.total_tile_number
    return results


if __name__ == "__main__":
    main()
