import math
import threading

import pytest
import torch

from synaptensor.kernels import (
    ENVIRONMENT_VARIABLE,
    KernelRegistry,
    capabilities,
    is_forcing,
    use_kernel,
)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


@pytest.fixture
def registry():
    registry = KernelRegistry("core.double")

    @registry.register("torch")
    def plain(x):
        return x + x

    registry.register("fast", lambda x: 2 * x, devices=["cpu"], requires=["math"], priority=1)
    registry.register("absent", "surely_not_there:fn", requires=["surely_not_there"], priority=9)
    registry.register("card", lambda x: x, devices=["cuda"], priority=9)
    return registry


def test_the_best_usable_kernel_is_chosen(registry):
    assert registry.names() == ("torch", "fast", "absent", "card")
    assert registry.choose("cpu") == "fast"
    assert registry.choose("cuda") == "card"
    assert registry.choose("meta") == "torch"
    assert registry.select("cpu")(3) == 6


def test_availability_gives_reasons(registry):
    assert registry.available("cpu") == {
        "torch": None,
        "fast": None,
        "absent": "surely_not_there not installed",
        "card": "it runs on cuda only, the tensors are on cpu",
    }


def test_force_by_argument_block_and_variable_in_this_order(registry, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "torch")
    assert registry.choose("cpu") == "torch"
    with use_kernel("fast"):
        assert registry.choose("cpu") == "fast"
        with use_kernel("torch"):
            assert registry.choose("cpu") == "torch"
        assert registry.choose("cpu", force="torch") == "torch"
    assert registry.choose("cpu") == "torch"


def test_force_can_be_limited_to_a_package_or_function(registry):
    for scope, expected in (("core", "torch"), ("core.double", "torch"), ("cor", "fast")):
        with use_kernel("torch", registry=scope):
            assert registry.choose("cpu") == expected


def test_a_block_ends_with_an_error(registry):
    with pytest.raises(ZeroDivisionError), use_kernel("torch"):
        raise ZeroDivisionError
    assert registry.choose("cpu") == "fast"


def test_a_forced_kernel_that_cannot_run_raises_and_says_why(registry):
    with pytest.raises(
        RuntimeError, match=r"'absent' of 'core\.double' was forced, but surely_not"
    ):
        registry.select("cpu", force="absent")
    with pytest.raises(RuntimeError, match="runs on cuda only, the tensors are on cpu"):
        registry.select("cpu", force="card")
    with use_kernel("card"), pytest.raises(RuntimeError, match="was forced"):
        registry.select("cpu")


def test_a_forced_kernel_that_does_not_exist_raises(registry, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "trch")
    with pytest.raises(
        ValueError, match=r"must be one of 'torch', .* got 'trch'; did you mean 'torch'"
    ):
        registry.select("cpu")


def test_no_kernel_at_all_raises_with_all_reasons():
    registry = KernelRegistry("lonely")
    registry.register("card", abs, devices=["cuda"])
    with pytest.raises(RuntimeError, match=r"no kernel of 'lonely' runs on cpu \(card: it runs on"):
        registry.select("cpu")


def test_a_name_is_registered_once(registry):
    with pytest.raises(ValueError, match=r"must be a new name in 'core\.double', got 'torch'"):
        registry.register("torch", abs)


def test_an_implementation_given_by_path_is_imported_at_first_use():
    registry = KernelRegistry("root")
    registry.register("torch", "math:sqrt")
    registry.register("later", "surely_not_there:fn")
    assert registry.select("cpu", force="torch") is math.sqrt


def test_the_compiler_gets_the_kernel_it_can_trace(registry):
    def double(x):
        return registry.select(x.device)(x)

    torch.compiler.reset()
    compiled = torch.compile(double, backend="eager", fullgraph=True)
    assert torch.equal(compiled(torch.ones(2)), 2 * torch.ones(2))


def test_the_backward_pass_sees_the_forced_kernel(registry):
    chosen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            chosen.append(registry.choose(gradient.device))
            return 2 * gradient

    x = torch.ones(2, requires_grad=True)
    with use_kernel("torch"):
        thread = threading.Thread(target=lambda: Double.apply(x).sum().backward())
        thread.start()
        thread.join()
    assert chosen == ["torch"]


def test_capabilities_is_one_line():
    line = capabilities()
    assert "\n" not in line
    assert f"torch {torch.__version__}" in line
    assert "cpu" in line
    assert "numba" in line
    assert "thread" in line


def test_it_is_known_whether_a_kernel_is_forced():
    assert not is_forcing()
    with use_kernel("torch", registry="other"):
        assert is_forcing()
    assert not is_forcing()
