"""Training and inference of models as objects with hooks and runners."""

from aihwkit.experiments.experiments.inferencing import BasicInferencing
from aihwkit.experiments.experiments.training import BasicTraining

__all__ = ["BasicInferencing", "BasicTraining"]
