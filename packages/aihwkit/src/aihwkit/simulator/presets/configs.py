"""Training presets: a device technology, an algorithm, and the products and updates for them.

Each name is a configuration class whose fields can still be given, as in
`ReRamSBPreset(mapping=MappingParameter(digital_bias=False))`.
"""

from .config_makers import (
    agad_preset,
    chopped_ttv2_preset,
    mixed_precision_preset,
    several_devices_preset,
    single_device_preset,
    tiki_taka_preset,
    ttv2_preset,
    unit_cell_preset,
)

__all__ = [
    "AGADCapacitorPreset",
    "AGADEcRamMOPreset",
    "AGADEcRamPreset",
    "AGADIdealizedPreset",
    "AGADReRamESPreset",
    "AGADReRamSBPreset",
    "Capacitor2Preset",
    "Capacitor4Preset",
    "CapacitorPreset",
    "ChoppedTTv2CapacitorPreset",
    "ChoppedTTv2EcRamMOPreset",
    "ChoppedTTv2EcRamPreset",
    "ChoppedTTv2IdealizedPreset",
    "ChoppedTTv2ReRamESPreset",
    "ChoppedTTv2ReRamSBPreset",
    "EcRam2Preset",
    "EcRam4Preset",
    "EcRamMO2Preset",
    "EcRamMO4Preset",
    "EcRamMOPreset",
    "EcRamPreset",
    "GokmenVlasovPreset",
    "Idealized2Preset",
    "Idealized4Preset",
    "IdealizedPreset",
    "MixedPrecisionCapacitorPreset",
    "MixedPrecisionEcRamMOPreset",
    "MixedPrecisionEcRamPreset",
    "MixedPrecisionGokmenVlasovPreset",
    "MixedPrecisionIdealizedPreset",
    "MixedPrecisionPCMPreset",
    "MixedPrecisionReRamArrayHfO2Preset",
    "MixedPrecisionReRamArrayOMPreset",
    "MixedPrecisionReRamESPreset",
    "MixedPrecisionReRamSBPreset",
    "PCMPreset",
    "ReRamArrayHfO2Preset",
    "ReRamArrayHfO22Preset",
    "ReRamArrayHfO24Preset",
    "ReRamArrayOM2Preset",
    "ReRamArrayOM4Preset",
    "ReRamArrayOMPreset",
    "ReRamES2Preset",
    "ReRamES4Preset",
    "ReRamESPreset",
    "ReRamSB2Preset",
    "ReRamSB4Preset",
    "ReRamSBPreset",
    "TTv2CapacitorPreset",
    "TTv2EcRamMOPreset",
    "TTv2EcRamPreset",
    "TTv2IdealizedPreset",
    "TTv2ReRamESPreset",
    "TTv2ReRamSBPreset",
    "TikiTakaCapacitorPreset",
    "TikiTakaEcRamMOPreset",
    "TikiTakaEcRamPreset",
    "TikiTakaIdealizedPreset",
    "TikiTakaReRamArrayHfO2Preset",
    "TikiTakaReRamArrayOMPreset",
    "TikiTakaReRamESPreset",
    "TikiTakaReRamSBPreset",
]

ReRamESPreset = single_device_preset("ReRamES")
ReRamSBPreset = single_device_preset("ReRamSB")
CapacitorPreset = single_device_preset("Capacitor")
EcRamPreset = single_device_preset("EcRam")
EcRamMOPreset = single_device_preset("EcRamMO")
IdealizedPreset = single_device_preset("Idealized")
GokmenVlasovPreset = single_device_preset("GokmenVlasov")
ReRamArrayOMPreset = single_device_preset("ReRamArrayOM")
ReRamArrayHfO2Preset = single_device_preset("ReRamArrayHfO2")
PCMPreset = unit_cell_preset("PCM")

