"""Costs of single operations, with their source."""

from __future__ import annotations

from dataclasses import dataclass

from synaptensor.validation import check_choice, check_nonnegative, check_positive

__all__ = ["COST_PRESETS", "CostParameters", "cost_preset"]


@dataclass(frozen=True)
class CostParameters:
    """Costs of the operations of one array of devices and its converters.

    Attributes:
        source: where the numbers come from; printed with every estimate.
        rows: inputs of the array that the numbers are for.
        columns: outputs of that array.
        mvm_energy: energy of one product of a full array, converters included, in nanojoule.
        mvm_time: duration of one product in nanosecond.
        area: area of one array with its converters in square millimetre.
        dac_share: part of the energy of a product that inputs need; scales with used inputs.
        adc_share: part of it that outputs need; scales with used outputs. The rest is needed by
            the devices and scales with used devices.
        cell_write_energy: energy of one programming pulse in picojoule.
        cell_write_time: duration of one programming pulse in nanosecond.
        digital_mac_energy: energy of one digital multiplication and addition in picojoule.

    Raises:
        ValueError: for negative numbers or shares above 1.
    """

    source: str
    rows: int
    columns: int
    mvm_energy: float
    mvm_time: float
    area: float
    dac_share: float
    adc_share: float
    cell_write_energy: float
    cell_write_time: float
    digital_mac_energy: float

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "mvm_energy", "mvm_time", "area"):
            check_positive(name, getattr(self, name))
        for name in ("dac_share", "adc_share", "cell_write_energy", "cell_write_time"):
            check_nonnegative(name, getattr(self, name))
        check_nonnegative("digital_mac_energy", self.digital_mac_energy)
        if self.dac_share + self.adc_share > 1:
            raise ValueError(
                "dac_share and adc_share must add up to at most 1, got "
                f"{self.dac_share + self.adc_share!r}"
            )


# Neither shares of converters nor costs of pulses are published for the chips below.
_ASSUMED = (
    "; assumed, right in order of magnitude only: 10 % of the energy in input and 60 % in output "
    "converters, 10 pJ and 100 ns for a programming pulse, 1 pJ for a digital operation"
)
_ASSUMPTIONS = {
    "dac_share": 0.1,
    "adc_share": 0.6,
    "cell_write_energy": 10.0,
    "cell_write_time": 100.0,
    "digital_mac_energy": 1.0,
}
_CORE = "Khaddam-Aljameh et al., HERMES-Core, IEEE J. Solid-State Circuits 57 (2022)"
_CHIP = "Le Gallo et al., Nature Electronics 2023, doi 10.1038/s41928-023-01010-1"
_SIZE, _CORES = 256, 64
_OPERATIONS = 2 * _SIZE * _SIZE


def _core(source: str, efficiency: float, throughput: float) -> CostParameters:
    """Return the costs of a core of 256 x 256.

    Args:
        source: where the numbers come from.
        efficiency: operations a second and watt.
        throughput: operations a second of a chip of 64 cores.
    """
    return CostParameters(
        source=source + _ASSUMED,
        rows=_SIZE,
        columns=_SIZE,
        mvm_energy=_OPERATIONS / efficiency * 1e9,
        mvm_time=_CORES * _OPERATIONS / throughput * 1e9,
        area=_CORE_AREA,
        **_ASSUMPTIONS,
    )


# A core at the published density and the speed of one of the 64 cores of the later chip.
_CORE_AREA = (63.1e12 / _CORES) / 1.59e12

COST_PRESETS: dict[str, CostParameters] = {
    "hermes": _core(
        f"PCM, 14 nm, 256 x 256: 10.5 TOPS/W and 1.59 TOPS/mm^2 ({_CORE}); 133 ns a product, from "
        f"63.1 TOPS of 64 such cores ({_CHIP})",
        efficiency=10.5e12,
        throughput=63.1e12,
    ),
    "hermes-chip": _core(
        f"PCM, 14 nm, 64 cores of 256 x 256, 8-bit inputs and outputs, one phase: 63.1 TOPS, "
        f"9.76 TOPS/W ({_CHIP}); area of a core from 1.59 TOPS/mm^2 ({_CORE})",
        efficiency=9.76e12,
        throughput=63.1e12,
    ),
    "hermes-chip-precise": _core(
        f"PCM, 14 nm, 64 cores of 256 x 256, 8-bit inputs and outputs, four phases: 16.1 TOPS, "
        f"2.48 TOPS/W ({_CHIP}); area of a core from 1.59 TOPS/mm^2 ({_CORE})",
        efficiency=2.48e12,
        throughput=16.1e12,
    ),
}
"""Costs by name."""


def cost_preset(name: str) -> CostParameters:
    """Return the costs of a published design.

    Args:
        name: a key of `COST_PRESETS`.

    Raises:
        ValueError: for an unknown name.
    """
    return COST_PRESETS[check_choice("name", name, tuple(COST_PRESETS))]
