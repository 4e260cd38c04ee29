"""One layer, trained with noisy weights, drifts for a day on phase-change memory."""

import argparse

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from aihwkit.inference import GlobalDriftCompensation, PCMLikeNoiseModel
from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    WeightClipParameter,
    WeightClipType,
    WeightModifierParameter,
    WeightModifierType,
)
from aihwkit.simulator.configs.utils import WeightNoiseType

X = Tensor([[0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.1, 0.3]])
Y = Tensor([[1.0, 0.5], [0.7, 0.3]])
TIMES = (0.0, 1.0, 20.0, 1000.0, 1e5)


def build() -> AnalogLinear:
    """Return the layer."""
    config = InferenceRPUConfig(
        clip=WeightClipParameter(type=WeightClipType.FIXED_VALUE, fixed_value=1.0),
        modifier=WeightModifierParameter(
            type=WeightModifierType.ADD_NORMAL, std_dev=0.1, pdrop=0.03
        ),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )
    config.forward.out_res = -1.0
    config.forward.w_noise_type = WeightNoiseType.ADDITIVE_CONSTANT
    config.forward.w_noise = 0.02
    return AnalogLinear(4, 2, bias=True, rpu_config=config)


def main(argv: list[str] | None = None) -> dict[str, list[float]]:
    """Train, drift, and return losses and compensations at all times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="accepted, as by other examples")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    model = build()
    optimizer = AnalogSGD(model.parameters(), lr=0.1)
    optimizer.regroup_param_groups(model)
    losses = []
    for _ in range(options.epochs):
        optimizer.zero_grad()
        loss = mse_loss(model(X), Y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"loss {losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last")
    model.eval()
    drifted, alphas = [], []
    for time in TIMES:
        model.drift_analog_weights(time)
        alphas.append(model.analog_module.alpha.item())
        drifted.append(mse_loss(model(X), Y).item())
        print(f"{time:>9.0f} s: compensation {alphas[-1]:.3f}, loss {drifted[-1]:.4f}")
    return {"losses": losses, "drifted": drifted, "alphas": alphas}


if __name__ == "__main__":
    main()
