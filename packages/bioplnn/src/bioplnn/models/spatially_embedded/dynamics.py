"""The equations of one area with its parameters made ready for one forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.functional.recurrence import (
    SUPPORTED_ACTIVATIONS,
    fused_recurrence_allowed,
    leaky_conv_recurrence,
)
from bioplnn.functional.spatial import channels_last, leaky_step
from bioplnn.models.spatially_embedded.fusion import (
    OUTPUT,
    Bank,
    Connection,
    Projection,
    constant_bias,
)

BankTensors = dict[str, Tensor]
"""One tensor per bank, by the bank's name."""

# One call on a whole bank equals one call per type only for functions of single elements.
_ELEMENTWISE = (
    nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh,
    nn.Identity, nn.LeakyReLU, nn.LogSigmoid, nn.Mish, nn.ReLU, nn.ReLU6, nn.SELU, nn.SiLU,
    nn.Sigmoid, nn.Softplus, nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink,
)  # fmt: skip


@dataclass(frozen=True)
class AreaPlan:
    """What of an area's wiring is fixed when it is built.

    Args:
        cells: Banks of cells as destinations, ``members`` are type numbers.
        output: The output as a bank with one member.
        connections: All connections.
        projections: The convolutions that compute them.
    """

    cells: tuple[Bank, ...]
    output: Bank
    connections: tuple[Connection, ...]
    projections: tuple[Projection, ...]

    def into(self, destination: str, sources: Sequence[str]) -> list[int]:
        """Positions of the projections from any of the sources into one bank."""
        return [
            k
            for k, p in enumerate(self.projections)
            if p.destination.name == destination and p.source.name in sources
        ]

    def silent_at_zero(self) -> bool:
        """Whether cells at zero send nothing (apart from constant biases)."""
        names = {bank.name for bank in self.cells}
        return all(
            p.connections[0].linear
            for p in self.projections
            if p.source.name in names and p.destination.name in names
        )

    def pack(self, states: Sequence[Tensor]) -> BankTensors:
        """Join the states of the types into one tensor per bank."""
        packed = {}
        for bank in self.cells:
            parts = [states[i] for i in bank.members]
            joined = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
            packed[bank.name] = channels_last(joined)
        return packed

    def unpack(self, banks: Mapping[str, Tensor], channel_dim: int = 1) -> list[Tensor]:
        """Split one tensor per bank into the states of the types."""
        parts: dict[int, Tensor] = {}
        for bank in self.cells:
            split = banks[bank.name].split(bank.channels, channel_dim)
            parts.update(zip(bank.members, split, strict=True))
        return [parts[i] for i in sorted(parts)]


