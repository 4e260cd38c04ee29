"""Old location of noise models and drift compensations, now in `aihwkit.inference`."""

from warnings import warn

from aihwkit.inference import *  # noqa: F403 - whatever is there was here, too
from aihwkit.inference import __all__ as __all__

warn(
    "aihwkit.simulator.noise_models has moved: import from aihwkit.inference",
    FutureWarning,
    stacklevel=2,
)