ReRamES2Preset = several_devices_preset("ReRamES", 2)
ReRamSB2Preset = several_devices_preset("ReRamSB", 2)
Capacitor2Preset = several_devices_preset("Capacitor", 2)
EcRam2Preset = several_devices_preset("EcRam", 2)
EcRamMO2Preset = several_devices_preset("EcRamMO", 2)
Idealized2Preset = several_devices_preset("Idealized", 2)
ReRamArrayOM2Preset = several_devices_preset("ReRamArrayOM", 2)
ReRamArrayHfO22Preset = several_devices_preset("ReRamArrayHfO2", 2)
ReRamES4Preset = several_devices_preset("ReRamES", 4)
ReRamSB4Preset = several_devices_preset("ReRamSB", 4)
Capacitor4Preset = several_devices_preset("Capacitor", 4)
EcRam4Preset = several_devices_preset("EcRam", 4)
EcRamMO4Preset = several_devices_preset("EcRamMO", 4)
Idealized4Preset = several_devices_preset("Idealized", 4)
ReRamArrayOM4Preset = several_devices_preset("ReRamArrayOM", 4)
ReRamArrayHfO24Preset = several_devices_preset("ReRamArrayHfO2", 4)

TikiTakaReRamESPreset = tiki_taka_preset("ReRamES")
TikiTakaReRamSBPreset = tiki_taka_preset("ReRamSB")
TikiTakaCapacitorPreset = tiki_taka_preset("Capacitor")
TikiTakaEcRamPreset = tiki_taka_preset("EcRam")
TikiTakaEcRamMOPreset = tiki_taka_preset("EcRamMO")
TikiTakaIdealizedPreset = tiki_taka_preset("Idealized")
TikiTakaReRamArrayOMPreset = tiki_taka_preset("ReRamArrayOM")
TikiTakaReRamArrayHfO2Preset = tiki_taka_preset("ReRamArrayHfO2")

TTv2ReRamESPreset = ttv2_preset("ReRamES")
TTv2ReRamSBPreset = ttv2_preset("ReRamSB")
TTv2CapacitorPreset = ttv2_preset("Capacitor")
TTv2EcRamPreset = ttv2_preset("EcRam")
TTv2EcRamMOPreset = ttv2_preset("EcRamMO")
TTv2IdealizedPreset = ttv2_preset("Idealized")

ChoppedTTv2ReRamESPreset = chopped_ttv2_preset("ReRamES")
ChoppedTTv2ReRamSBPreset = chopped_ttv2_preset("ReRamSB")
ChoppedTTv2CapacitorPreset = chopped_ttv2_preset("Capacitor")
ChoppedTTv2EcRamPreset = chopped_ttv2_preset("EcRam")
ChoppedTTv2EcRamMOPreset = chopped_ttv2_preset("EcRamMO")
ChoppedTTv2IdealizedPreset = chopped_ttv2_preset("Idealized")

AGADReRamESPreset = agad_preset("ReRamES")
AGADReRamSBPreset = agad_preset("ReRamSB")
AGADCapacitorPreset = agad_preset("Capacitor")
AGADEcRamPreset = agad_preset("EcRam")
AGADEcRamMOPreset = agad_preset("EcRamMO")
AGADIdealizedPreset = agad_preset("Idealized")

MixedPrecisionReRamESPreset = mixed_precision_preset("ReRamES")
MixedPrecisionReRamSBPreset = mixed_precision_preset("ReRamSB")
MixedPrecisionCapacitorPreset = mixed_precision_preset("Capacitor")
MixedPrecisionEcRamPreset = mixed_precision_preset("EcRam")
MixedPrecisionEcRamMOPreset = mixed_precision_preset("EcRamMO")
MixedPrecisionIdealizedPreset = mixed_precision_preset("Idealized")
MixedPrecisionGokmenVlasovPreset = mixed_precision_preset("GokmenVlasov")
MixedPrecisionPCMPreset = mixed_precision_preset("PCM")
MixedPrecisionReRamArrayOMPreset = mixed_precision_preset("ReRamArrayOM")
MixedPrecisionReRamArrayHfO2Preset = mixed_precision_preset("ReRamArrayHfO2")
