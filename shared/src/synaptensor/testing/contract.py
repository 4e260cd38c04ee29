"""The contract battery: what every module of the four packages promises."""

import copy
import io
import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from synaptensor.optional import require
from synaptensor.tensors import tensor_tree_map
from synaptensor.testing.distributed import run_distributed
from synaptensor.testing.state import (
    assert_independent,
    assert_same_module,
    assert_same_tree,
    assert_state_unchanged,
    capture_state,
    find_tensors,
)
from synaptensor.testing.subject import Subject, gradients, wants_gradients

__all__ = ["ModuleContract"]

pytest = require("pytest", "testing", "synaptensor")

_DTYPES = (torch.float32, torch.float64, torch.bfloat16)


class ModuleContract(Subject):
    """Tests that any `nn.Module` should pass; subclass it, name the subclass ``Test...``.

    Give `make` and `inputs`. Everything else has a default. A class attribute of type
    `Switch` is `True`, or a string that says why the promise means nothing for this module;
    the tests concerned are then skipped with that reason.

    Example:
        >>> class TestLinear(ModuleContract):
        ...     bad_inputs = [((torch.ones(2, 3),), RuntimeError, "cannot be multiplied")]
        ...
        ...     def make(self):
        ...         return nn.Linear(5, 2)
        ...
        ...     def inputs(self, batch):
        ...         return (torch.randn(batch, 5),)

    Attributes:
        batch: Batch size of the tests that need only one.
        other_batches: Batch sizes that the same object must take afterwards.
        batch_dim: Batch dimension of inputs and outputs.
        seed: Seed of torch before construction, inputs and calls.
        steps: Training steps on each side of a save.
        tolerances: ``rtol`` and ``atol`` by dtype where two ways of computing are compared.
        dtypes: Maps a dtype to a `Switch`; those not named stay on.
        batch_change: The same object takes batches of other sizes.
        independent_samples: A sample gives the same result alone and in a batch (eval mode).
        pure_eval: A call in eval mode changes nothing in the module.
        modes: `train()` and `eval()` can be switched freely.
        trainable: Parameters get finite gradients from `loss`.
        device_move: Every tensor that the module holds follows `.to(device)`.
        host_tensors: Paths of tensors that stay on the CPU on purpose, each with the reason.
        state_dict: A fresh object continues from the `state_dict`.
        copies: `copy.deepcopy` and `pickle` give an equal and independent object.
        resume: Training continues bit for bit after saving and loading.
        reproducible: The same seed gives the same numbers.
        inference_mode: A call under `torch.inference_mode` does not spoil later training.
        compile: `torch.compile` gives the same numbers.
        compile_backend: Backend of `torch.compile`; these two need no C++ compiler.
        compile_fullgraph: Whether graph breaks are refused.
        gradcheck: Gradients agree with finite differences in float64.
        distributed: Data parallel over two processes gives the gradients of the whole batch.
        bad_inputs: Triples (args, exception, pattern of the message), or a reason.
    """

    def test_outputs_have_the_documented_shapes(self) -> None:
        """Shapes are as documented, or at least have the batch size."""
        module, outputs = self._module_and_outputs()
        expected = self.expected_shapes(self.batch)
        if expected is not None:
            got = tensor_tree_map(lambda tensor: tuple(tensor.shape), outputs)
            assert got == expected, f"output shapes are {got}, expected {expected}"
            return
        tensors = find_tensors(outputs)
        assert tensors, f"{type(module).__name__} returned no tensor"
        for path, tensor in tensors.items():
            size = tensor.shape[self.batch_dim] if tensor.ndim > self.batch_dim else None
            assert size == self.batch, f"{path} has batch size {size}, expected {self.batch}"

    @pytest.mark.parametrize("dtype", _DTYPES, ids=lambda dtype: str(dtype).split(".")[-1])
    def test_computes_in_every_floating_type(self, dtype: torch.dtype) -> None:
        """Outputs and gradients are finite and of the type the module was moved to."""
        _require(self.dtypes.get(dtype, True), str(dtype))
        module = self._new().to(dtype)
        inputs = self._inputs(dtype=dtype)
        outputs = self._call(module, inputs)
        for path, tensor in find_tensors(outputs).items():
            if tensor.is_floating_point():
                assert tensor.dtype == dtype, f"{path} is {tensor.dtype}, expected {dtype}"
                assert torch.isfinite(tensor).all(), f"{path} is not finite"
        if self.trainable is True:
            self._assert_finite_gradients(module, inputs, outputs)

    def test_every_parameter_gets_a_gradient(self) -> None:
        """Each parameter that wants a gradient gets one that is finite."""
        _require(self.trainable, "trainable")
        module, outputs = self._module_and_outputs()
        self._assert_finite_gradients(module, self._inputs(), outputs)

    def test_takes_other_batch_sizes(self) -> None:
        """One object takes batches of several sizes, one after the other."""
        _require(self.batch_change, "batch_change")
        module = self._new()
        for batch in (self.batch, *self.other_batches, self.batch):
            outputs = self._call(module, self._inputs(batch))
            expected = self.expected_shapes(batch)
            if expected is not None:
                got = tensor_tree_map(lambda tensor: tuple(tensor.shape), outputs)
                assert got == expected, f"batch {batch}: shapes are {got}, expected {expected}"
            for path, tensor in find_tensors(outputs).items():
                if expected is None:
                    got = tensor.shape[self.batch_dim]
                    assert got == batch, f"{path} has batch size {got}, expected {batch}"

    def test_samples_do_not_influence_each_other(self) -> None:
        """A sample gives the same result alone as in a batch."""
        _require(self.independent_samples, "independent_samples")
        inputs = self._inputs()
        together = self._call(self._new().eval(), inputs)
        for index in range(self.batch):
            alone = self._call(self._new().eval(), self._part(inputs, index, index + 1))
            part = self._part(together, index, index + 1)
            assert_same_tree(alone, part, f"sample {index} alone", **self._tolerance())

    def test_eval_call_changes_nothing(self) -> None:
        """In eval mode a call leaves the whole module as it was."""
        _require(self.pure_eval, "pure_eval")
        module = self._new().eval()
        with assert_state_unchanged(module):
            self._call(module, self._inputs())

    def test_modes_can_be_switched(self) -> None:
        """A detour through eval mode and back leaves training as it would have been."""
        _require(self.modes, "modes")
        direct, detour = self._new().train(), self._new().train()
        detour.eval()
        assert not any(m.training for m in detour.modules()), "eval() left a part in training mode"
        detour.train()
        assert all(m.training for m in detour.modules()), "train() left a part in eval mode"
        expected = self._call(direct, self._inputs())
        assert_same_tree(self._call(detour, self._inputs()), expected, "after eval() and train()")

    def test_same_seed_same_result(self) -> None:
        """Construction, call and training are a function of the seed."""
        _require(self.reproducible, "reproducible")
        first, second = self._new(), self._new()
        assert_same_module(second, first)
        expected = self._call(first, self._inputs())
        assert_same_tree(self._call(second, self._inputs()), expected, "the outputs differ")
        self._train(first)
        self._train(second)
        assert_same_module(second, first)

    def test_all_state_moves_with_the_module(self) -> None:
        """No tensor stays behind when the module moves to another device."""
        _require(self.device_move, "device_move")
        module, _ = self._module_and_outputs()
        moved = module.to("meta")
        behind = [p for p, tensor in find_tensors(moved).items() if tensor.device.type != "meta"]
        left = [path for path in behind if path not in self.host_tensors]
        assert not left, f"these tensors did not move with the module: {', '.join(left)}"

    @pytest.mark.gpu
    def test_accelerator_gives_the_same_numbers(self) -> None:
        """The module computes the same after a move to the accelerator, state included."""
        _require(self.device_move, "device_move")
        if not torch.cuda.is_available():
            pytest.skip("no accelerator here")
        here, there = self._new().eval(), self._new().eval()
        inputs = self._inputs()
        self._call(here, inputs)
        self._call(there, inputs)
        moved = tensor_tree_map(lambda tensor: tensor.cuda(), inputs)
        got = tensor_tree_map(lambda tensor: tensor.cpu(), self._call(there.cuda(), moved))
        assert_same_tree(got, self._call(here, inputs), "on the accelerator", **self._tolerance())

    def test_state_dict_restores_a_fresh_module(self) -> None:
        """What was trained, saved and loaded with ``weights_only=True`` gives the same numbers."""
        _require(self.state_dict, "state_dict")
        module = self._new()
        self._train(module)
        self.reset(module)
        saved = _through_file(module.state_dict())
        fresh = self._new(self.seed + 1)
        fresh.load_state_dict(saved, strict=True)
        assert_same_tree(fresh.state_dict(), module.state_dict(), "the state_dict changed")
        self.reset(fresh)
        for mode in (False, True):
            expected = self._call(module.train(mode), self._inputs())
            got = self._call(fresh.train(mode), self._inputs())
            assert_same_tree(got, expected, "the loaded module gives other numbers")

    def test_state_dict_is_not_alive(self) -> None:
        """Plain data in a saved `state_dict` stays as it was when the module goes on."""
        _require(self.state_dict, "state_dict")
        module = self._new()
        self._call(module, self._inputs())
        saved = module.state_dict()
        before = _plain(capture_state(saved))
        self._train(module)
        assert_same_tree(_plain(capture_state(saved)), before, "the saved state_dict changed")

    @pytest.mark.parametrize("way", ["deepcopy", "pickle"])
    def test_copy_is_equal_and_independent(self, way: str) -> None:
        """A copy holds the same, computes the same, and neither changes the other."""
        _require(self.copies, "copies")
        module = self._new()
        self._train(module)
        module.zero_grad()  # torch copies parameters without their gradients
        twin = _copy(module, way)
        assert_same_module(twin, module)
        assert_independent(twin, module)
        with assert_state_unchanged(module):
            got = self._call(twin, self._inputs())
            self._train(twin)
        reference = capture_state(twin)
        expected = self._call(module, self._inputs())
        assert_same_tree(got, expected, f"the {way} gives other numbers")
        self._train(module)
        assert_same_tree(capture_state(twin), reference, "using the original changed the copy")

    def test_training_resumes_bit_for_bit(self) -> None:
        """Saving, loading into fresh objects and going on equals going on."""
        _require(self.resume, "resume")
        module = self._new()
        optimizer = self._optimizer(module)
        self._train(module, optimizer)
        self.reset(module)
        saved = _through_file(
            {
                "module": module.state_dict(),
                "optimizer": None if optimizer is None else optimizer.state_dict(),
                "torch": torch.get_rng_state(),
            }
        )
        fresh = self._new(self.seed + 1)
        fresh.load_state_dict(saved["module"])
        self.reset(fresh)
        fresh_optimizer = self._optimizer(fresh)
        if fresh_optimizer is not None:
            fresh_optimizer.load_state_dict(saved["optimizer"])
        for one, its_optimizer in ((module, optimizer), (fresh, fresh_optimizer)):
            torch.set_rng_state(saved["torch"])
            self._train(one, its_optimizer, seed=None)
        assert_same_tree(fresh.state_dict(), module.state_dict(), "the resumed training differs")

    def test_inference_mode_leaves_training_possible(self) -> None:
        """Numbers under `torch.inference_mode` are the same, and training works afterwards."""
        _require(self.inference_mode, "inference_mode")
        expected = self._call(self._new(), self._inputs())
        module = self._new()
        with torch.inference_mode():
            got = tensor_tree_map(lambda t: t.clone(), self._call(module, self._inputs()))
        assert_same_tree(got, expected, "under inference_mode", **self._tolerance())
        self._train(module)

    def test_compiled_module_gives_the_same_numbers(self) -> None:
        """`torch.compile` changes neither outputs nor gradients."""
        _require(self.compile, "compile")
        torch.compiler.reset()
        plain, other = self._new(), self._new()
        compiled: Any = torch.compile(
            other, backend=self.compile_backend, fullgraph=self.compile_fullgraph
        )
        expected = self._call(plain, self._inputs())
        differentiable = self.trainable is True and wants_gradients(plain)
        with warnings.catch_warnings():
            # The compiler warns at graph breaks; compile_fullgraph decides about those.
            warnings.simplefilter("ignore")
            got = self._call(compiled, self._inputs())
            assert_same_tree(got, expected, "compiled", **self._tolerance())
            if differentiable:
                self.loss(other, self._inputs(), got).backward()
        if differentiable:
            self.loss(plain, self._inputs(), expected).backward()
            both = gradients(other), gradients(plain)
            assert_same_tree(both[0], both[1], "compiled gradients", **self._tolerance())

    def test_gradients_agree_with_finite_differences(self) -> None:
        """`torch.autograd.gradcheck` in float64, on inputs and parameters."""
        _require(self.gradcheck, "gradcheck")
        module = self._new().double()
        inputs = self._inputs(2, torch.float64)
        floats = [t for t in find_tensors(inputs).values() if t.is_floating_point()]
        names = [name for name, p in module.named_parameters() if p.requires_grad]
        values = [p.detach() for p in module.parameters() if p.requires_grad]

        def evaluate(*tensors: Tensor) -> list[Tensor]:
            replacements = dict(zip(map(id, floats), tensors, strict=False))
            args = tensor_tree_map(lambda t: replacements.get(id(t), t), inputs)
            parameters = dict(zip(names, tensors[len(floats) :], strict=True))
            twin = copy.deepcopy(module)  # state left by one call must not reach the next
            torch.manual_seed(self.seed)
            return list(find_tensors(torch.func.functional_call(twin, parameters, args)).values())

        variables = [t.detach().clone().requires_grad_() for t in (*floats, *values)]
        wanted = [i for i, t in enumerate(evaluate(*variables)) if t.requires_grad]
        assert wanted, "no output depends on an input or a parameter"

        def run(*tensors: Tensor) -> tuple[Tensor, ...]:
            outputs = evaluate(*tensors)
            return tuple(outputs[i] for i in wanted)

        assert torch.autograd.gradcheck(run, variables, fast_mode=True)

    def test_data_parallel_equals_the_whole_batch(self) -> None:
        """Two processes with half the batch each get the gradients of one with all of it."""
        _require(self.distributed, "distributed")
        batch = 2 * ((self.batch + 1) // 2)
        module = self._new().to(self._fine_dtype())
        if not wants_gradients(module):
            pytest.skip("no parameter wants a gradient")
        inputs = self._inputs(batch, self._fine_dtype())
        self.loss(module, inputs, self._call(module, inputs)).backward()
        expected = gradients(module)
        ranks = run_distributed(_half_batch, self, batch, modules=[type(self).__module__])
        for rank, got in enumerate(ranks):
            tolerance = self._tolerance(self._fine_dtype())
            assert_same_tree(got, expected, f"gradients of rank {rank}", **tolerance)

    def test_bad_input_is_refused_and_changes_nothing(self) -> None:
        """Each bad input raises its documented error and leaves the module as it was."""
        if isinstance(self.bad_inputs, str):
            pytest.skip(f"bad_inputs: {self.bad_inputs}")
            return
        assert self.bad_inputs, "give bad_inputs, or a string that says why there are none"
        module = self._new()
        self._call(module, self._inputs())
        for args, exception, pattern in self.bad_inputs:
            with assert_state_unchanged(module), pytest.raises(exception, match=pattern):
                module(*args)


def _half_batch(rank: int, contract: ModuleContract, batch: int) -> dict[str, Tensor]:
    half = batch // 2
    module = contract._new().to(contract._fine_dtype())
    inputs = contract._part(
        contract._inputs(batch, contract._fine_dtype()), rank * half, (rank + 1) * half
    )
    parallel = DistributedDataParallel(module)
    contract.loss(module, inputs, contract._call(parallel, inputs)).backward()
    return gradients(module)


def _require(switch: Any, name: str) -> None:
    if switch is True:
        return
    if not isinstance(switch, str) or not switch:
        raise TypeError(f"`{name}` must be True or a reason to switch it off, got {switch!r}")
    pytest.skip(f"{name}: {switch}")


def _through_file(state: Any) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def _copy(module: nn.Module, way: str) -> nn.Module:
    twin: nn.Module = (
        copy.deepcopy(module) if way == "deepcopy" else pickle.loads(pickle.dumps(module))
    )
    return twin


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in state.items() if not isinstance(value, Tensor)}
