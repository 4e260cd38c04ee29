"""One analog layer learns two vectors with constant-step devices.

The loss falls until the noise of the analog products and the devices' steps limit it.
"""

from common import plot_training
from toy import arguments, train

from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train and return the first and the last loss."""
    options = arguments((__doc__ or "").splitlines()[0], epochs=100).parse_args(argv)
    device = ConstantStepDevice()
    losses = train(SingleRPUConfig(device=device), options)
    print(f"loss {losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last")
    if options.plot:
        plot_training(options.plot, device, losses)
    return {"first": losses[0], "last": losses[-1]}


if __name__ == "__main__":
    main()
