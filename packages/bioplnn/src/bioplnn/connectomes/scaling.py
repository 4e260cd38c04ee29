r"""Synapse sizes under which a network wired by a connectome can learn.

Counts of synapses say nothing about gain. With raw counts the activity of a recurrent network
explodes or dies, and so do its gradients. Two steps set the gain: every neuron receives as much
inhibition as excitation, and the largest eigenvalue of the signed matrix gets a given modulus
$\rho$ (near 1, at the edge between fading and growing activity for a slope of 1).

Reference:
    Rajan and Abbott (2006), Eigenvalue spectra of random matrices for neural networks.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioplnn.connectomes.connectome import Connectome
from bioplnn.functional.sparse import sparse_matmul, sparse_pattern
from synaptensor.validation import check_integer, check_positive


@torch.no_grad()
def spectral_radius(weights: Tensor, signs: np.ndarray | None = None, steps: int = 200) -> float:
    r"""Estimate the largest modulus of the eigenvalues of a signed sparse matrix.

    The mean growth of a random vector over the last three quarters of the products
    $x \leftarrow W (\sigma x)$; it converges also where the largest eigenvalues are complex.

    Args:
        weights: COO matrix ``(N, N)``, row = receiver.
        signs: Sign $\sigma$ of every sender; all positive if ``None``.
        steps: Number of products.

    Returns:
        The estimate; 0 where activity dies out by itself (no recurrent loop).
    """
    steps = check_integer("steps", steps, minimum=4)
    count = weights.shape[0]
    pattern = sparse_pattern(weights.indices(), count, count)
    values = weights.values().double()
    if signs is not None:
        values = values * torch.as_tensor(signs, dtype=torch.float64)[weights.indices()[1]]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    growths = []
    for _ in range(steps):
        x = sparse_matmul(pattern, values, x)
        growth = x.norm().item()
        if growth == 0.0:
            return 0.0
        growths.append(np.log(growth))
        x = x / growth
    return float(np.exp(np.mean(growths[steps // 4 :])))


def normalize(
    connectome: Connectome,
    spectral_radius: float | None = 1.0,
    *,
    balance: bool = True,
    unknown: str = "excitatory",
) -> Connectome:
    """Scale synapse sizes so that activity neither dies nor explodes.

    Args:
        connectome: Wiring and sizes.
        spectral_radius: Largest modulus of the eigenvalues of the signed matrix; for functions
            of another slope than 1 divide by it (the logistic function has slope 1/4, so 4).
            ``None`` leaves the overall scale alone.
        balance: Whether to first scale the sizes so that the excitation that a neuron receives
            adds up to 1, and its inhibition, too.
        unknown: Class of neurons of unknown sign.

    Returns:
        The same wiring with new sizes.

    Raises:
        ValueError: The wiring has no loop, so that its spectral radius is 0.
    """
    signs = connectome.known_signs(unknown)
    values = connectome.weights.values().clone()
    if balance:
        values = balanced(connectome, values, signs)
    if spectral_radius is None:
        return connectome.with_values(values)
    target = check_positive("spectral_radius", float(spectral_radius))
    scaled = connectome.with_values(values)
    found = _radius(scaled.weights, signs)
    if found == 0.0:
        raise ValueError(
            f"spectral_radius must be None for a connectome without a loop, got {spectral_radius}"
        )
    return connectome.with_values(values * (target / found))


_radius = spectral_radius  # the argument of normalize() has the function's name


def balanced(connectome: Connectome, values: Tensor, signs: np.ndarray) -> Tensor:
    """Sizes with which the synapses of either sign of every neuron add up to 1."""
    inhibitory = torch.as_tensor(signs < 0)[connectome.sources]
    result = values.clone()
    for chosen in (inhibitory, ~inhibitory):
        rows = connectome.targets[chosen]
        sums = torch.zeros(connectome.num_neurons, dtype=values.dtype)
        sums.index_add_(0, rows, values[chosen])
        result[chosen] /= sums[rows].clamp(min=torch.finfo(values.dtype).tiny)
    return result
