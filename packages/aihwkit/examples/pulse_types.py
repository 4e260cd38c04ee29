"""Networks of one and of three analog layers learn with each kind of pulse train.

Stochastic trains multiply by chance coincidences; deterministic ones spread the pulses of both
lines so that they meet as often as the product says.
"""

from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import mse_loss
from toy import X, Y, arguments, draw_curves, late, save

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig, UpdateParameters
from aihwkit.simulator.configs.utils import PulseType

# --8<-- [start:updates]
UPDATES = {
    "stochastic": UpdateParameters(pulse_type=PulseType.STOCHASTIC_COMPRESSED),
    "deterministic": UpdateParameters(
        pulse_type=PulseType.DETERMINISTIC_IMPLICIT,
        desired_bl=10,
        update_bl_management=True,
        d_res_implicit=0.1,
        x_res_implicit=0.1,
    ),
    "without pulses": UpdateParameters(pulse_type=PulseType.NONE_WITH_DEVICE),
}
# --8<-- [end:updates]
SIZES = {1: (4, 2), 3: (4, 2, 2, 2)}


def train(update: UpdateParameters, depth: int, options: Any) -> list[float]:
    """Train a network and return the loss of every epoch."""
    torch.manual_seed(options.seed)
    sizes = SIZES[depth]
    config = SingleRPUConfig(device=ConstantStepDevice(), update=update)
    layers = [AnalogLinear(n_in, n_out, rpu_config=config) for n_in, n_out in pairwise(sizes)]
    model = AnalogSequential(*layers).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    losses = []
    for _ in range(options.epochs):
        optimizer.zero_grad()
        loss = mse_loss(model(X.to(options.device)), Y.to(options.device))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train with every kind of train and return the losses at the end."""
    options = arguments((__doc__ or "").splitlines()[0], epochs=100).parse_args(argv)
    curves = {}
    for name, update in UPDATES.items():
        for depth in SIZES:
            label = f"{name}, {depth} layer{'s' if depth > 1 else ''}"
            curves[label] = train(update, depth, options)
            print(f"{label:26} loss {curves[label][0]:.4f} -> {late(curves[label]):.4f}")
    if options.plot:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        draw_curves(figure.subplots(), curves)
        save(figure, options.plot)
    return {name: late(losses) for name, losses in curves.items()}


if __name__ == "__main__":
    main()
