"""Comparison of nested states, stricter than that of modules: the order of keys counts."""

import torch


def assert_equal(a, b, equal_nan=False):
    """Assert that nested containers hold the same keys in the same order, and the same bits."""
    if isinstance(a, torch.Tensor):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=equal_nan)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            assert_equal(a[key], b[key], equal_nan)
    elif isinstance(a, list | tuple):
        for one, other in zip(a, b, strict=True):
            assert_equal(one, other, equal_nan)
    else:
        assert a == b
