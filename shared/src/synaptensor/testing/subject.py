"""What the contract battery works on: how to make, feed and train a module."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from synaptensor.tensors import tensor_tree_map
from synaptensor.testing.state import find_tensors

__all__ = ["Subject", "Switch", "gradients", "wants_gradients"]

Switch = Literal[True] | str
BadInput = tuple[tuple[Any, ...], type[Exception], str]

_TOLERANCE = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-11},
    torch.float32: {"rtol": 1e-4, "atol": 1e-5},
    torch.bfloat16: {"rtol": 5e-2, "atol": 5e-2},
}


class Subject:
    """The module under test: `ModuleContract` documents the attributes and adds the tests."""

    batch: ClassVar[int] = 4
    other_batches: ClassVar[Sequence[int]] = (1, 3)
    batch_dim: ClassVar[int] = 0
    seed: ClassVar[int] = 0
    steps: ClassVar[int] = 2
    tolerances: ClassVar[Mapping[torch.dtype, Mapping[str, float]]] = _TOLERANCE

    dtypes: ClassVar[Mapping[torch.dtype, Switch]] = {}
    batch_change: ClassVar[Switch] = True
    independent_samples: ClassVar[Switch] = True
    pure_eval: ClassVar[Switch] = True
    modes: ClassVar[Switch] = True
    trainable: ClassVar[Switch] = True
    device_move: ClassVar[Switch] = True
    host_tensors: ClassVar[Mapping[str, str]] = {}
    state_dict: ClassVar[Switch] = True
    copies: ClassVar[Switch] = True
    resume: ClassVar[Switch] = True
    reproducible: ClassVar[Switch] = True
    inference_mode: ClassVar[Switch] = True
    compile: ClassVar[Switch] = True
    compile_backend: ClassVar[Literal["eager", "aot_eager"]] = "aot_eager"
    compile_fullgraph: ClassVar[bool] = False
    gradcheck: ClassVar[Switch] = True
    distributed: ClassVar[Switch] = True
    bad_inputs: ClassVar[Sequence[BadInput] | str] = ()

    def make(self) -> nn.Module:
        """Return a new module, on the CPU, in float32."""
        raise NotImplementedError(f"{type(self).__name__} must define make()")

    def inputs(self, batch: int) -> tuple[Any, ...]:
        """Return the positional arguments for a batch; called after seeding torch."""
        raise NotImplementedError(f"{type(self).__name__} must define inputs(batch)")

    def expected_shapes(self, batch: int) -> Any:
        """Return the nested shapes of the outputs, or `None` to check only the batch size."""
        return None

    def loss(self, module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> Tensor:
        """Return the loss, a mean over the batch; the mean square of all outputs by default."""
        floats = [t for t in find_tensors(outputs).values() if t.is_floating_point()]
        return torch.stack([t.square().mean() for t in floats]).sum()

    def make_optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        """Return the optimizer of the training tests; by default SGD with momentum."""
        return torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)

    def train_step(
        self, module: nn.Module, inputs: tuple[Any, ...], optimizer: torch.optim.Optimizer | None
    ) -> None:
        """Do one step of training; `optimizer` is `None` for a module without parameters."""
        outputs = module(*inputs)
        if optimizer is not None:
            optimizer.zero_grad()
            self.loss(module, inputs, outputs).backward()
            optimizer.step()

    def reset(self, module: nn.Module) -> None:
        """Clear transient state that the `state_dict` does not hold; nothing by default."""

    def _new(self, seed: int | None = None) -> nn.Module:
        torch.manual_seed(self.seed if seed is None else seed)
        return self.make()

    def _inputs(self, batch: int | None = None, dtype: torch.dtype | None = None) -> Any:
        torch.manual_seed(self.seed + 1)
        inputs = self.inputs(self.batch if batch is None else batch)
        if dtype is None:
            return inputs
        return tensor_tree_map(lambda t: t.to(dtype) if t.is_floating_point() else t, inputs)

    def _call(self, module: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
        torch.manual_seed(self.seed + 2)
        return module(*inputs)

    def _module_and_outputs(self) -> tuple[nn.Module, Any]:
        module = self._new()
        return module, self._call(module, self._inputs())

    def _optimizer(self, module: nn.Module) -> torch.optim.Optimizer | None:
        return self.make_optimizer(module) if wants_gradients(module) else None

    def _train(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        seed: int | None = 3,
    ) -> None:
        inputs = [self._inputs() for _ in range(self.steps)] if seed is not None else []
        optimizer = self._optimizer(module) if optimizer is None else optimizer
        if seed is not None:
            torch.manual_seed(self.seed + seed)
        for step in range(self.steps):
            batch = inputs[step] if inputs else self.inputs(self.batch)
            self.train_step(module, batch, optimizer)

    def _part(self, tree: Any, start: int, stop: int) -> Any:
        length = stop - start
        return tensor_tree_map(lambda t: t.narrow(self.batch_dim, start, length), tree)

    def _tolerance(self, dtype: torch.dtype = torch.float32) -> dict[str, float]:
        return dict(self.tolerances.get(dtype, _TOLERANCE[dtype]))

    def _fine_dtype(self) -> torch.dtype:
        double = self.dtypes.get(torch.float64, True) is True
        return torch.float64 if double else torch.float32

    def _assert_finite_gradients(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        if not wants_gradients(module):
            return
        self.loss(module, inputs, outputs).backward()
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                assert parameter.grad is not None, f"{name} got no gradient"
                assert torch.isfinite(parameter.grad).all(), f"the gradient of {name} is not finite"


def wants_gradients(module: nn.Module) -> bool:
    """Whether any parameter of `module` wants a gradient."""
    return any(parameter.requires_grad for parameter in module.parameters())


def gradients(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of the gradients that the parameters have, by name."""
    return {
        name: parameter.grad.detach().clone()
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }
