"""Former place of the inference models."""

from warnings import warn

from aihwkit.inference import *  # noqa: F403
from aihwkit.inference import __all__  # noqa: F401

warn(
    "aihwkit.simulator.noise_models is the former name of aihwkit.inference; import from there",
    FutureWarning,
    stacklevel=2,
)
