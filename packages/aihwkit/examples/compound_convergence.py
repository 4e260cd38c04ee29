"""How exactly the tiki-taka family finds weights, by number of states and reference offset.

A layer learns a random matrix from its products with random vectors. The devices saturate softly;
up and down steps are equal at a weight of its own for each device, and a reference device that was
programmed once subtracts it, up to an offset. Plain pulsed gradient descent needs many states and
small offsets. TTv2 needs few states, but takes offsets for gradients; the flipping signs of c-TTv2
average small offsets out, and AGAD does without a reference.
"""

from typing import Any

import torch
from torch.nn.functional import mse_loss
from toy import arguments, save
from tqdm import tqdm

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import SoftBoundsReferenceDevice, build_config

ALGORITHMS = {"SGD": "sgd", "TTv2": "ttv2", "c-TTv2": "c-ttv2", "AGAD": "agad"}
STATES = (10, 20, 50, 100)
OFFSETS = (0.0, 0.1, 0.2, 0.4)
N, N_BATCH = 20, 10


# --8<-- [start:error]
def weight_error(algorithm: str, n_states: int, offset: float, options: Any) -> float:
    """Return the standard deviation of learned from wanted weights at the end of training."""
    torch.manual_seed(options.seed)
    device = SoftBoundsReferenceDevice(
        dw_min=2.0 / n_states, reference_std=offset, subtract_symmetry_point=True
    )
    model = AnalogLinear(N, N, bias=False, rpu_config=build_config(algorithm, device))
    model.to(options.device)
    wanted = (0.3 * torch.randn(N, N)).clamp(-0.7, 0.7)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    errors = []
    for _ in range(options.epochs):
        x = torch.rand(N_BATCH, N) * 2 - 1
        optimizer.zero_grad()
        y = (x @ wanted.t()).to(options.device)
        mse_loss(model(x.to(options.device)), y, reduction="sum").div(2 * N_BATCH).backward()
        optimizer.step()
        errors.append(float((model.get_weights()[0] - wanted).std()))
    return sum(errors[-options.epochs // 10 :]) / -(-options.epochs // 10)


# --8<-- [end:error]


def main(argv: list[str] | None = None) -> dict[str, dict[str, list[float]]]:
    """Print and return the errors of all algorithms over states and over offsets."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=500, lr=0.1)
    parser.add_argument("--states", type=int, nargs="+", default=STATES)
    parser.add_argument("--offsets", type=float, nargs="+", default=OFFSETS)
    parser.add_argument("--at-states", type=int, default=20, help="states where offsets vary")
    parser.add_argument("--at-offset", type=float, default=0.0, help="offset where states vary")
    options = parser.parse_args(argv)
    scans = {
        "number of states": [(n, options.at_offset) for n in options.states],
        "reference offset": [(options.at_states, offset) for offset in options.offsets],
    }
    results: dict[str, dict[str, list[float]]] = {}
    for scan, points in scans.items():
        print(f"{scan:18}" + "".join(f"{point[scan != 'number of states']:8g}" for point in points))
        results[scan] = {}
        for name, algorithm in ALGORITHMS.items():
            bar = tqdm(points, disable=options.quiet, desc=name)
            results[scan][name] = [weight_error(algorithm, *point, options) for point in bar]
            print(f"{name:18}" + "".join(f"{error:8.3f}" for error in results[scan][name]))
    if options.plot is not None:
        save(draw(scans, results), options.plot)
    return results


def draw(scans: dict[str, Any], results: dict[str, dict[str, list[float]]]) -> Any:
    """Return a figure of the errors."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    for index, (axes, scan) in enumerate(zip(figure.subplots(1, 2), scans, strict=True)):
        for name, errors in results[scan].items():
            axes.plot([point[index] for point in scans[scan]], errors, marker="o", label=name)
        axes.set(xlabel=scan, ylabel="error of the weights", yscale="log")
        axes.legend()
    figure.axes[0].set_xscale("log")
    return figure


if __name__ == "__main__":
    main()
