"""Pulsed devices of one's own."""

from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor

from aihwkit.engine.devices import add_device
from aihwkit.engine.granularity import add_granularity
from aihwkit.functional.response import ResponseModel
from aihwkit.simulator.configs.pulsed import PulsedDevice
from aihwkit.simulator.parameters.plain import register_plain_class
from aihwkit.simulator.rpu_base.core_parameter import field_defaults
from aihwkit.simulator.rpu_base.devices import PulsedResistiveDeviceParameter
from synaptensor.validation import check_callable

__all__ = ["register_device"]


def register_device(
    config_class: type[PulsedDevice],
    draw: Callable[[Any, dict[str, Tensor], Generator], ResponseModel],
    granularity: Callable[[Any], float] | None = None,
) -> None:
    """Make a pulsed device of a configuration class, so that it stands wherever others do.

    Bounds, steps and their variation, decay, diffusion, write noise, drift and checkpoints are
    those of all pulsed devices; the response model says how a weight answers a pulse. Updates run
    by tensor operations; compiled loops know the devices of this package only.

    Args:
        config_class: dataclass that derives from `PulsedDevice`, with the fields of the device.
        draw: called with the parameters, the tensors drawn for all pulsed devices (`max_bound`,
            `min_bound`, `dwmin_up`, `dwmin_down`, ..., each `[d, x]`; more may be added) and the
            generator of the draws; returns the response model.
        granularity: mean step at weight zero, from the parameters; None takes `dw_min`.

    Raises:
        TypeError: if the class is no pulsed device.
    """
    if not (isinstance(config_class, type) and issubclass(config_class, PulsedDevice)):
        raise TypeError(f"config_class must derive from PulsedDevice, got {config_class!r}")
    check_callable("draw", draw)
    kind = config_class.__name__
    members = {"kind": kind, "_defaults": classmethod(lambda _: field_defaults(config_class))}
    parameter_class: Any = type(f"{kind}Parameter", (PulsedResistiveDeviceParameter,), members)
    config_class.bindings_class = parameter_class
    add_device(kind, draw)
    add_granularity(kind, granularity)
    register_plain_class(config_class)
