"""Plain pulsed gradient descent against the tiki-taka family, on devices without symmetry.

A layer learns a linear map from noisy targets. The devices saturate softly, and their up and down
steps are equal at a weight other than zero; the noise of the gradients drives plain gradient
descent to that weight. Tiki-taka writes gradients to a second, fast device and moves what has
accumulated there to the weights; its later versions add a digital buffer (TTv2), signs that flip
now and then (c-TTv2), and a reference found on the way (AGAD).
"""

from typing import Any

import torch
from torch.nn.functional import mse_loss
from toy import arguments, draw_curves, save
from tqdm import tqdm

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import SoftBoundsReferenceDevice, build_config

ALGORITHMS = {
    "SGD": "sgd",
    "Tiki-taka": "tiki-taka",
    "TTv2": "ttv2",
    "c-TTv2": "c-ttv2",
    "AGAD": "agad",
}
N_IN, N_OUT, N_BATCH = 20, 6, 10
TARGET_NOISE = 0.5


# --8<-- [start:train]
def train(algorithm: str, device: SoftBoundsReferenceDevice, options: Any) -> list[float]:
    """Train by an algorithm and return the error of the weights after every step."""
    torch.manual_seed(options.seed)
    config = build_config(algorithm, device)
    model = AnalogLinear(N_IN, N_OUT, bias=False, rpu_config=config).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    wanted = 0.6 * torch.rand(N_OUT, N_IN) - 0.3
    errors = []
    for _ in tqdm(range(options.epochs), disable=options.quiet, desc=algorithm):
        x = torch.randn(N_BATCH, N_IN)
        y = x @ wanted.t() + TARGET_NOISE * torch.randn(N_BATCH, N_OUT)
        optimizer.zero_grad()
        mse_loss(model(x.to(options.device)), y.to(options.device)).backward()
        optimizer.step()
        errors.append(float((model.get_weights()[0] - wanted).std()))
    return errors


# --8<-- [end:train]


def draw(device: SoftBoundsReferenceDevice, curves: dict[str, list[float]]) -> Any:
    """Return a figure with the device's symmetry point and the errors."""
    from matplotlib.figure import Figure

    from aihwkit.utils.visualization import plot_device_symmetry

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_device_symmetry(device, n_pulses=500, axes=left)
    left.set_title("up and down pulses in turn")
    draw_curves(right, curves)
    right.set(xlabel="step", ylabel="error of the weights")
    return figure


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train with every algorithm and return the errors at the end."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=400, lr=0.05)
    parser.add_argument("--dw-min", type=float, default=0.02, help="step of the device")
    parser.add_argument("--offset", type=float, default=0.3, help="spread of the symmetry points")
    options = parser.parse_args(argv)
    device = SoftBoundsReferenceDevice(dw_min=options.dw_min, reference_std=options.offset)
    curves, ends = {}, {}
    for name, algorithm in ALGORITHMS.items():
        curves[name] = errors = train(algorithm, device, options)
        last = errors[-max(len(errors) // 10, 1) :]
        ends[name] = sum(last) / len(last)
        print(f"{name:10} error of the weights {errors[0]:.3f} -> {ends[name]:.3f}")
    if options.plot:
        save(draw(device, curves), options.plot)
    return ends


if __name__ == "__main__":
    main()