class AreaDynamics:
    """Weights, biases and rates of an area, projected and fused once per forward pass.

    Args:
        plan: The area's wiring.
        convs: Convolution of every connection by (row, column), or a module in its place whose
            connection is not linear in the plan.
        activations: Nonlinearity of every connection by (row, column).
        nonlinearities: Nonlinearity of every type.
        taus: Time constants of every type, broadcastable to ``(1, C, H, W)``.
        out_nonlinearity: Applied to the output.
    """

    def __init__(
        self,
        plan: AreaPlan,
        convs: Mapping[tuple[int, int], Any],
        activations: Mapping[tuple[int, int], nn.Module],
        nonlinearities: Sequence[nn.Module],
        taus: Sequence[Tensor],
        out_nonlinearity: nn.Module,
    ) -> None:
        self.plan = plan
        self._convs = convs
        self._activations = activations
        self._nonlinearities = nonlinearities
        self._out_nonlinearity = out_nonlinearity
        # `None` for projections whose module has no kernel; these are never fused.
        self._weights: list[Any] = [projection.weight(convs) for projection in plan.projections]
        self._biases = {
            bank.name: constant_bias(plan.connections, bank, convs)
            for bank in (*plan.cells, plan.output)
        }
        self._rates = {bank.name: _rates(bank, taus) for bank in plan.cells}

    def drive(
        self, sources: Mapping[str, Tensor], destination: str, *, with_bias: bool = False
    ) -> Tensor | None:
        """Sum what some sources send to a bank, with its constant biases if wanted."""
        bias = self._biases[destination] if with_bias else None
        total = None
        for k in self.plan.into(destination, tuple(sources)):
            projection, weight = self.plan.projections[k], self._weights[k]
            source = sources[projection.source.name]
            if bias is not None and projection.fused and projection.fills_destination:
                # The convolution adds the bias for free.
                part, bias = projection(source, weight, bias.flatten()), None
            else:
                part = self._project(projection, weight, source)
            total = add_given(total, part)
        return add_given(total, bias)

    def external(
        self, sources: Mapping[str, Tensor], *, with_bias: bool = True
    ) -> dict[str, Tensor | None]:
        """What input and feedback send to every bank of cells, with the constant biases."""
        return {
            bank.name: self.drive(sources, bank.name, with_bias=with_bias)
            for bank in self.plan.cells
        }

    def step(
        self, state: BankTensors | None, external: Mapping[str, Tensor | None], batch: int
    ) -> BankTensors:
        """Advance all cells by one step; ``state=None`` stands for zero."""
        if state is None and not self.plan.silent_at_zero():
            state = self.zeros(batch)
        new = {}
        for bank in self.plan.cells:
            shape = (batch, sum(bank.channels), *bank.size)
            recurrent = None if state is None else self.drive(state, bank.name)
            total = add_given(external[bank.name], recurrent)
            if total is None:
                total = self._rates[bank.name].new_zeros(1, shape[1], 1, 1)
            if total.shape != shape:
                total = total.expand(shape)
            old = None if state is None else state[bank.name]
            new[bank.name] = leaky_step(old, self._activity(bank, total), self._rates[bank.name])
        return new

    def can_run_fused(self) -> bool:
        """Whether all steps can run as one function.

        That takes one bank of cells with one elementwise nonlinearity and one recurrent
        convolution, full precision, and no compiler, which fuses the single steps itself.
        """
        recurrent = self._recurrent()
        if recurrent is None or torch.compiler.is_compiling() or torch.is_autocast_enabled():
            return False
        if not fused_recurrence_allowed():
            return False
        functions = self._nonlinearities
        return _act_alike(functions) and type(functions[0]).__name__ in SUPPORTED_ACTIVATIONS

    def run_fused(
        self, state: BankTensors | None, drive: Tensor, steps: int, batch: int, last_only: bool
    ) -> BankTensors:
        """Run all steps as one function; the result holds step after step."""
        bank = self.plan.cells[0]
        recurrent = self._recurrent()
        assert recurrent is not None  # can_run_fused() is the condition of this method
        weight = self._weights[recurrent]
        activation = type(self._nonlinearities[0]).__name__
        start = None if state is None else state[bank.name]
        states = leaky_conv_recurrence(
            drive, weight, self._rates[bank.name], start, steps, batch, activation, last_only
        )
        return {bank.name: states}

    def _recurrent(self) -> int | None:
        if len(self.plan.cells) != 1:
            return None
        bank = self.plan.cells[0]
        found = self.plan.into(bank.name, (bank.name,))
        if len(found) != 1:
            return None
        projection = self.plan.projections[found[0]]
        whole = len(projection.rows) == len(projection.columns) == len(bank.members)
        odd = all(side % 2 for side in projection.connections[0].kernel)
        return found[0] if projection.fused and whole and odd else None

    def readout(self, sources: Mapping[str, Tensor]) -> Tensor:
        """Output of the area from its cells (and input or feedback, where these reach it)."""
        out = self.drive(sources, OUTPUT, with_bias=True)
        assert out is not None  # an area without output connection is refused when it is built
        return self._out_nonlinearity(out)

    def reaches_output(self, source: str) -> bool:
        """Whether input or feedback are connected to the output directly."""
        return bool(self.plan.into(OUTPUT, (source,)))

    def zeros(self, batch: int) -> BankTensors:
        """Cells at zero."""
        return {
            bank.name: self._rates[bank.name]
            .new_zeros(batch, sum(bank.channels), *bank.size)
            .contiguous(memory_format=torch.channels_last)
            for bank in self.plan.cells
        }

    def _project(self, projection: Projection, weight: Any, source: Tensor) -> Tensor:
        if projection.fused:
            return projection.widen(projection(source, weight))
        connection = projection.connections[0]
        key = connection.row, connection.column
        if weight is None:
            sent = projection.through(self._convs[key], source)
        else:
            bias = None if connection.linear else self._convs[key].bias
            sent = projection(source, weight, bias)
        part = self._activations[key](sent)
        return projection.widen(part if connection.sign > 0 else -part)

    def _activity(self, bank: Bank, drive: Tensor) -> Tensor:
        functions = [self._nonlinearities[i] for i in bank.members]
        if _act_alike(functions):
            return functions[0](drive)
        parts = drive.split(bank.channels, 1)
        return torch.cat([f(part) for f, part in zip(functions, parts, strict=True)], 1)


def _act_alike(functions: Sequence[nn.Module]) -> bool:
    first = functions[0]
    if len(functions) == 1:
        return True
    if type(first) not in _ELEMENTWISE:
        return False
    return all(type(f) is type(first) and f.extra_repr() == first.extra_repr() for f in functions)


def _rates(bank: Bank, taus: Sequence[Tensor]) -> Tensor:
    members = [taus[i] for i in bank.members]
    uniform = all(tau.shape[-2:] == (1, 1) for tau in members)
    size = (1, 1) if uniform else bank.size
    expanded = [
        tau.expand(1, channels, *size) for tau, channels in zip(members, bank.channels, strict=True)
    ]
    # Joined flat, so that the gradient of every constant is as contiguous as the constant itself.
    joined = torch.cat([tau.flatten() for tau in expanded]).view(1, -1, *size)
    return joined.reciprocal().contiguous(memory_format=torch.channels_last)


def add_given(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """Sum of what is given; ``None`` stands for nothing."""
    if a is None or b is None:
        return b if a is None else a
    return a + b
