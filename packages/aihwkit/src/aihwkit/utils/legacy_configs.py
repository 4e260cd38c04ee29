"""Configuration objects of older versions, as they come out of a checkpoint."""

from typing import Any

from aihwkit.simulator.configs.inference_configs import InferenceRPUConfig
from aihwkit.simulator.parameters.mapping import MappableRPU, MappingParameter

__all__ = ["repair_config"]


def _repair_mapping(config: Any) -> None:
    from aihwkit.simulator.presets.web import OldWebComposerMappingParameter

    if "mapping" in config.__dict__.get("_completed", ()):
        config.mapping = OldWebComposerMappingParameter()
        return
    values = config.mapping.__dict__
    if "weight_scaling_omega_columnwise" in values:
        values["weight_scaling_columnwise"] = values.pop("weight_scaling_omega_columnwise")
    if "learn_out_scaling_alpha" in values:
        values["learn_out_scaling"] = values.pop("learn_out_scaling_alpha")
        values["out_scaling_columnwise"] = values["weight_scaling_columnwise"]


def _repair_noise_model(noise_model: Any) -> None:
    if not any("PCMLike" in cls.__name__ for cls in type(noise_model).__mro__):
        return
    values = noise_model.__dict__
    values.setdefault("prog_coeff_g_max_reference", values.get("g_max"))


def _repair_modifier(modifier: Any) -> None:
    values = modifier.__dict__
    coefficients = [values.pop(f"coeff{index}", None) for index in range(3)]
    if None not in coefficients:
        values["coeffs"] = coefficients


def repair_config(config: MappableRPU, keep_limits: bool) -> MappableRPU:
    """Rename and complete the settings of an old configuration, in place.

    Args:
        config: The configuration object.
        keep_limits: Keep the size limits of the mapping; otherwise nothing is split.

    Returns:
        The same object.
    """
    if isinstance(config, InferenceRPUConfig):
        _repair_mapping(config)
        _repair_noise_model(config.noise_model)
        _repair_modifier(config.modifier)
    if isinstance(config.mapping, MappingParameter) and not keep_limits:
        config.mapping.max_input_size = 0
        config.mapping.max_output_size = 0
    config.__dict__.pop("_completed", None)
    return config
