import math

import pytest
import torch

from inferno.functional import exp_stdp_post_kernel, exp_stdp_pre_kernel

INF, NAN = float("inf"), float("nan")


def test_values_of_either_order():
    diff = torch.tensor([5.0, 0.0, -5.0])
    post = exp_stdp_post_kernel(diff, 0.1, 20.0, unused=1)
    torch.testing.assert_close(post, torch.tensor([0.1 * math.exp(-0.25), 0.1, 0.0]))
    assert post[0].item() == pytest.approx(0.0779, abs=5e-5)
    pre = exp_stdp_pre_kernel(diff, -0.2, 20.0)
    assert pre.tolist() == [0, 0, pytest.approx(-0.1558, abs=5e-5)]


@pytest.mark.parametrize("kernel", [exp_stdp_post_kernel, exp_stdp_pre_kernel])
def test_unseen_spikes_give_nothing(kernel):
    got = kernel(torch.tensor([INF, -INF, NAN]), 0.1, 20.0)
    assert got.tolist() == [0, 0, 0]


@pytest.mark.parametrize("kernel", [exp_stdp_post_kernel, exp_stdp_pre_kernel])
def test_kernels_compile_whole(kernel):
    torch.compiler.reset()
    diff = torch.randn(4)
    compiled = torch.compile(lambda d: kernel(d, 0.1, 20.0), fullgraph=True, backend="eager")
    assert torch.equal(compiled(diff), kernel(diff, 0.1, 20.0))
