"""Device parameters from measured responses to pulses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aihwkit.exceptions import ArgumentError, ConfigError
from aihwkit.simulator.configs.configs import SingleRPUConfig
from aihwkit.simulator.configs.pulsed import PulsedDevice
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters
from aihwkit.simulator.tiles.analog import AnalogTile
from synaptensor.optional import require

__all__ = ["FitParameter", "FitResult", "fit_measurements", "model_response"]

Array = NDArray[np.float64]
_METHODS = {"powell": "Powell", "nelder": "Nelder-Mead", "lbfgsb": "L-BFGS-B", "cobyla": "COBYLA"}
_DIFFERENCE = 1e-4


@dataclass
class FitParameter:
    """One fitted number.

    Attributes:
        value: best value.
        min: lower bound.
        max: upper bound.
        vary: whether it was fitted.
        stderr: standard error, or None if it cannot be estimated.
    """

    value: float
    min: float = -np.inf
    max: float = np.inf
    vary: bool = True
    stderr: float | None = None


@dataclass
class FitResult:
    """Result of a fit.

    Attributes:
        params: fitted parameters by name.
        success: whether the search ended by its own criterion.
        message: why it ended.
        nfev: number of simulated responses.
        chisqr: sum of squared deviations.
        residual: deviations of the best response.
    """

    params: dict[str, FitParameter]
    success: bool
    message: str
    nfev: int
    chisqr: float
    residual: Array = field(repr=False)

    @property
    def best_values(self) -> dict[str, float]:
        """Values by name."""
        return {name: parameter.value for name, parameter in self.params.items()}


def fit_measurements(
    parameters: Any,
    pulse_data: Any,
    response_data: Any,
    device_config: Any,
    suppress_device_noise: bool = True,
    max_pulses: int | None = 1,
    n_traces: int = 1,
    fit_weights: Any = None,
    method: str = "powell",
    verbose: bool = False,
    **fit_kwargs: Any,
) -> tuple[FitResult, Any, Any]:
    """Fit parameters of a device to measured responses.

    Args:
        parameters: name to `(initial value, minimum, maximum)`, or to a number that stays.
        pulse_data: numbers of pulses between measurements, negative for down, `[n]` or
            `[n, devices]`; or a tuple of such arrays.
        response_data: measured weights of the same shape, or a tuple of arrays.
        device_config: device, or configuration.
        suppress_device_noise: fit a device without variation; the returned configuration has the
            variation of `device_config` again.
        max_pulses: longest pulse train; for a bare device only.
        n_traces: simulated devices to average over.
        fit_weights: weight of each measurement: a number, or one number for each device.
        method: `powell`, `nelder`, `lbfgsb`, `cobyla`, or a method of scipy's `minimize`.
        verbose: print the deviation of every simulated response.
        **fit_kwargs: options of the method.

    Returns:
        Fitted parameters with standard errors, the configuration with them, and the best response.

    Raises:
        ArgumentError: if arguments do not fit together.
        ConfigError: for a parameter that the device does not have.
        ImportError: if scipy is not installed.
    """
    optimize: Any = require("scipy.optimize", extra="fitting", package="aihwkit")
    fit = _read_parameters(parameters)
    pulses, responses, is_tuple = _measurements(pulse_data, response_data)
    weights = _fit_weights(fit_weights, responses)
    config = _fit_config(device_config, max_pulses)
    quiet = copy.deepcopy(config)
    if suppress_device_noise:
        _suppress_noise(quiet.device)
    for name, parameter in fit.items():
        _set_parameter(quiet.device, name, parameter.value)
    varied = [name for name, parameter in fit.items() if parameter.vary]
    options = (quiet, n_traces, weights, verbose)
    calls = 0

    def deviations(x: Any) -> Array:
        nonlocal calls
        calls += 1
        values = dict(zip(varied, map(float, x), strict=True))
        return _deviations(values, pulses, responses, *options)

    result = optimize.minimize(
        lambda x: float(np.sum(deviations(x) ** 2)),
        [fit[name].value for name in varied],
        method=_METHODS.get(method.lower(), method),
        bounds=[(fit[name].min, fit[name].max) for name in varied],
        options=fit_kwargs or None,
    )
    best = np.atleast_1d(result.x)
    residual = deviations(best)
    for name, value in zip(varied, best, strict=True):
        fit[name].value = float(value)
    _add_errors(fit, varied, best, residual, deviations)
    for name, parameter in fit.items():
        _set_parameter(config.device, name, parameter.value)
    response = _responses(pulses, responses, quiet, n_traces)
    done = FitResult(
        fit,
        bool(result.success),
        str(result.message),
        calls,
        float(np.sum(residual**2)),
        residual,
    )
    return done, config, response if is_tuple else response[0]


def model_response(
    params: dict[str, Any],
    pulse_data: Any,
    response_data: Any,
    rpu_config: Any,
    n_traces: int = 1,
    fit_weights: Any = None,
    verbose: bool = True,
    only_response: bool = False,
) -> Any:
    """Return the deviation of a simulated response from a measured one, or the response itself.

    Args:
        params: values by name, or `FitParameter` by name; written into `rpu_config`.
        pulse_data: as in `fit_measurements`.
        response_data: as in `fit_measurements`; its first values are the initial weights.
        rpu_config: configuration with the device.
        n_traces: simulated devices to average over.
        fit_weights: weight of each measurement.
        verbose: print the standard deviation of the deviation.
        only_response: return the response, a list for tuples.

    Raises:
        ConfigError: for a parameter that the device does not have.
    """
    pulses, responses, is_tuple = _measurements(pulse_data, response_data)
    values = {name: float(getattr(value, "value", value)) for name, value in params.items()}
    if only_response:
        for name, value in values.items():
            _set_parameter(rpu_config.device, name, value)
        result = _responses(pulses, responses, rpu_config, n_traces)
        return result if is_tuple else result[0]
    weights = _fit_weights(fit_weights, responses)
    return _deviations(values, pulses, responses, rpu_config, n_traces, weights, verbose)


# -- arguments -----------------------------------------------------------------------------------


def _read_parameters(parameters: Any) -> dict[str, FitParameter]:
    if not isinstance(parameters, dict) or not parameters:
        raise ArgumentError(
            "parameters must be a dictionary of names with (initial, minimum, maximum) or a "
            f"number, got {type(parameters).__name__}"
        )
    result = {}
    for name, value in parameters.items():
        if isinstance(value, int | float):
            result[name] = FitParameter(float(value), vary=False)
        elif isinstance(value, Sequence) and len(value) == 3:
            initial, low, high = map(float, value)
            result[name] = FitParameter(initial, low, high)
        elif hasattr(value, "value") and hasattr(value, "min"):
            result[name] = FitParameter(value.value, value.min, value.max, value.vary)
        else:
            raise ArgumentError(
                f"parameters[{name!r}] must be a number or (initial, minimum, maximum), got "
                f"{value!r}"
            )
        item = result[name]
        if not item.min <= item.value <= item.max:
            raise ArgumentError(f"parameters[{name!r}] must begin within its bounds, got {value!r}")
    if not any(item.vary for item in result.values()):
        raise ArgumentError("parameters must have at least one that varies")
    return result


def _measurements(pulse_data: Any, response_data: Any) -> tuple[list[Array], list[Array], bool]:
    is_tuple = isinstance(pulse_data, tuple)
    if is_tuple != isinstance(response_data, tuple):
        raise ArgumentError("pulse_data and response_data must both be tuples, or both arrays")
    pairs = zip(
        pulse_data if is_tuple else (pulse_data,),
        response_data if is_tuple else (response_data,),
        strict=True,
    )
    pulses, responses = [], []
    for pulse, response in pairs:
        p, r = (np.asarray(v, dtype=float).reshape(len(v), -1) for v in (pulse, response))
        if p.shape != r.shape or len(p) < 2:
            raise ArgumentError(
                "pulse_data and response_data must have the same shape, with 2 or more rows, got "
                f"{p.shape} and {r.shape}"
            )
        pulses.append(p)
        responses.append(r)
    return pulses, responses, is_tuple


def _fit_weights(fit_weights: Any, responses: list[Array]) -> list[Array]:
    if fit_weights is None:
        return [np.ones(1) for _ in responses]
    if len(responses) == 1 and np.ndim(fit_weights) == 0:
        fit_weights = [fit_weights]
    if len(fit_weights) != len(responses):
        raise ArgumentError(
            f"fit_weights must have one entry for each of {len(responses)} measurements, got "
            f"{len(fit_weights)}"
        )
    return [np.atleast_1d(np.asarray(weight, dtype=float)) for weight in fit_weights]


def _fit_config(device_config: Any, max_pulses: int | None) -> Any:
    config = copy.deepcopy(device_config)
    if not isinstance(config, PulsedDevice):
        return config
    update = UpdateParameters()
    if max_pulses is not None:
        update = UpdateParameters(
            desired_bl=max_pulses, update_bl_management=False, update_management=False
        )
    forward = IOParameters(is_perfect=True)
    return SingleRPUConfig(device=config, update=update, forward=forward)


def _suppress_noise(device: Any) -> None:
    for item in fields(device):
        if item.name.endswith(("dtod", "std")) and isinstance(getattr(device, item.name), float):
            setattr(device, item.name, 0.0)


def _set_parameter(device: Any, name: str, value: float) -> None:
    if name not in {item.name for item in fields(device)}:
        raise ConfigError(f"a {type(device).__name__} has no parameter {name!r}")
    setattr(device, name, value)


# -- simulation ----------------------------------------------------------------------------------


def _responses(
    pulses: list[Array], responses: list[Array], config: Any, n_traces: int
) -> list[Array]:
    return [
        _response(pulse, response[0], config, n_traces)
        for pulse, response in zip(pulses, responses, strict=True)
    ]


@torch.no_grad()
def _response(pulses: Array, start: Array, config: Any, n_traces: int) -> Array:
    """Return the mean weights `[n, devices]` of simulated devices after each train of pulses."""
    n_devices = pulses.shape[1]
    tile = AnalogTile(n_traces, n_devices, config)
    tile.set_learning_rate(1.0)
    tile.set_weights(torch.as_tensor(start, dtype=torch.float32).expand(n_traces, -1))
    error = -torch.ones(1, n_traces)
    trains = torch.as_tensor(pulses, dtype=torch.float32)
    result = np.empty_like(pulses)
    result[0] = start
    for index in range(len(pulses) - 1):
        tile.tile.update(trains[index : index + 1], error)
        result[index + 1] = tile.tile.get_weights(as_ref=True).double().mean(dim=0).numpy()
    return result


def _deviations(
    values: dict[str, float],
    pulses: list[Array],
    responses: list[Array],
    config: Any,
    n_traces: int,
    weights: list[Array],
    verbose: bool,
) -> Array:
    for name, value in values.items():
        _set_parameter(config.device, name, value)
    simulated = _responses(pulses, responses, config, n_traces)
    parts = [
        ((model - measured) * weight).ravel()
        for model, measured, weight in zip(simulated, responses, weights, strict=True)
    ]
    result = np.concatenate(parts)
    if verbose:
        print(f"deviation {result.std():.6g} for {values}")
    return result


def _add_errors(
    fit: dict[str, FitParameter],
    varied: list[str],
    best: Array,
    residual: Array,
    deviations: Callable[[Any], Array],
) -> None:
    """Estimate standard errors from the curvature at the best values."""
    columns = []
    for index in range(len(best)):
        step = np.zeros_like(best)
        step[index] = _DIFFERENCE * max(abs(best[index]), _DIFFERENCE)
        change = deviations(best + step) - deviations(best - step)
        columns.append(change / (2 * step[index]))
    jacobian = np.stack(columns, axis=1)
    freedom = len(residual) - len(best)
    deviations(best)
    if freedom <= 0 or np.linalg.matrix_rank(jacobian) < len(best):
        return
    covariance = np.linalg.inv(jacobian.T @ jacobian) * np.sum(residual**2) / freedom
    for name, variance in zip(varied, np.diag(covariance), strict=True):
        fit[name].stderr = float(np.sqrt(variance))
