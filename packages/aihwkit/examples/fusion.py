"""A network leaves as a file of conductances, and comes back from what a chip measured.

LeNet5 is trained on a crossbar; its conductances are written to a file for a chip. The chip is
simulated: each conductance is measured with an error. The measured file becomes a network again.
"""

import copy
import csv
import tempfile
from pathlib import Path
from typing import Any

import torch
from common import accuracy, arguments, load_mnist, plot_values, train
from lenet5 import build
from torch import nn

from aihwkit.inference.converter.fusion import FusionConductanceConverter
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import InferenceRPUConfig
from aihwkit.utils.export import fusion_export, fusion_import

N_HEADER_LINES = 6


def measured(programmed: Path, error: float) -> Path:
    """Return a file of the same form with measured conductances.

    Args:
        programmed: file that `fusion_export` wrote.
        error: standard deviation of the measurement in microsiemens.
    """
    rows = list(csv.reader(programmed.read_text().splitlines()))
    for row in rows[N_HEADER_LINES:]:
        values = torch.tensor([float(value) for value in row])
        values = (values + error * torch.randn(len(values))).clamp(min=0)
        row[:] = [str(value) for value in values.tolist()]
    result = programmed.with_name("measured.csv")
    with result.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return result


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Train, export, measure, import, and return accuracies."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=3, lr=0.05, batch_size=50)
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--error", type=float, nargs="*", default=[0.0, 1.0, 3.0, 8.0])
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    model = build(InferenceRPUConfig()).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    train(model, optimizer, nn.functional.nll_loss, load_mnist(options, train=True), options)
    test = load_mnist(options, train=False)
    results: dict[str, Any] = {"trained": accuracy(model, test)}
    print(f"trained: {results['trained']:.2%}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        # --8<-- [start:export]
        converter, file = FusionConductanceConverter(), folder / "programmed.csv"
        _, params, state = fusion_export(model, converter, str(file))
        for error in options.error:
            back = fusion_import(
                str(measured(file, error)), copy.deepcopy(model), params, state, converter
            )
            results[error] = accuracy(back, test)
            print(f"measured with an error of {error} uS: {results[error]:.2%}")
        # --8<-- [end:export]
        if options.plot:
            named = {"trained": results["trained"]}
            named |= {f"error of {error} uS": results[error] for error in options.error}
            plot_values(options.plot, named, "test accuracy")
        results["lines"] = len(file.read_text().splitlines())
    return results


if __name__ == "__main__":
    main()
