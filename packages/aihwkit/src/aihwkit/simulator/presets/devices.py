"""Preset devices, fitted to measurements of real ones or idealised."""

from aihwkit.simulator.configs.soft_bounds import SoftBoundsReferenceDevice
from aihwkit.simulator.configs.step_devices import (
    ConstantStepDevice,
    ExpStepDevice,
    LinearStepDevice,
)

from . import device_tables as tables
from .factory import preset_class

__all__ = [
    "CapacitorPresetDevice",
    "EcRamMOPresetDevice",
    "EcRamPresetDevice",
    "GokmenVlasovPresetDevice",
    "IdealizedPresetDevice",
    "PCMPresetDevice",
    "ReRamArrayHfO2PresetDevice",
    "ReRamArrayOMPresetDevice",
    "ReRamESPresetDevice",
    "ReRamSBPresetDevice",
]

ReRamESPresetDevice = preset_class(
    __name__,
    "ReRamESPresetDevice",
    ExpStepDevice,
    """Resistive RAM, exponential step model.

    Reference:
        Gong et al., "Signal and noise extraction from analog memory elements for neuromorphic
        computing", Nature Communications 2018.
    """,
    tables.RERAM_ES,
)

ReRamSBPresetDevice = preset_class(
    __name__,
    "ReRamSBPresetDevice",
    SoftBoundsReferenceDevice,
    """Resistive RAM, soft-bounds model.

    `subtract_symmetry_point=True` puts each device's symmetry point at weight 0, as tiki-taka
    needs it.

    Reference:
        Gong et al., "Signal and noise extraction from analog memory elements for neuromorphic
        computing", Nature Communications 2018.
    """,
    tables.RERAM_SB,
)

ReRamArrayOMPresetDevice = preset_class(
    __name__,
    "ReRamArrayOMPresetDevice",
    SoftBoundsReferenceDevice,
    """Array of resistive RAM with optimised material; 13.48 % of the measured devices were stuck.

    Reference:
        Gong, Rasch et al., "Deep learning acceleration in 14nm CMOS compatible ReRAM array: device,
        material and algorithm co-optimization", IEDM 2022.
    """,
    tables.RERAM_ARRAY_OM,
)

ReRamArrayHfO2PresetDevice = preset_class(
    __name__,
    "ReRamArrayHfO2PresetDevice",
    SoftBoundsReferenceDevice,
    """Array of resistive RAM, HfO2 baseline; 9.77 % of the measured devices were stuck.

    Reference:
        Gong, Rasch et al., "Deep learning acceleration in 14nm CMOS compatible ReRAM array: device,
        material and algorithm co-optimization", IEDM 2022.
    """,
    tables.RERAM_ARRAY_HFO2,
)

CapacitorPresetDevice = preset_class(
    __name__,
    "CapacitorPresetDevice",
    LinearStepDevice,
    """Capacitor with leakage (lifetime in mini-batches).

    Reference:
        Li et al., "Capacitor-based cross-point array for analog neural network with record symmetry
        and linearity", Symposium on VLSI Technology 2018.
    """,
    tables.CAPACITOR,
)

EcRamPresetDevice = preset_class(
    __name__,
    "EcRamPresetDevice",
    LinearStepDevice,
    """Electro-chemical RAM, lithium based.

    Reference:
        Tang et al., "ECRAM as scalable synaptic cell for high-speed, low-power neuromorphic
        computing", IEDM 2018.
    """,
    tables.ECRAM,
)

EcRamMOPresetDevice = preset_class(
    __name__,
    "EcRamMOPresetDevice",
    LinearStepDevice,
    """Electro-chemical RAM, metal oxide.

    Reference:
        Kim et al., "Metal-oxide based, CMOS-compatible ECRAM for deep learning accelerator", IEDM
        2019.
    """,
    tables.ECRAM_MO,
)

IdealizedPresetDevice = preset_class(
    __name__,
    "IdealizedPresetDevice",
    ConstantStepDevice,
    """Constant steps without mean asymmetry, ten thousand states.

    Reference:
        Rasch, Gokmen and Haensch, "Training large-scale artificial neural networks on simulated
        resistive crossbar arrays", IEEE Design & Test 2019.
    """,
    tables.IDEALIZED,
)

GokmenVlasovPresetDevice = preset_class(
    __name__,
    "GokmenVlasovPresetDevice",
    ConstantStepDevice,
    """Constant steps with the tolerances that a resistive processing unit needs.

    Reference:
        Gokmen and Vlasov, "Acceleration of deep neural network training with resistive cross-point
        devices: design considerations", Frontiers in Neuroscience 2016.
    """,
    tables.GOKMEN_VLASOV,
)

PCMPresetDevice = preset_class(
    __name__,
    "PCMPresetDevice",
    ExpStepDevice,
    """Phase-change memory; it only has useful up pulses and is meant for one-sided pairs.

    Reference:
        Nandakumar et al., "Mixed-precision deep learning based on computational memory", Frontiers
        in Neuroscience 2020.
    """,
    tables.PCM,
)
