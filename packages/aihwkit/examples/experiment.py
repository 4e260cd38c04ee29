"""Training and inference as experiments: a network, a data set, a runner.

The training halves its learning rate on the way, by a method of a derived experiment; the trained
network then goes through the inference over time.
"""

from typing import Any

import torch
from common import SMALL_DATA
from mnist_fully_connected import build

from aihwkit.experiments import BasicInferencing, BasicTraining
from aihwkit.experiments.runners import InferenceLocalRunner, LocalRunner
from aihwkit.simulator.configs import ConstantStepDevice, InferenceRPUConfig, SingleRPUConfig


# --8<-- [start:experiment]
class Halving(BasicTraining):
    """Training whose learning rate is halved after every second epoch."""

    def get_optimizer(self, learning_rate: float, model: Any) -> Any:
        """Return the optimizer, with a scheduler that the end of an epoch drives."""
        from aihwkit.experiments.experiments.base import Signals

        optimizer = super().get_optimizer(learning_rate, model)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        self.add_hook(Signals.TRAIN_EPOCH_END, lambda: scheduler.step() or {})
        return optimizer


# --8<-- [end:experiment]


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run both experiments and return their results."""
    import argparse

    from torchvision.datasets import MNIST

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default=str(SMALL_DATA), help="folder with MNIST/raw")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=0, help="use only the first images")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="print no epochs")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    device = torch.device("cpu")
    model = build(SingleRPUConfig(device=ConstantStepDevice()))
    training = Halving(MNIST, model, epochs=options.epochs, learning_rate=0.05)
    epochs = LocalRunner(device=device).run(
        training,
        max_elements_train=options.limit,
        dataset_root=options.data,
        stdout=not options.quiet,
    )
    chip = build(InferenceRPUConfig())
    for layer, trained in zip(chip.analog_layers(), model.analog_layers(), strict=True):
        layer.set_weights(*trained.get_weights())
    inference = BasicInferencing(MNIST, chip, batch_size=100, inference_repeats=2)
    results = InferenceLocalRunner(device=device).run(
        inference, max_elements=options.limit, dataset_root=options.data, stdout=False
    )
    last = results["inference_runs"]["inference_results"][-1]
    print(
        f"accuracy {epochs[-1]['accuracy']:.1%} after training, "
        f"{last['avg_accuracy']:.1f} % on the chip after {last['t_inference'] / 3600:.0f} h"
    )
    return {"epochs": epochs, "inference": results}


if __name__ == "__main__":
    main()
