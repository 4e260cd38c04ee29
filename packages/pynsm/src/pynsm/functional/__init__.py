"""Pure functions: the fast dynamics, the objective, the regularisers."""

from pynsm.functional.dynamics import (
    affine_step,
    lateral_map,
    relaxation_gradient,
    relaxation_step,
    spectral_norm,
)
from pynsm.functional.labels import as_one_hot
from pynsm.functional.objective import correlation, overlap, similarity_terms
from pynsm.functional.projections import is_elementwise
from pynsm.functional.regularization import (
    REGULARIZATIONS,
    competition_penalty,
    weight_penalty,
    whiten_penalty,
)
from pynsm.functional.relaxation import Relaxation, relax
from pynsm.functional.scaling import scale_gradient

__all__ = [
    "REGULARIZATIONS",
    "Relaxation",
    "affine_step",
    "as_one_hot",
    "competition_penalty",
    "correlation",
    "is_elementwise",
    "lateral_map",
    "overlap",
    "relax",
    "relaxation_gradient",
    "relaxation_step",
    "scale_gradient",
    "similarity_terms",
    "spectral_norm",
    "weight_penalty",
    "whiten_penalty",
]
