"""Tiles for analog inference: programming noise, drift and its compensation."""

from __future__ import annotations

from typing import Any, ClassVar
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.enums import WeightModifierType, WeightRemapType
from aihwkit.simulator.tiles.defaults import as_rpu_config, device_of
from aihwkit.simulator.tiles.native import NativeTile
from aihwkit.simulator.tiles.periphery import TileWithPeriphery
from synaptensor.validation import check_nonnegative

__all__ = ["InferenceTile", "InferenceTileWithPeriphery"]


class InferenceTileWithPeriphery(TileWithPeriphery):
    r"""Periphery of tiles whose weights are programmed once and then drift.

    In evaluation mode outputs are multiplied with :math:`\alpha`, the ratio of a readout right
    after programming to the same readout after the drift.

    Attributes:
        alpha: drift compensation factor, `[1]` or `[out]`.
        drift_baseline: readout after programming, or None.
        drift_readout_tensor: probe vectors of the readout, or None.
        programmed_weights: matrix after programming, or None.
        drift_noise_parameters: drift coefficients drawn at programming, or None.
    """

    has_drift_model: ClassVar[bool] = True

    def init_periphery(self) -> None:
        """Create scales, input range, bias and the state of programming and drift."""
        super().init_periphery()
        self.register_buffer("alpha", self._ones(1))  # type: ignore[attr-defined]
        self.alpha: Tensor
        self.drift_baseline: Tensor | None = None
        self.drift_readout_tensor: Tensor | None = None
        self.programmed_weights: Tensor | None = None
        self.drift_noise_parameters: list[Any] | None = None

    def init_mapping_scales(self) -> None:
        """Create the mapping scales, one per output if weights are remapped during training."""
        super().init_mapping_scales()
        if self.rpu_config.remap.type != WeightRemapType.NONE:
            self.mapping_scales = self._ones(self.out_size)

    def _forget_programming(self) -> None:
        super()._forget_programming()
        self.programmed_weights = None
        self.drift_noise_parameters = None
        self._reset_alpha()

    def _reset_alpha(self) -> None:
        self.alpha = self._ones(1)

    def _flexible_buffers(self) -> tuple[str, ...]:
        return (*super()._flexible_buffers(), "alpha")  # type: ignore[misc]

    # -- programming and drift -----------------------------------------------------------------

    @torch.no_grad()
    def program_weights(  # type: ignore[override]
        self, from_reference: bool = True, noise_model: Any = None
    ) -> None:
        """Write the weights with the noise of the programming.

        Args:
            from_reference: start from the weights kept by the first call, if there are any;
                otherwise from the current ones.
            noise_model: replaces the noise model of the configuration.

        Raises:
            ConfigError: if there is no noise model.
        """
        model = self._noise_model(noise_model)
        reference = self.reference_combined_weights if from_reference else None
        if reference is None:
            reference = self.tile.get_weights().detach()
        reference = reference.to(self.device)
        programmed, parameters = model.apply_programming_noise(reference)
        if noise_model is not None:
            self.rpu_config.noise_model = model
        self.reference_combined_weights = reference
        self.programmed_weights = programmed
        self.drift_noise_parameters = parameters
        self._reset_alpha()
        self.tile.set_weights(programmed.to(self.device))
        compensation = self._drift_compensation()
        if compensation is not None:
            self.drift_baseline = compensation.init_baseline(self)

    @torch.no_grad()
    def drift_weights(self, t_inference: float = 0.0) -> None:
        """Let the programmed weights drift, from the programming to a time.

        Weights that are not programmed yet are programmed first. Calls do not add up.

        Args:
            t_inference: seconds since the programming.

        Raises:
            ConfigError: if there is no noise model.
            ValueError: if the time is negative.
        """
        check_nonnegative("t_inference", t_inference)
        model = self._noise_model()
        if self.programmed_weights is None:
            self.program_weights()
        assert self.programmed_weights is not None
        self.programmed_weights = self.programmed_weights.to(self.device)
        drifted = model.apply_drift_noise(
            self.programmed_weights, self.drift_noise_parameters, t_inference
        )
        self.tile.set_weights(drifted.to(self.device))
        compensation = self._drift_compensation()
        if compensation is None:
            return
        if self.drift_baseline is None:
            raise ConfigError(
                "drift_compensation was None when the weights were programmed, so there is no "
                "readout to compare with; call program_weights() again"
            )
        readout = self._forward_drift_readout_tensor()
        alpha = compensation.apply(readout, self.drift_baseline.to(self.device))
        self.alpha = alpha.detach().reshape(-1).to(self.alpha)

    @torch.no_grad()
    def restore_weights(self) -> None:
        """Write the weights of before the programming again, and forget the programming."""
        reference = self.reference_combined_weights
        if reference is None:
            return
        self.tile.set_weights(reference.to(self.device))
        self._forget_programming()

    def _noise_model(self, replacement: Any = None) -> Any:
        if not hasattr(self.rpu_config, "noise_model"):
            raise ConfigError(
                f"rpu_config must have a noise_model, got {type(self.rpu_config).__name__}"
            )
        if replacement is not None:
            if not hasattr(replacement, "apply_programming_noise"):
                raise ConfigError(
                    f"noise_model must be a BaseNoiseModel, got {type(replacement).__name__}"
                )
            return replacement
        if self.rpu_config.noise_model is None:
            raise ConfigError("rpu_config.noise_model must be a BaseNoiseModel, got None")
        return self.rpu_config.noise_model

    def _drift_compensation(self) -> Any:
        return getattr(self.rpu_config, "drift_compensation", None)

    @torch.no_grad()
    def _forward_drift_readout_tensor(
        self, reset_if: bool = False, exact_reference: bool = False
    ) -> Tensor | None:
        """Return the outputs of the probe vectors, `[n, d_size]`.

        Args:
            reset_if: make new probe vectors.
            exact_reference: multiply with the reference weights exactly instead of reading.
        """
        compensation = self._drift_compensation()
        if compensation is None:
            return None
        if self.drift_readout_tensor is None or reset_if:
            probe = compensation.get_readout_tensor(self.x_size)
            probe = probe.to(device=self.device, dtype=self.get_dtype())  # type: ignore[attr-defined]
            self.drift_readout_tensor = _shared_probe(probe)
        probe = self.drift_readout_tensor
        if exact_reference:
            reference = self.reference_combined_weights
            if reference is None:
                reference = self.tile.get_weights()
            return probe @ reference.to(probe).t()
        return self.tile.forward(probe, False, False, False, True)

    def post_forward(
        self, x_output: Tensor, dim: int, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Undo the input scaling; apply mapping scales and, in evaluation, the compensation."""
        x_output = super().post_forward(x_output, dim, is_test, ctx)
        if is_test and self._drift_compensation() is not None:
            return x_output * self.alpha.view(*self._view(x_output, dim))
        return x_output

    def _programming_steps(self, n_loops: int) -> int:
        self._refuse_loops(n_loops)

    # -- state -------------------------------------------------------------------------------

    def get_analog_state(self) -> dict[str, Any]:
        """Return the state of the tile and of its programming."""
        state = super().get_analog_state()  # type: ignore[misc]
        state["programming"] = {name: getattr(self, name) for name in _PROGRAMMING}
        return state

    def _replace_tile(self, rpu_config: RPUConfigBase, state: dict[str, Any]) -> None:
        super()._replace_tile(rpu_config, state)  # type: ignore[misc]
        for name, value in state.get("programming", {}).items():
            setattr(self, name, _copied(value, self.device))

    # -- training ----------------------------------------------------------------------------

    def post_update_step(self) -> None:
        """Clip and remap the weights as configured, once per optimizer step.

        Weights that were programmed before are new targets now.
        """
        super().post_update_step()  # type: ignore[misc]
        if self.reference_combined_weights is not None:
            self._forget_programming()
        config = self.rpu_config
        if config.clip.type.value != "None":
            self.tile.clip_weights(config.clip)
        if config.remap.type != WeightRemapType.NONE:
            scales = self.get_scales()
            scales = self._ones(self.out_size) if scales is None else scales.detach()
            scales = scales.expand(self.out_size).clone()
            self.set_scales(self.tile.remap_weights(config.remap, scales))


_PROGRAMMING = (
    "reference_combined_weights",
    "programmed_weights",
    "drift_noise_parameters",
    "drift_baseline",
    "drift_readout_tensor",
)


_PROBES: WeakValueDictionary[tuple[torch.Size, torch.device, torch.dtype], Tensor] = (
    WeakValueDictionary()
)


def _shared_probe(probe: Tensor) -> Tensor:
    """Return an equal tensor that another tile reads with, if there is one.

    Unit vectors of a tile take as much memory as its weights.
    """
    key = probe.shape, probe.device, probe.dtype
    kept = _PROBES.get(key)
    if kept is probe or (kept is not None and torch.equal(kept, probe)):
        return kept
    _PROBES[key] = probe
    return probe


def _copied(value: Any, device: torch.device) -> Any:
    """Return a copy of tensors in nested lists, tuples and dictionaries, on a device."""
    if isinstance(value, Tensor):
        return value.detach().to(device, copy=True)
    if isinstance(value, list | tuple):
        return type(value)(_copied(item, device) for item in value)
    if isinstance(value, dict):
        return {key: _copied(item, device) for key, item in value.items()}
    return value


class InferenceTile(InferenceTileWithPeriphery, NativeTile):
    """Tile for hardware-aware training and analog inference.

    Products are analog; the gradient of the weights is exact and belongs to the torch parameter
    `shared_weights`, which any optimizer trains. Noise on the weights during training comes from
    the weight modifier of the configuration.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration; None takes `InferenceRPUConfig()`.
        bias: whether there is a bias.
        in_trans: inputs come as `[in, batch]`.
        out_trans: outputs go as `[out, batch]`.
        shared_weights: train `shared_weights`; otherwise the analog optimizer updates the tile.
    """

    supports_ddp = True

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase | None = None,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        shared_weights: bool = True,
    ) -> None:
        config = as_rpu_config(rpu_config, None, self._default_config)
        self._init_tile(
            out_size, in_size, config, bias, in_trans, out_trans, shared_weights=shared_weights
        )

    @staticmethod
    def _default_config() -> RPUConfigBase:
        from aihwkit.simulator.configs.configs import InferenceRPUConfig

        return InferenceRPUConfig()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the simulator tile."""
        device = device_of(rpu_config).as_bindings(self.get_data_type())
        return rpu_config.as_bindings().create_array(x_size, d_size, device)

    def post_update_step(self) -> None:
        """Clip and remap the weights, and draw the noise of the next training step."""
        super().post_update_step()
        config: Any = self.rpu_config
        modifier = config.modifier
        copies = modifier.type == WeightModifierType.COPY
        if modifier.type != WeightModifierType.NONE and not (copies and modifier.pdrop <= 0):
            self.tile.modify_weights(modifier)
