"""A matrix of single pulsed devices."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.cells.pulse_engine import PulseEngine
from aihwkit.engine.drift import DriftProcess
from aihwkit.engine.kernels import COUNTED_KERNEL, UPDATE_KERNEL, has_loops
from aihwkit.engine.record import Record
from aihwkit.functional.drift import DriftSettings
from aihwkit.functional.pulse_counts import PulseCounts
from aihwkit.functional.pulse_pass import Bounds
from aihwkit.functional.pulses import ExactUpdate, Pulses, pulse_blocks
from aihwkit.functional.response import ResponseModel

__all__ = ["PulsedCell", "computing_dtype"]


def computing_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the type in which devices are computed: at least single precision."""
    return dtype if dtype == torch.float64 else torch.float32


class PulsedCell(Cell):
    """Devices that change their weight pulse by pulse.

    With write noise a device has a persistent weight on which all operations act; the visible
    weight is the persistent one plus fresh noise after each writing.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object of the device.
        model: how weights answer to pulses.
        params: parameters of each device, by name.
        granularity: mean weight change of one pulse.
    """

    def __init__(
        self,
        weight: Tensor,
        meta: Any,
        model: ResponseModel,
        params: "OrderedDict[str, Tensor]",
        granularity: float,
    ) -> None:
        self.weight = weight
        self.meta = meta
        self.model = model
        self.dtype = computing_dtype(weight.dtype)
        self.params = OrderedDict(
            (name, value.to(weight.device, self.dtype)) for name, value in params.items()
        )
        self._granularity = granularity
        self.write_noise = max(float(getattr(meta, "write_noise_std", 0.0)), 0.0) * meta.dw_min
        self.persistent = weight.to(self.dtype, copy=True) if self.write_noise > 0 else None
        self.drift_process: DriftProcess | None = None
        if meta.drift.nu > 0:
            settings = DriftSettings.from_parameters(meta.drift)
            self.drift_process = DriftProcess(settings, self.params["drift_nu"])
        self.counters: Tensor | None = None
        if meta.count_pulses:
            self.counters = torch.zeros((2, *weight.shape), dtype=torch.int64, device=weight.device)
        self._derive()

    def _derive(self) -> None:
        reference = self.params.get("reference", torch.zeros((), dtype=self.dtype))
        reference = reference.to(self.weight.device)
        self.bounds = Bounds(
            self.params["min_bound"] - reference, self.params["max_bound"] - reference
        )
        self.target = self.params["reset_bias"] - reference
        derived = self.model.derive(self.params)
        limit = self.model.merge_limit(derived)
        self.engine = PulseEngine(self.model, derived, self.bounds, limit)

    @property
    def granularity(self) -> float:
        """Mean weight change of one pulse at zero weight."""
        return self._granularity

    @property
    def n_states(self) -> float:
        """Mean number of pulses from the lower to the upper bound."""
        return float((self.meta.w_max - self.meta.w_min) / self._granularity)

    @property
    def takes_slices_at_once(self) -> bool:
        """Devices do not know of each other."""
        return True

    # -- storage ---------------------------------------------------------------------------------

    def base(self) -> Tensor:
        """Return the weights that operations act on, in computing precision."""
        return self.weight.to(self.dtype) if self.persistent is None else self.persistent

    def store(
        self,
        value: Tensor,
        generator: torch.Generator,
        region: Region = WHOLE,
        touched: Tensor | None = None,
    ) -> None:
        """Keep weights of a region; with write noise, show the touched ones anew."""
        if self.persistent is None:
            self.weight[region] = value.to(self.weight.dtype)
            return
        self.persistent[region] = value
        noise = torch.randn(value.shape, dtype=self.dtype, device=value.device, generator=generator)
        visible = (value + self.write_noise * noise).to(self.weight.dtype)
        if touched is not None:
            visible = torch.where(touched, visible, self.weight[region])
        self.weight[region] = visible

    def bind(self, storage: Tensor) -> None:
        """Keep the visible weights in other storage."""
        self.weight = storage

    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Apply a device move to all tensors but the visible weights."""
        self.params = OrderedDict((name, function(v)) for name, v in self.params.items())
        self.persistent = None if self.persistent is None else function(self.persistent)
        self.counters = None if self.counters is None else function(self.counters)
        self.weight = function(self.weight)
        if self.drift_process is not None:
            self.drift_process.map(function)
        self._derive()

    # -- weight operations -----------------------------------------------------------------------

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights, limited to the bounds."""
        limited = self.bounds.clip(value.to(self.dtype))
        if self.persistent is not None and not self.meta.apply_write_noise_on_set:
            self.persistent.copy_(limited)
            self.weight.copy_(limited)
        else:
            self.store(limited, generator)
        if self.drift_process is not None:
            self.drift_process.restart()

    def clip(self, limit: float, generator: torch.Generator) -> None:
        """Limit weights to ±limit and the bounds of the devices; negative: the bounds only."""
        value = self.base()
        if limit >= 0:
            value = value.clamp(-limit, limit)
        self.store(self.bounds.clip(value), generator)

    def decay(self, alpha: float, generator: torch.Generator) -> None:
        """Let weights decay towards the reset value."""
        if self.meta.lifetime <= 0 and bool((self.params["decay_scales"] == 1).all()):
            return
        factor = 1 + alpha * (self.params["decay_scales"] - 1)
        value = (self.base() - self.target) * factor + self.target
        self.store(self.bounds.clip(value), generator)

    def diffuse(self, generator: torch.Generator) -> None:
        """Add Gaussian noise of each device's diffusion rate."""
        rates = self.params["diffusion_rates"]
        if self.meta.diffusion <= 0 and not bool(rates.any()):
            return
        self.store(self.bounds.clip(self.base() + rates * self._normal(generator)), generator)

    def drift(self, delta_t: float, generator: torch.Generator) -> None:
        """Let weights drift; devices without drift do not change."""
        if self.drift_process is None:
            return
        value = self.bounds.clip(self.drift_process(self.base(), delta_t, generator))
        self.store(value, generator)
        self.drift_process.remember(self.base())

    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Set devices to their reset value plus noise."""
        hit = torch.zeros(self.weight.shape, dtype=torch.bool, device=self.weight.device)
        hit[:, columns] = True
        if prob < 1:
            hit &= torch.rand(hit.shape, device=hit.device, generator=generator) < prob
        self.reset_points(hit, generator)

    def reset_points(self, hit: Tensor, generator: torch.Generator) -> None:
        """Reset the devices of a mask `[d, x]`."""
        fresh = self.bounds.clip(self.target + self.meta.reset_std * self._normal(generator))
        self.store(torch.where(hit, fresh, self.base()), generator)

    def _normal(self, generator: torch.Generator) -> Tensor:
        return torch.randn(
            self.weight.shape, dtype=self.dtype, device=self.weight.device, generator=generator
        )

    # -- update ----------------------------------------------------------------------------------

    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Update with pulses."""
        generator = context.generator
        for pulses in pulse_blocks(x, d, lr, self.granularity, context.settings, generator):
            self.apply(pulses, context)

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Apply the pulses of some vectors, in order, to a region of the matrix."""
        generator = context.generator
        if isinstance(pulses, PulseCounts) and self._has_loops:
            self._apply_counted(pulses, generator, region)
        elif region is not WHOLE or not self._apply_packed(pulses, generator):
            result, touched = self.engine.apply(
                self.base()[region], pulses, generator, region, self.persistent is None
            )
            self.store(result, generator, region, touched)
        self._count(pulses, region)

    def apply_recorded(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, record: Record
    ) -> bool:
        """Apply pulses and write down weights on the way, if there is a compiled loop."""
        done = self._apply_packed(pulses, context.generator, record)
        if done:
            self._count(pulses, WHOLE)
        return done

    def _count(self, pulses: Pulses | ExactUpdate, region: Region) -> None:
        if self.counters is not None and isinstance(pulses, Pulses):
            up, down = pulses.totals()
            self.counters[0][region] += up.long()
            self.counters[1][region] += down.long()

    def _apply_packed(
        self,
        pulses: Pulses | ExactUpdate,
        generator: torch.Generator,
        record: Record | None = None,
    ) -> bool:
        """Take pulses by compiled loops; return False, with nothing changed, without them."""
        if not self._has_loops:
            return False
        weight, *shown = self._stored
        run = UPDATE_KERNEL.select(weight.device)
        done: bool = run(weight, pulses, self.engine, generator, *shown, record)
        return done

    def _apply_counted(
        self, pulses: PulseCounts, generator: torch.Generator, region: Region
    ) -> None:
        """Take given numbers of pulses by compiled loops."""
        weight, *shown = self._stored
        parts = [torch.arange(size)[part] for size, part in zip(weight.shape, region, strict=True)]
        run = COUNTED_KERNEL.select(weight.device)
        run(weight, pulses, self.engine, generator, *parts, *shown)

    @property
    def _has_loops(self) -> bool:
        """Whether there are compiled loops for these devices."""
        weight = self.weight
        return has_loops(self.model, weight.dtype, weight.device) and weight.is_contiguous()

    @property
    def _stored(self) -> tuple[Tensor, Tensor | None, float]:
        """The weights that pulses act on, and the visible ones and their noise, if these differ."""
        if self.persistent is None:
            return self.weight, None, 0.0
        return self.persistent, self.weight, self.write_noise

    # -- state -----------------------------------------------------------------------------------

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return what makes each device what it is."""
        result: OrderedDict[str, Tensor] = OrderedDict()
        for name, value in self.params.items():
            result[name] = value
            if name == "drift_nu" and self.persistent is not None:
                result["persistent_weights"] = self.persistent
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over parameters; weights are limited to the new bounds, persistent ones are kept."""
        values = OrderedDict(values)
        persistent = values.pop("persistent_weights", None)
        self.params = OrderedDict((name, v.to(self.dtype).clone()) for name, v in values.items())
        if self.drift_process is not None:
            self.drift_process.nu = self.params["drift_nu"]
        self._derive()
        if self.persistent is None:
            self.weight.copy_(self.bounds.clip(self.weight.to(self.dtype)))
        elif persistent is not None:
            self.persistent.copy_(self.bounds.clip(persistent.to(self.dtype)))
        self._update_granularity()

    def _update_granularity(self) -> None:
        """Follow the mean step if it deviates from the parameter by more than its spread allows."""
        step = (self.params["dwmin_up"].abs() + self.params["dwmin_down"].abs()) / 2
        ratio = float(step.mean()) / self.meta.dw_min if self.meta.dw_min else 1.0
        if abs(ratio - 1) > 2 * self.meta.dw_min_dtod:
            self._granularity *= ratio
            self.meta.dw_min *= ratio

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        state: dict[str, Any] = {
            "num_states": self.n_states,
            "weight_granularity": self.granularity,
        }
        if self.drift_process is not None:
            drift = self.drift_process.state()
            state |= {f"wdrifter.{name}": value for name, value in drift.items()}
        if self.counters is not None:
            state["pulse_counters"] = self.counters
        return state

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        prefix = "wdrifter."
        drift = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
        if drift and self.drift_process is not None:
            self.drift_process.load_state(drift, self.base())
        if "pulse_counters" in state and self.counters is not None:
            self.counters.copy_(state["pulse_counters"])

    def pulse_counters(self) -> Tensor:
        """Return the numbers of up and of down pulses, int64 `[2, d, x]`; empty if not counted."""
        return super().pulse_counters() if self.counters is None else self.counters.clone()
