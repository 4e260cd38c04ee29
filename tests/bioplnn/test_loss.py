"""Evidential deep learning."""

import numpy as np
import pytest
import torch

from bioplnn.loss import (
    EDLLoss,
    exp_evidence,
    get_edl_diagnostics,
    get_edl_vars,
    relu_evidence,
    softplus_evidence,
)

LOGITS = torch.tensor([[10.0, -10.0], [0.0, 20.0]])
TARGET = torch.tensor([0, 0])


@pytest.mark.parametrize(
    ("evidence", "kwargs", "expected"),
    [
        (exp_evidence, {"global_step": 1, "annealing_step": 1}, [0.2536, 2.5775]),
        (exp_evidence, {}, [0.2093, 1.3314]),
        (relu_evidence, {"global_step": 5, "annealing_step": 10}, [0.0256, 2.8722]),
    ],
    ids=["whole penalty", "no penalty", "rectified evidence"],
)
def test_recorded_losses(evidence, kwargs, expected):
    loss, _ = EDLLoss(2, evidence)(LOGITS, TARGET, **kwargs)
    torch.testing.assert_close(loss, torch.tensor(expected), rtol=0, atol=5e-5)


def test_steps_are_counted():
    criterion = EDLLoss(2)
    criterion(LOGITS, TARGET)
    assert criterion.step_count == 1
    criterion(LOGITS, TARGET, global_step=7)
    assert criterion.step_count == 8


def test_variables_and_diagnostics():
    evidence, doubt, prob, alpha = get_edl_vars(LOGITS, 2, softplus_evidence)
    torch.testing.assert_close(alpha, evidence + 1)
    torch.testing.assert_close(prob.sum(-1), torch.ones(2))
    torch.testing.assert_close(doubt, 2 / alpha.sum(-1, keepdim=True))
    right, wrong, doubt_right, doubt_wrong = get_edl_diagnostics(
        np.array([0, 1]), np.array([0, 0]), np.array([[3.0, 1], [0, 2]]), np.array([0.1, 0.4])
    )
    assert (right.tolist(), wrong.tolist()) == ([4.0], [2.0])
    assert (doubt_right.tolist(), doubt_wrong.tolist()) == ([0.1], [0.4])


def test_gradients():
    logits = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 3, 1])
    assert torch.autograd.gradcheck(
        lambda z: EDLLoss(4)(z, target, global_step=1, annealing_step=2)[0], logits
    )


def test_bad_arguments():
    with pytest.raises(ValueError, match="num_classes"):
        EDLLoss(1)
    with pytest.raises(ValueError, match="annealing_step"):
        EDLLoss(2)(LOGITS, TARGET, annealing_step=0)
