r"""Evidential deep learning: a classifier that says how uncertain it is.

The network gives evidence $e_k \ge 0$ for every class; $\alpha = e + 1$ are the parameters of a
Dirichlet distribution over class probabilities, with strength $S = \sum_k \alpha_k$.

Reference:
    Sensoy, Kaplan and Kandemir (2018), Evidential deep learning to quantify classification
    uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synaptensor.validation import check_integer

EvidenceFn = Callable[[Tensor], Tensor]


def relu_evidence(z: Tensor) -> Tensor:
    """Evidence ``max(0, z)``."""
    return F.relu(z)


def softplus_evidence(z: Tensor) -> Tensor:
    """Evidence ``log(1 + exp(z))``."""
    return F.softplus(z)


def exp_evidence(z: Tensor) -> Tensor:
    """Evidence ``exp(z / 10)`` with the exponent kept between -10 and 10."""
    return torch.exp((z / 10).clamp(-10, 10))


def get_edl_vars(
    logits: Tensor, num_classes: int, evidence_fn: EvidenceFn = exp_evidence
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Evidence, uncertainty, probabilities and Dirichlet parameters.

    Args:
        logits: ``(B, num_classes)``.
        num_classes: Number of classes.
        evidence_fn: From logits to evidence.

    Returns:
        Evidence ``(B, K)``, uncertainty ``K / S`` ``(B, 1)``, mean probabilities ``(B, K)`` and
        parameters ``(B, K)``.
    """
    evidence = evidence_fn(logits)
    alpha = evidence + 1
    strength = alpha.sum(-1, keepdim=True)
    return evidence, num_classes / strength, alpha / strength, alpha


def get_edl_diagnostics(
    predictions: np.ndarray, targets: np.ndarray, evidences: np.ndarray, uncertainties: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Total evidence and uncertainty of right and wrong predictions.

    Args:
        predictions: Predicted classes ``(B,)``.
        targets: Right classes ``(B,)``.
        evidences: ``(B, K)``.
        uncertainties: ``(B,)`` or ``(B, 1)``.

    Returns:
        Total evidence of right and of wrong predictions, uncertainty of right and of wrong ones.
    """
    right = np.asarray(predictions) == np.asarray(targets)
    total = np.asarray(evidences).sum(-1)
    doubt = np.asarray(uncertainties).reshape(len(right))
    return total[right], total[~right], doubt[right], doubt[~right]


def dirichlet_divergence(alpha: Tensor) -> Tensor:
    """Divergence of a Dirichlet distribution from the uniform one, ``(B,)``."""
    strength = alpha.sum(-1)
    classes = torch.tensor(float(alpha.shape[-1]), dtype=alpha.dtype, device=alpha.device)
    constant = strength.lgamma() - alpha.lgamma().sum(-1) - classes.lgamma()
    return constant + ((alpha - 1) * (alpha.digamma() - strength.digamma()[..., None])).sum(-1)


class EDLLoss(nn.Module):
    r"""Expected squared error under the Dirichlet distribution, plus a growing penalty.

    $$L = \sum_k (y_k - \alpha_k/S)^2 + \frac{\sum_k \alpha_k (S - \alpha_k)}{S^2 (S + 1)}
      + c\,\mathrm{KL}(\mathrm{Dir}(\tilde\alpha)\,\|\,\mathrm{Dir}(1)), \quad
      \tilde\alpha = e (1 - y) + 1, \quad c = \min(1, \mathrm{step} / \mathrm{annealing})$$

    Args:
        num_classes: Number of classes.
        evidence_fn: From logits to evidence.

    Attributes:
        step_count: Number of calls so far, or the last ``global_step`` plus one.

    Examples:
        >>> loss, details = EDLLoss(2)(torch.tensor([[10.0, -10.0]]), torch.tensor([0]))
        >>> sorted(details)
        ['evidence', 'prob', 'uncertainty']
    """

    def __init__(self, num_classes: int = 2, evidence_fn: EvidenceFn = exp_evidence) -> None:
        super().__init__()
        self.num_classes = check_integer("num_classes", num_classes, minimum=2)
        self.evidence_fn = evidence_fn
        self.step_count = 0

    def forward(
        self,
        logits: Tensor,
        target: Tensor,
        global_step: int | None = None,
        annealing_step: int = 65535,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of every sample.

        Args:
            logits: ``(B, num_classes)``.
            target: Classes ``(B,)``.
            global_step: Step of the training; counted by calls if ``None``.
            annealing_step: Step from which the penalty has its full weight.

        Returns:
            Loss ``(B,)``, and ``evidence``, ``uncertainty`` and ``prob``.
        """
        check_integer("annealing_step", annealing_step, minimum=1)
        if global_step is not None:
            self.step_count = check_integer("global_step", global_step, minimum=0)
        evidence, doubt, prob, alpha = get_edl_vars(logits, self.num_classes, self.evidence_fn)
        right = F.one_hot(target, self.num_classes).to(logits.dtype)
        strength = alpha.sum(-1, keepdim=True)
        error = (right - prob).square().sum(-1)
        variance = (alpha * (strength - alpha) / (strength.square() * (strength + 1))).sum(-1)
        weight = min(1.0, self.step_count / annealing_step)
        penalty = weight * dirichlet_divergence(evidence * (1 - right) + 1)
        self.step_count += 1
        details = {"evidence": evidence, "uncertainty": doubt, "prob": prob}
        return error + variance + penalty, details
