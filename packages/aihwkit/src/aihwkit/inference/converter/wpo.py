"""Weight programming optimisation: conductances that keep weights closest over time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aihwkit.exceptions import ArgumentError
from aihwkit.inference.converter.conductance import (
    CustomPairConductanceConverter,
    NPairConductanceConverter,
    SinglePairConductanceConverter,
)
from aihwkit.inference.converter.wpo_loss import WeightErrors, loss_weights
from aihwkit.inference.converter.wpo_tables import (
    ProgrammingProblem,
    denormalize,
    denormalize_all,
    partition_parameters,
    reformat_x_g,
    span_of_remaining_pairs,
)
from synaptensor.optional import require
from synaptensor.validation import check_instance

__all__ = [
    "ProgrammingProblem",
    "WeightProgrammingOptimizer",
    "denormalize",
    "downsample_weight_distribution",
    "loss_fxn",
    "loss_rpu_config",
    "loss_weights",
    "partition_parameters",
    "reformat_x_g",
    "shuffle_weights",
    "span_of_remaining_pairs",
    "stop_criterion",
]

_BASELINES = (
    SinglePairConductanceConverter,
    NPairConductanceConverter,
    CustomPairConductanceConverter,
)


def downsample_weight_distribution(weights: Tensor, shape: Any) -> Tensor:
    """Return a tensor of another shape with the same distribution of values, in random order.

    Args:
        weights: any tensor.
        shape: shape of the result.
    """
    shape = torch.Size(shape)
    ordered = weights.detach().flatten().double().sort().values.cpu().numpy()
    positions = np.linspace(0, len(ordered) - 1, shape.numel())
    picked = np.interp(positions, np.arange(len(ordered)), ordered)
    return shuffle_weights(torch.as_tensor(picked, dtype=weights.dtype).view(shape))


def shuffle_weights(weights: Tensor) -> Tensor:
    """Return the values of a tensor in random order."""
    return weights.flatten()[torch.randperm(weights.numel())].view(weights.shape)


def stop_criterion(intermediate_result: Any) -> None:
    """Stop the search as soon as the baseline is beaten by the wanted margin.

    Raises:
        StopIteration: if the objective is negative.
    """
    if intermediate_result.fun < 0:
        print(f"stopped at the objective {float(intermediate_result.fun):.4f}")
        raise StopIteration


def loss_rpu_config(weights: Tensor, rpu_config: Any, t_steps: list[float]) -> float:
    """Return the time-averaged error of weights with the converter of a configuration.

    Args:
        weights: test weights `[out, in]`.
        rpu_config: inference configuration.
        t_steps: times in seconds.
    """
    return WeightErrors(weights, rpu_config, t_steps).of_converter(
        rpu_config.noise_model.g_converter
    )


def loss_fxn(
    x: Any, problem: ProgrammingProblem, errors: WeightErrors, baseline: float, margin: float
) -> Any:
    """Return the objective, relative to the baseline, of one point `[n]` or some `[n, S]`.

    Negative values beat the baseline by more than the margin.
    """
    points = np.asarray(x, dtype=float)
    losses = errors.of_tables(*denormalize_all(points.T, problem))
    objective = (losses - baseline) / baseline + margin
    return float(objective[0]) if points.ndim == 1 else objective


class WeightProgrammingOptimizer:
    """Finds the conductances of weights by differential evolution.

    For a few weights ("nodes") the conductances of all devices are chosen, others are interpolated.
    All candidates of a generation are programmed and drift together.

    Args:
        weights: weights of the model, of any shape; a sample of the same distribution is used.
        f_lst: significance of each pair of devices; None where it is to be found.
        rpu_config: inference configuration; a copy is kept.
        t_steps: times in seconds over which errors are averaged.
        g_converter_baseline: converter to be beaten; also gives the range of conductances.
        symmetric: negative weights exchange the two devices of each pair.
        **kwargs: any attribute below, and arguments of scipy's `differential_evolution`
            (`strategy`, `popsize`, `maxiter`, `tol`, `atol`, `mutation`, `recombination`,
            `polish`, `callback`, `seed`, `disp`, `x_init`); `workers` is accepted and not needed.

    Attributes:
        nbins: nodes on one side of zero, zero included.
        test_in_features: inputs of the test matrix; that of a tile by default.
        test_out_features: outputs of the test matrix.
        g_err: error of pairs at the ends, relative to the range of conductances.
        f_min: smallest significance.
        f_max: largest significance.
        use_max_kw: let the largest weight take the whole range.
        loss_margin: fraction by which the baseline must be beaten.
        baseline_iterations: evaluations that the baseline is averaged over.
        device: where to compute.
        loss_baseline: error with the baseline.
        best_loss: error with the result.
        g_converter: the result.

    Raises:
        TypeError: if the baseline has no pairs of devices.
        ArgumentError: for an unknown keyword.

    Reference:
        Mackin et al., "Optimised weight programming for analogue memory-based deep neural
        networks", Nature Communications 2022.
    """

    def __init__(
        self,
        weights: Tensor,
        f_lst: list[float | None],
        rpu_config: Any,
        t_steps: list[float],
        g_converter_baseline: Any,
        symmetric: bool = True,
        **kwargs: Any,
    ) -> None:
        check_instance("g_converter_baseline", g_converter_baseline, _BASELINES)
        self.rpu_config = copy.deepcopy(rpu_config)
        self.f_lst = f_lst
        self.t_steps = t_steps
        self.g_converter_baseline = copy.deepcopy(g_converter_baseline)
        self.symmetric = symmetric
        self._set_defaults()
        for name, value in kwargs.items():
            if not hasattr(self, name):
                raise ArgumentError(f"{name!r} is no option of {type(self).__name__}")
            setattr(self, name, value)
        self._build_problem(weights)

    def _set_defaults(self) -> None:
        self.nbins = 6
        self.test_in_features = self.rpu_config.mapping.max_input_size or 512
        self.test_out_features = 20
        self.g_err = 0.0
        self.f_min, self.f_max = 0.1, 5.0
        self.use_max_kw = False
        self.loss_margin = 0.125
        self.baseline_iterations = 100
        self.callback: Callable[..., Any] | None = stop_criterion
        self.disp = True
        self.strategy, self.popsize, self.maxiter = "best1bin", 100, 200
        self.tol, self.atol = 0.0, 0.02
        self.mutation: Any = 0.1
        self.recombination = 0.3
        self.polish = True
        self.workers = -1
        self.seed: int | None = 100
        self.x_init: Any = "latinhypercube"
        self.device: Any = "cpu"

    def _build_problem(self, weights: Tensor) -> None:
        shape = (self.test_out_features, self.test_in_features)
        sample = downsample_weight_distribution(weights, shape)
        self.weights_downsampled_unitless = sample.to(self.device)
        self.max_abs_weight_unitless = float(sample.abs().amax())
        largest = self.max_abs_weight_unitless
        self.weights_discretized_unitless = np.linspace(-largest, largest, 2 * self.nbins - 1)
        baseline = self.g_converter_baseline
        self.problem = ProgrammingProblem(
            self.f_lst,
            self.weights_discretized_unitless,
            baseline.g_min,
            baseline.g_max,
            self.g_err * (baseline.g_max - baseline.g_min),
            self.f_min,
            self.f_max,
            self.use_max_kw,
            self.symmetric,
        )
        self.errors = WeightErrors(self.weights_downsampled_unitless, self.rpu_config, self.t_steps)
        self.noise_model = self.rpu_config.noise_model
        self.loss_baseline = self.get_loss_baseline()
        self.best_loss: float | None = None
        self.g_converter: CustomPairConductanceConverter | None = None

    def get_loss_baseline(self) -> float:
        """Return the mean error with the baseline converter."""
        rounds = range(self.baseline_iterations)
        values = [self.errors.of_converter(self.g_converter_baseline) for _ in rounds]
        return float(np.mean(values))

    def run_optimizer(self) -> tuple[CustomPairConductanceConverter, bool]:
        """Search, and return the best converter and whether it beats the baseline by the margin.

        The converter is also put into the noise model of the kept configuration.

        Raises:
            ImportError: if scipy is not installed.
        """
        optimize: Any = require("scipy.optimize", extra="optimize", package="aihwkit")

        def objective(x: Any) -> Any:
            return loss_fxn(x, self.problem, self.errors, self.loss_baseline, self.loss_margin)

        result = optimize.differential_evolution(
            objective,
            [(0.0, 1.0)] * self.problem.dimensions,
            strategy=self.strategy,
            popsize=self.popsize,
            maxiter=self.maxiter,
            tol=self.tol,
            atol=self.atol,
            mutation=self.mutation,
            recombination=self.recombination,
            polish=self.polish,
            callback=self.callback,
            seed=self.seed,
            disp=self.disp,
            init=self.x_init,
            updating="deferred",
            vectorized=True,
        )
        self.best_loss = (float(result.fun) - self.loss_margin + 1) * self.loss_baseline
        factors, table = denormalize(result.x, self.problem)
        baseline = self.g_converter_baseline
        self.g_converter = CustomPairConductanceConverter(
            factors, table, g_max=baseline.g_max, g_min=baseline.g_min
        )
        self.rpu_config.noise_model.g_converter = self.g_converter
        return self.g_converter, bool(result.fun < 0)
