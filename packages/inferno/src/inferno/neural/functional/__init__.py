"""Pure functions on the state of neurons, synapses and connections."""

from .after_spike import (
    adaptive_thresholds_membrane,
    after_spike_current,
    after_spike_currents_update,
)
from .conductance import (
    conductance_alpha,
    conductance_current,
    conductance_equivalent_current,
    voltage_integration_conductance,
)
from .differentiable import voltage_thresholding_surrogate
from .encoding import (
    homogeneous_poisson_exp_interval,
    homogeneous_poisson_exp_interval_online,
    homogenous_poisson_bernoulli_approx,
    homogenous_poisson_bernoulli_approx_online,
    inhomogeneous_poisson_bernoulli_approx,
    poisson_interval,
    poisson_interval_online,
)
from .neuron_adaptation import (
    adaptive_currents_linear,
    adaptive_thresholds_linear_spike,
    adaptive_thresholds_linear_voltage,
    apply_adaptive_currents,
    apply_adaptive_thresholds,
)
from .neuron_dynamics import (
    voltage_integration_exponential,
    voltage_integration_linear,
    voltage_integration_quadratic,
    voltage_thresholding_constant,
    voltage_thresholding_linear,
)
from .surrogates import (
    ATan,
    FastSigmoid,
    Gaussian,
    Sigmoid,
    StraightThrough,
    SuperSpike,
    Surrogate,
    Triangle,
)

__all__ = [
    "ATan",
    "FastSigmoid",
    "Gaussian",
    "Sigmoid",
    "StraightThrough",
    "SuperSpike",
    "Surrogate",
    "Triangle",
    "adaptive_currents_linear",
    "adaptive_thresholds_linear_spike",
    "adaptive_thresholds_linear_voltage",
    "adaptive_thresholds_membrane",
    "after_spike_current",
    "after_spike_currents_update",
    "apply_adaptive_currents",
    "apply_adaptive_thresholds",
    "conductance_alpha",
    "conductance_current",
    "conductance_equivalent_current",
    "homogeneous_poisson_exp_interval",
    "homogeneous_poisson_exp_interval_online",
    "homogenous_poisson_bernoulli_approx",
    "homogenous_poisson_bernoulli_approx_online",
    "inhomogeneous_poisson_bernoulli_approx",
    "poisson_interval",
    "poisson_interval_online",
    "voltage_integration_conductance",
    "voltage_integration_exponential",
    "voltage_integration_linear",
    "voltage_integration_quadratic",
    "voltage_thresholding_constant",
    "voltage_thresholding_linear",
    "voltage_thresholding_surrogate",
]
