"""Measured and assumed values of the preset devices."""

from typing import Any

__all__ = [
    "CAPACITOR",
    "ECRAM",
    "ECRAM_MO",
    "GOKMEN_VLASOV",
    "IDEALIZED",
    "PCM",
    "RERAM_ARRAY_HFO2",
    "RERAM_ARRAY_OM",
    "RERAM_ES",
    "RERAM_SB",
]

RERAM_ES: dict[str, Any] = {
    "dw_min": 0.00135,
    "up_down": 0.259359,
    "w_max": 1.0,
    "w_min": -1.0,
    "dw_min_dtod": 0.2,
    "up_down_dtod": 0.05,
    "w_max_dtod": 0.3,
    "w_min_dtod": 0.3,
    "dw_min_std": 5.0,
    "write_noise_std": 75.0,
    "a": -0.5,
    "b": -0.5,
    "gamma_up": 5.0,
    "gamma_down": 5.0,
    "A_up": -1.18445,
    "A_down": -0.081404,
}

RERAM_SB: dict[str, Any] = {
    "dw_min": 0.002,
    "up_down": 0.0,
    "w_max": 1.25,
    "w_min": -0.75,
    "dw_min_dtod": 0.3,
    "up_down_dtod": 0.01,
    "w_max_dtod": 0.3 / 1.25,
    "w_min_dtod": 0.3 / 0.75,
    "dw_min_std": 3.75,
    "write_noise_std": 56.0,
    "mult_noise": False,
}

_RERAM_ARRAY: dict[str, Any] = {
    "up_down": 0.0,
    "w_max": 1.0,
    "w_min": -1.0,
    "dw_min_dtod_log_normal": True,
    "up_down_dtod": 0.01,
    "mult_noise": False,
    "enforce_consistency": True,
    "corrupt_devices_range": 0.01,
    "corrupt_devices_prob": 0.0,
    "subtract_symmetry_point": True,
    "reference_std": 0.05,
}

RERAM_ARRAY_OM: dict[str, Any] = _RERAM_ARRAY | {
    "dw_min": 0.0949,
    "dw_min_dtod": 0.7829,
    "w_max_dtod": 0.3499,
    "w_min_dtod": 0.5695,
    "dw_min_std": 0.4158,
    "write_noise_std": 1.4113,
}

RERAM_ARRAY_HFO2: dict[str, Any] = _RERAM_ARRAY | {
    "dw_min": 0.4622,
    "dw_min_dtod": 0.7125,
    "w_max_dtod": 0.4295,
    "w_min_dtod": 0.5990,
    "dw_min_std": 0.2174,
    "write_noise_std": 0.5841,
}

CAPACITOR: dict[str, Any] = {
    "dw_min": 0.005,
    "up_down": 0.0,
    "w_max": 1.0,
    "w_min": -1.0,
    "mult_noise": False,
    "gamma_up": 0.05,
    "gamma_down": 0.05,
    "dw_min_dtod": 0.1,
    "up_down_dtod": 0.06,
    "w_max_dtod": 0.07,
    "w_min_dtod": 0.07,
    "gamma_up_dtod": 0.01,
    "gamma_down_dtod": 0.01,
    "dw_min_std": 0.3,
    "write_noise_std": 0.0,
    "mean_bound_reference": True,
    "lifetime": 1.0e6,
    "lifetime_dtod": 0.3,
}

_ECRAM_COMMON: dict[str, Any] = {
    "up_down": 0.0,
    "mult_noise": True,
    "dw_min_dtod": 0.1,
    "up_down_dtod": 0.01,
    "w_max_dtod": 0.05,
    "w_min_dtod": 0.05,
    "gamma_up_dtod": 0.05,
    "gamma_down_dtod": 0.05,
    "write_noise_std": 0.0,
    "mean_bound_reference": True,
}

ECRAM: dict[str, Any] = _ECRAM_COMMON | {
    "dw_min": 0.002,
    "w_max": 1.1724,
    "w_min": -0.8276,
    "gamma_up": 0.1153,
    "gamma_down": 0.5085,
    "dw_min_std": 0.3,
}

ECRAM_MO: dict[str, Any] = _ECRAM_COMMON | {
    "dw_min": 2.8214e-4,
    "w_max": 1.1714,
    "w_min": -0.8286,
    "gamma_up": 0.4152,
    "gamma_down": 0.7342,
    "dw_min_std": 2.0,
}

_CONSTANT_STEP: dict[str, Any] = {
    "dw_min_dtod": 0.3,
    "dw_min_std": 0.3,
    "up_down": 0.0,
    "w_max": 1.0,
    "w_min": -1.0,
    "w_max_dtod": 0.3,
    "w_min_dtod": 0.3,
}

IDEALIZED: dict[str, Any] = _CONSTANT_STEP | {"dw_min": 0.0002, "up_down_dtod": 0.0}

GOKMEN_VLASOV: dict[str, Any] = _CONSTANT_STEP | {"dw_min": 0.0016, "up_down_dtod": 0.01}

PCM: dict[str, Any] = {
    "dw_min": 0.01,
    "dw_min_dtod": 0.2,
    "dw_min_std": 0.6,
    "up_down": 0.0,
    "up_down_dtod": 0.05,
    "w_max": 2.0,
    "w_min": 0.0,
    "w_max_dtod": 0.1,
    "w_min_dtod": 0.0,
    "a": -1.0,
    "b": 0.0,
    "gamma_up": 2.5,
    "gamma_down": 2.5,
    "A_up": -27.235,
    "A_down": -2.235,
    "dw_min_std_add": 0.042,
    "dw_min_std_slope": 0.108,
    "write_noise_std": 0.0,
    "reset": 0.01,
    "reset_dtod": 0.02,
}
