"""What runs experiments and collects their results."""

from aihwkit.experiments.runners.cloud import CloudRunner, InferenceCloudRunner
from aihwkit.experiments.runners.local import InferenceLocalRunner, LocalRunner
from aihwkit.experiments.runners.metrics import InferenceLocalMetric, LocalMetric

__all__ = [
    "CloudRunner",
    "InferenceCloudRunner",
    "InferenceLocalMetric",
    "InferenceLocalRunner",
    "LocalMetric",
    "LocalRunner",
]
