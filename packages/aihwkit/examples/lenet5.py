"""LeNet5 learns MNIST on constant-step devices.

Reference, 30 epochs of the full set with batches of 8: test accuracy 98.68 %, about 20 s an epoch
on an accelerator and 5 minutes on the processor of a laptop.
"""

import torch
from common import accuracy, arguments, load_mnist, plot_training, train
from torch import Tensor, nn

from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig


def build(config: SingleRPUConfig) -> AnalogSequential:
    """Return the network."""
    return AnalogSequential(
        AnalogConv2d(1, 16, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        AnalogConv2d(16, 32, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Tanh(),
        nn.Flatten(),
        AnalogLinear(512, 128, rpu_config=config),
        nn.Tanh(),
        AnalogLinear(128, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )


class TestAfterEpoch:
    """Prints the accuracy on the test set after each epoch, where a scheduler would step."""

    def __init__(self, model: nn.Module, data: tuple[Tensor, Tensor]) -> None:
        self.model, self.data = model, data
        self.accuracies: list[float] = []

    def step(self) -> None:
        """Measure and print."""
        self.accuracies.append(accuracy(self.model, self.data))
        print(f"test accuracy {self.accuracies[-1]:.2%}", flush=True)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train, test and return loss and accuracy."""
    description = (__doc__ or "").splitlines()[0]
    options = arguments(description, epochs=5, lr=0.01, batch_size=8).parse_args(argv)
    torch.manual_seed(options.seed)
    device = ConstantStepDevice()
    model = build(SingleRPUConfig(device=device)).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)

    test = TestAfterEpoch(model, load_mnist(options, train=False))
    losses = train(
        model,
        optimizer,
        nn.functional.nll_loss,
        load_mnist(options, train=True),
        options,
        scheduler=test,
    )
    if options.plot:
        plot_training(options.plot, device, losses)
    return {"loss": losses[-1], "accuracy": test.accuracies[-1]}


if __name__ == "__main__":
    main()
