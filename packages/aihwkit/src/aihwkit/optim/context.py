"""The parameter that stands for the weights of an analog tile in torch's machinery."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.utils._pytree import tree_map

from aihwkit.optim.weight_view import (
    _PLACEHOLDER_METADATA_FUNCTIONS,
    _VALUE_PROPERTIES,
    PlaceholderDataView,
    ReadOnlyWeightView,
    _raise_placeholder_read_error,
    attribute_name,
    is_inplace_operation,
    raise_if_readonly_write_target,
    raise_readonly_error,
)
from aihwkit.simulator.parameters.enums import AnalogContextDataViewMode

if TYPE_CHECKING:
    from aihwkit.simulator.tiles.base import SimulatorTileWrapper

__all__ = ["AnalogContext"]


class AnalogContext(Parameter):
    r"""Parameter that represents the weights of one analog tile.

    Optimizers, `module.parameters()` and `requires_grad_` see a parameter of the logical shape
    `[out_size, in_size]`. Its values stay in the tile. For tiles that are trained in analog, the
    backward pass stores the tile's inputs :math:`x` and output gradients :math:`d` here and the
    analog optimizer hands them to `tile.update`, which makes :math:`W \leftarrow W - \lambda d
    x^T` through the device model.

    Args:
        analog_tile: tile whose weights the context stands for.
        parameter: parameter object to turn into the context, in place.

    Attributes:
        analog_tile: the tile.
        use_torch_update: the tile trains an ordinary torch parameter; analog optimizers skip it.
        use_indexed: the stored inputs are images that the tile unfolds itself.
        analog_input: inputs stored since the last reset.
        analog_grad_output: output gradients stored since the last reset.
    """

    analog_tile: SimulatorTileWrapper
    use_torch_update: bool
    use_indexed: bool
    analog_input: list[Tensor]
    analog_grad_output: list[Tensor]

    @staticmethod
    def __new__(
        cls: type[AnalogContext],
        analog_tile: SimulatorTileWrapper,
        parameter: Parameter | None = None,
    ) -> AnalogContext:
        """Create the parameter over the storage of the tile."""
        if not hasattr(analog_tile, "_get_tile_weights_ref"):
            raise TypeError(f"analog_tile must be an analog tile, got {analog_tile!r}")
        raw = analog_tile._get_tile_weights_ref().detach()
        logical = raw[:, : analog_tile.in_size]
        context: AnalogContext
        if parameter is None:
            context = torch.Tensor._make_subclass(cls, logical, True)
        else:
            parameter.data = logical
            parameter.__class__ = cls
            context = parameter  # type: ignore[assignment]
        context._raw = raw
        return context

    def __init__(
        self, analog_tile: SimulatorTileWrapper, parameter: Parameter | None = None
    ) -> None:
        super().__init__()
        self.analog_tile = analog_tile
        self.use_torch_update = False
        self.use_indexed = False
        self.analog_input = []
        self.analog_grad_output = []
        self._mode = AnalogContextDataViewMode.PLACEHOLDER
        self._buffer: Tensor | None = None

    # -- trace of the backward pass ----------------------------------------------------------

    def set_indexed(self, value: bool = True) -> None:
        """Tell whether the stored inputs are images that the tile unfolds."""
        self.use_indexed = value

    def reset(self, analog_tile: SimulatorTileWrapper | None = None) -> None:
        """Drop the stored inputs and gradients; link to another tile if one is given."""
        if analog_tile is not None:
            self.analog_tile = analog_tile
            analog_tile.analog_ctx = self
        self.analog_input = []
        self.analog_grad_output = []

    def has_gradient(self) -> bool:
        """Tell whether a backward pass stored something since the last reset."""
        return len(self.analog_input) > 0

    def trace_state(self) -> dict[str, Any]:
        """Return the stored trace and the flags, for a copy of the tile."""
        return {
            "requires_grad": self.requires_grad,
            "use_torch_update": self.use_torch_update,
            "use_indexed": self.use_indexed,
            "mode": self._mode.value,
            "buffer": self._buffer,
            "analog_input": self.analog_input,
            "analog_grad_output": self.analog_grad_output,
        }

    def load_trace_state(self, state: dict[str, Any]) -> None:
        """Restore what `trace_state` returned."""
        self.requires_grad_(state["requires_grad"])
        self.use_torch_update = state["use_torch_update"]
        self.use_indexed = state["use_indexed"]
        self._mode = AnalogContextDataViewMode(state["mode"])
        self._buffer = state["buffer"]
        self.analog_input = list(state["analog_input"])
        self.analog_grad_output = list(state["analog_grad_output"])

    # -- data --------------------------------------------------------------------------------

    @property
    def data_view_mode(self) -> AnalogContextDataViewMode:
        """What `data` shows: nothing, the logical weights, or a digital buffer."""
        return self._mode

    @data_view_mode.setter
    def data_view_mode(self, mode: AnalogContextDataViewMode | str) -> None:
        mode = _parse_mode(mode)
        buffer = mode is AnalogContextDataViewMode.BUFFER
        self._mode = mode
        self._buffer = self._raw.new_zeros(self._logical_shape()) if buffer else None

    def enable_placeholder(self) -> AnalogContext:
        """Show metadata only (the default) and return self."""
        self.data_view_mode = AnalogContextDataViewMode.PLACEHOLDER
        return self

    def enable_data_view(self) -> AnalogContext:
        """Show the logical weights, read only, and return self."""
        self.data_view_mode = AnalogContextDataViewMode.DATA_VIEW
        return self

    def enable_buffer(self) -> AnalogContext:
        """Show a fresh digital buffer of zeros, never linked to the tile, and return self."""
        self.data_view_mode = AnalogContextDataViewMode.BUFFER
        return self

    @property
    def data(self) -> Tensor:
        """Active data: placeholder, read-only logical weights `[out, in]`, or buffer."""
        if self._mode is AnalogContextDataViewMode.PLACEHOLDER:
            return PlaceholderDataView(self)
        return self._active_data()

    @data.setter
    def data(self, value: Tensor) -> None:
        raise RuntimeError(
            "Direct replacement of analog_ctx.data is not allowed; use analog_tile.set_weights"
        )

    def get_data(self) -> Tensor:
        """Return the active data, detached.

        Raises:
            RuntimeError: in placeholder mode, which has no data.
        """
        if self._mode is AnalogContextDataViewMode.PLACEHOLDER:
            _raise_placeholder_read_error("get_data")
        return self._active_data().detach()

    def _active_data(self) -> Tensor:
        if self._buffer is not None:
            return self._buffer
        return ReadOnlyWeightView(self._logical_data())

    def _raw_data(self) -> Tensor:
        """Return the weight storage `[d_size, x_size]`, drawn now if it never was used."""
        self.analog_tile.tile.get_weights(as_ref=True)
        return self._raw

    def _logical_shape(self) -> torch.Size:
        return torch.Size((self._raw.shape[0], self.analog_tile.in_size))

    def _logical_data(self) -> Tensor:
        logical = self._raw_data()[:, : self.analog_tile.in_size]
        scales = getattr(self.analog_tile, "get_scales", lambda: None)()
        if scales is None:
            return logical
        return logical * scales.detach().to(logical).view(-1, 1)

    def _replace_raw_data(self, data: Tensor) -> None:
        """Point to other weight storage `[d_size, x_size]`; keep the object and the buffer."""
        raw = data.detach()
        logical = raw[:, : self.analog_tile.in_size]
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            torch.Tensor.data.__set__(self, logical)  # type: ignore[attr-defined]
        self._raw = raw
        if self._buffer is not None:
            same_shape = self._buffer.shape == logical.shape
            self._buffer = self._buffer.to(raw) if same_shape else torch.zeros_like(logical)

    # -- moves and copies --------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> AnalogContext:
        """Move the tile, and with it the context. Returns self."""
        self.analog_tile.to(*args, **kwargs)  # type: ignore[attr-defined]
        return self

    def cuda(self, device: torch.device | str | int | None = None) -> AnalogContext:  # type: ignore[override]
        """Move the tile to a CUDA device. Returns self."""
        self.analog_tile.cuda(device)  # type: ignore[attr-defined]
        return self

    def cpu(self) -> AnalogContext:  # type: ignore[override]
        """Move the tile to the CPU. Returns self."""
        self.analog_tile.cpu()  # type: ignore[attr-defined]
        return self

    def __copy__(self) -> Parameter:
        """Return a plain parameter over the raw weights."""
        return Parameter(self._raw_data(), self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """Return a plain parameter with a copy of the raw weights.

        If the tile is being copied in the same call, its copy has a context already; that is
        returned, so that a copied optimizer belongs to the model copied with it.
        """
        if id(self) not in memo:
            tile = memo.get(id(self.analog_tile))
            plain = Parameter(self._raw_data().clone(), self.requires_grad)
            memo[id(self)] = plain if tile is None else tile.analog_ctx
        return memo[id(self)]

    def __reduce_ex__(self, proto: Any) -> Any:
        """Pickle as the context of the pickled tile."""
        return _context_of, (self.analog_tile,)

    def __hash__(self) -> int:
        """Hash by identity, as all parameters do."""
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        """Name the tile."""
        return f"AnalogContext of {self.analog_tile.get_brief_info().strip()}"

    __str__ = __repr__

    def __dir__(self) -> list[str]:
        """List class and instance names in every mode."""
        return sorted({*dir(type(self)), *self.__dict__})

    # -- torch functions ---------------------------------------------------------------------

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Answer metadata directly, guard writes, and run the rest on the active data."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        if name in ("__get__", "__set__", "__delete__"):
            return cls._access_attribute(func, name, args, kwargs)
        if name in _METADATA:
            with torch._C.DisableTorchFunctionSubclass():
                return func(*args, **kwargs)
        if name == "__setitem__" and isinstance(args[0], cls):
            raise RuntimeError(
                "Direct item assignment on analog weights is not allowed; use "
                "analog_tile.set_weights"
            )
        raise_if_readonly_write_target(name, args, kwargs, _is_readonly)
        operands = tree_map(lambda t: _operand(t, name), (args, kwargs))
        result = func(*operands[0], **operands[1])
        first = args[0] if args else None
        return first if is_inplace_operation(name) and isinstance(first, cls) else result

    @classmethod
    def _access_attribute(
        cls, func: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        attribute = attribute_name(func)
        if name == "__get__" and attribute in _VALUE_PROPERTIES:
            return getattr(_operand(args[0], attribute), attribute)
        if name == "__set__" and attribute == "data":
            raise_readonly_error("data")
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)


# Reading these never needs values, whatever the mode; `detach` and `type` depend on the mode.
_METADATA = (
    _PLACEHOLDER_METADATA_FUNCTIONS
    - {"detach", "type", "__reduce__", "__reduce_ex__"}
    - {name for name in _PLACEHOLDER_METADATA_FUNCTIONS if name.endswith("_like") or "new_" in name}
)


def _context_of(analog_tile: SimulatorTileWrapper) -> AnalogContext:
    return analog_tile.analog_ctx


def _is_readonly(value: Any) -> bool:
    return isinstance(value, AnalogContext) and value._mode is not AnalogContextDataViewMode.BUFFER


def _operand(value: Any, name: str) -> Any:
    """Replace a context among the arguments of a torch function by its active data."""
    if not isinstance(value, AnalogContext):
        return value
    if value._mode is AnalogContextDataViewMode.PLACEHOLDER:
        if name not in _PLACEHOLDER_METADATA_FUNCTIONS or name in _VALUE_PROPERTIES:
            _raise_placeholder_read_error(name)
        return PlaceholderDataView(value)
    return value._active_data()


def _parse_mode(mode: AnalogContextDataViewMode | str) -> AnalogContextDataViewMode:
    """Accept the enum, its value, or its name in any case."""
    if isinstance(mode, AnalogContextDataViewMode):
        return mode
    for member in AnalogContextDataViewMode:
        if isinstance(mode, str) and mode.lower() in (member.value.lower(), member.name.lower()):
            return member
    choices = ", ".join(member.name for member in AnalogContextDataViewMode)
    raise ValueError(f"data_view_mode must be one of {choices}, got {mode!r}")
