"""All four joints under one seed, saved into one file and resumed from it."""

from pathlib import Path

import analog_encoder
import drifted_classifier
import memristive_plasticity
import spiking_readout
import torch
from torch import Tensor
from torch.nn import functional as F

from aihwkit.optim import AnalogSGD
from aihwkit.simulator.presets import EcRamPresetDevice


# --8<-- [start:house]
class House:
    """The four joints, each learning or ageing a little in every step.

    Args:
        seed: seed of every random number: initial weights, devices, spikes, noise.
        batch_size: number of images in a step.
    """

    def __init__(self, seed: int, batch_size: int = 20) -> None:
        torch.manual_seed(seed)
        circuit = analog_encoder.build_analog(196, 16, EcRamPresetDevice())
        classifier = drifted_classifier.build(subtypes=4)
        listener = memristive_plasticity.Listener(40, 2, EcRamPresetDevice())
        readout = spiking_readout.SpikingClassifier(subtypes=4, batch_size=batch_size)
        chip = drifted_classifier.deploy(classifier)
        chip.program_analog_weights()
        self.models = {
            "circuit": circuit, "classifier": classifier, "chip": chip,
            "layer": listener.layer, "trainer": listener.trainer, "readout": readout,
        }  # fmt: skip
        self.optimizers = {
            "circuit": AnalogSGD(circuit.parameters(), lr=analog_encoder.LEARNING_RATE),
            "classifier": torch.optim.Adam(classifier.parameters(), lr=4e-3),
            "readout": torch.optim.Adam(readout.parameters(), lr=1e-2),
        }
        self.listener = listener
        self.age = 0

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Let all four go on by one step; return a few numbers of each, one after the other."""
        self.age += 1
        models, optimizers = self.models, self.optimizers
        small = F.avg_pool2d(images[:, None], 2)
        y, _ = models["circuit"].training_step(optimizers["circuit"], small.flatten(1))
        pair = (models["classifier"], optimizers["classifier"], small, labels)
        loss = drifted_classifier.train_step(*pair)
        models["chip"].drift_analog_weights(10.0**self.age)
        with torch.no_grad():
            scores = models["chip"](small, num_steps=drifted_classifier.STEPS)
        rate = self.listener.listen(memristive_plasticity.volleys(20, 40))
        error = spiking_readout.train_step(models["readout"], optimizers["readout"], small, labels)
        parts = (y, torch.tensor([loss, rate, error]), scores, self.listener.weight)
        return torch.cat([part.detach().flatten() for part in parts])

    def save(self, path: Path) -> None:
        """Write everything that the next step depends on, as tensors and plain data."""
        torch.save(
            {
                "random": torch.get_rng_state(),
                "age": self.age,
                "models": {name: model.state_dict() for name, model in self.models.items()},
                "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
            },
            path,
        )

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote, in this process or another."""
        state = torch.load(path, weights_only=True)
        for kind in ("models", "optimizers"):
            for name, part in getattr(self, kind).items():
                part.load_state_dict(state[kind][name])
        self.age = state["age"]
        torch.set_rng_state(state["random"])


# --8<-- [end:house]
