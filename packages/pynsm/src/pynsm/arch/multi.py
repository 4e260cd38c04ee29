"""The similarity-matching circuit with any number of encoders."""

from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest
from typing import Any, Literal

import torch
from torch import Tensor, nn

from pynsm.arch.encoding import batched, check_encodings, encode
from pynsm.arch.fused import obstacle_to_fusion
from pynsm.arch.iteration_loss import IterationLossModule
from pynsm.arch.monitor import ConvergenceMonitor
from pynsm.errors import (
    EncodingShapeError,
    IterationStateError,
    MissingInputError,
    MissingOutputError,
)
from pynsm.functional.dynamics import relaxation_gradient, spectral_norm
from pynsm.functional.objective import similarity_terms
from pynsm.functional.regularization import (
    REGULARIZATIONS,
    competition_penalty,
    weight_penalty,
    whiten_penalty,
)
from pynsm.functional.relaxation import Convergence, relax
from pynsm.functional.scaling import scale_gradient
from synaptensor.validation import (
    check_choice,
    check_instance,
    check_integer,
    check_nonnegative,
    check_positive,
)

__all__ = ["MultiSimilarityMatching"]


class MultiSimilarityMatching(IterationLossModule):
    """Similarity-matching circuit with several inputs, each with its own encoder.

    The forward pass relaxes the output from zero by
    ``y <- f(y - iteration_lr * (M y - sum_k Wx_k))``, where ``Wx_k = encoder_k(x_k)``, ``M`` is
    the weight of `competitor` and ``f`` is `iteration_projection`. It carries no gradient;
    learning descends `loss`, which makes ``M`` ascend it, ``1 / tau`` times as fast.

    Encoders are skipped by giving fewer inputs or `None`.

    Args:
        encoders: Modules that map each input to shape ``[B, C, ...]``, or ``[C]`` for a single
            sample.
        out_channels: Number of channels ``C``.
        tau: Ratio of the learning rates of the encoders and the competitor; may be
            reassigned.
        tol: The iteration stops when every element changes by less than this; 0 never stops.
        max_iterations: Upper bound of the number of iterations.
        regularization: For all encoders or one for each: ``"weight"`` penalises its trainable
            parameters, ``"whiten"`` its encoding, ``"none"`` nothing.
        relaxation: ``"auto"`` runs the iteration as fused matrix products where nothing
            custom has to be called in between, and step by step otherwise. ``"fused"`` refuses
            instead. ``"general"`` always goes step by step.
        convergence: ``"batch"`` stops the whole batch at once, ``"sample"`` each sample by
            itself.
        step_scaling: ``"spectral"`` divides the learning rate of the iteration by the largest
            singular value of ``M``, with which it cannot diverge for symmetric positive ``M``.
        whiten_input: Encoding that the ``"whiten"`` term of the first active of several
            encoders takes: its own (``"encoding"``), or the ``"sum"`` of all as in the
            reference.
        **kwargs: Go to `IterationLossModule`.

    Attributes:
        y: Output of the last forward pass.
        sample_iterations: Iterations of each sample in the last forward pass, shape ``[B]``;
            `None` if `tol` is 0.
        converged_samples: Which samples met `tol`, shape ``[B]``; `None` if it is 0.

    Reference:
        Pehlevan, Sengupta & Chklovskii, "Why do similarity matching objectives lead to
        Hebbian/anti-Hebbian networks?", Neural Computation 30 (2018).
    """

    relaxation: Literal["auto", "fused", "general"] = "auto"
    convergence: Convergence = "batch"
    step_scaling: Literal["none", "spectral"] = "none"
    whiten_input: Literal["encoding", "sum"] = "encoding"
    sample_iterations: Tensor | None = None
    converged_samples: Tensor | None = None

    def __init__(
        self,
        encoders: Sequence[nn.Module],
        out_channels: int,
        tau: float = 0.1,
        tol: float = 0.0,
        max_iterations: int = 40,
        regularization: str | Sequence[str] = "weight",
        *,
        relaxation: Literal["auto", "fused", "general"] = "auto",
        convergence: Convergence = "batch",
        step_scaling: Literal["none", "spectral"] = "none",
        whiten_input: Literal["encoding", "sum"] = "encoding",
        **kwargs: Any,
    ) -> None:
        super().__init__(max_iterations=max_iterations, **kwargs)
        self.encoders = nn.ModuleList(_check_encoders(encoders))
        self.out_channels = check_integer("out_channels", out_channels, minimum=1)
        self.tau = tau
        self.tol = check_nonnegative("tol", tol)
        if isinstance(regularization, str):
            regularization = [regularization] * len(self.encoders)
        self.regularization = check_instance("regularization", regularization, Collection)
        self._check_regularization()
        self.relaxation = check_choice("relaxation", relaxation, ("auto", "fused", "general"))
        self.convergence = check_choice("convergence", convergence, ("batch", "sample"))
        self.step_scaling = check_choice("step_scaling", step_scaling, ("none", "spectral"))
        self.whiten_input = check_choice("whiten_input", whiten_input, ("encoding", "sum"))
        self.competitor = nn.Linear(out_channels, out_channels, bias=False)
        nn.init.eye_(self.competitor.weight)
        self.y = torch.tensor([])
        self._Wx: list[Tensor] | None = None
        self._Wx_sum: Tensor | None = None
        self._given: tuple[tuple[Any, ...], list[Tensor | None]] | None = None
        self._monitor: ConvergenceMonitor | None = None
        self._single = False

    @property
    def tau(self) -> float:
        """Ratio of the learning rates of the encoders and the competitor."""
        return self._tau

    @tau.setter
    def tau(self, value: float) -> None:
        self._tau = check_positive("tau", value)

    def lateral_weight(self) -> Tensor:
        """Return ``M`` with its gradient multiplied by ``-1 / tau``, for use in a loss."""
        return scale_gradient(self.competitor.weight, -1.0 / self.tau)

    def loss(self, *args: Tensor | None) -> Tensor:
        """Return the loss whose gradients are the learning rules.

        Equation:
            ``(2 sum(y * M y) - 4 sum(y * sum_k Wx_k)) / y.numel() - sum(M^2) / C + sum_k R_k``,
            with ``R_k`` by `regularization`: ``(2 / C) sum(p^2)`` over the trainable parameters
            of encoder k, ``2 mean(Wx_k^2)``, or 0.

        Args:
            *args: The inputs as for the forward pass, then its output ``y``, a constant here.

        Raises:
            MissingOutputError: If the output is missing.
            EncodingShapeError: If it does not fit the encodings.
        """
        if not args or args[-1] is None:
            raise MissingOutputError(
                "the last argument must be the output of the circuit, got None"
            )
        return self._loss(self._encode_all(*args[:-1]), args[-1])

    def forward_and_loss(self, *xs: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the output and the loss, running every encoder once instead of twice.

        The numbers are those of the forward pass followed by `loss`, but an encoder with
        running statistics counts the batch once, and one with dropout draws one mask.
        """
        self._given = xs, self._encode_all(*xs)
        try:
            y = self(*xs)
            return y, self.loss(*xs, y)
        finally:
            self._given = None

    def training_step(
        self, optimizer: torch.optim.Optimizer, *xs: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Relax, learn from the batch, and return the output and the detached loss."""
        optimizer.zero_grad()
        y, loss = self.forward_and_loss(*xs)
        loss.backward()
        optimizer.step()
        return y, loss.detach()

    def iteration_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss of the iteration, ``0.5 y^T M y - y^T Wx`` summed over the batch.

        The iteration itself uses `relaxation_gradient`, which is its gradient for symmetric M.

        Raises:
            IterationStateError: If no iteration is running.
        """
        if self._Wx is None:
            raise IterationStateError("`iteration_loss` exists only during the iteration")
        return self._loss_no_reg(self._Wx, self.y, "sum") / 4

    def iteration_parameters(self) -> list[Tensor]:
        """Return the output, which the iteration changes."""
        return [self.y]

    def iteration_set_gradients(self, *args: Any, **kwargs: Any) -> None:
        """Set the gradient of the output to ``M y - Wx``."""
        assert self._Wx_sum is not None
        # The state is of the encoding's type, which autocast would not respect.
        with torch.no_grad(), torch.autocast(self.y.device.type, enabled=False):
            y = self.y.detach()
            M = self.competitor.weight.detach().to(y.dtype)
            self.y.grad = relaxation_gradient(y, self._Wx_sum, M)

    def pre_iteration(self, *args: Any, **kwargs: Any) -> None:
        """Encode the inputs and start from zero."""
        drive = self._begin(*args, **kwargs)
        self.y = torch.zeros_like(drive, memory_format=torch.contiguous_format)
        watch = self.tol > 0
        self._monitor = ConvergenceMonitor(self.tol, self.convergence, drive) if watch else None
        super().pre_iteration(*args, **kwargs)

    def iteration(self, *args: Any, **kwargs: Any) -> None:
        """Take one step; samples that have converged by themselves stay where they are."""
        super().iteration(*args, **kwargs)
        if self._monitor is not None:
            self.y.data = self._monitor.hold(self.y.detach())
            self._monitor.update(self.y.detach())

    def converged(self, *args: Any, **kwargs: Any) -> bool:
        """Return whether every element changed by less than `tol`, from the second step on."""
        return self._monitor is not None and self._monitor.over

    def post_iteration(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the output, detached."""
        super().post_iteration(*args, **kwargs)
        monitor = self._monitor
        self.sample_iterations = None if monitor is None else monitor.counts
        self.converged_samples = None if monitor is None else monitor.met
        return self._finish()

    def abort_iteration(self) -> None:
        """Forget the encodings after an exception."""
        super().abort_iteration()
        self._forget()

    def _iterate(self, *args: Any, **kwargs: Any) -> Any:
        if not self._use_fused():
            return super()._iterate(*args, **kwargs)
        drive = self._begin(*args, **kwargs)
        result = relax(
            drive,
            self.competitor.weight.detach(),
            step=self._step(),
            projection=self.iteration_projection,
            max_iterations=self.max_iterations,
            tol=self.tol,
            convergence=self.convergence,
        )
        self.y = result.y
        self.iteration_idx = int(result.iterations) - 1
        self.sample_iterations = result.sample_iterations
        self.converged_samples = result.converged
        return self._finish()

    def _use_fused(self) -> bool:
        if self.relaxation == "general":
            return False
        obstacle = obstacle_to_fusion(self, MultiSimilarityMatching)
        if obstacle is not None and self.relaxation == "fused":
            raise RuntimeError(f"the fused relaxation was asked for, but {obstacle}")
        return obstacle is None

    def _begin(self, *xs: Any) -> Tensor:
        """Encode the inputs without graph and return the sum of the encodings."""
        with torch.no_grad():
            given = self._encode_all(*xs)
            active = [batched(Wx.detach()) for Wx in given if Wx is not None]
            if not active:
                raise MissingInputError("at least one input must be given, got none")
            total = active[0]
            for encoding in active[1:]:
                total = total + encoding
        self._single = next(Wx for Wx in given if Wx is not None).dim() == 1
        self._Wx, self._Wx_sum = active, total
        return total

    def _finish(self) -> Tensor:
        self._forget()
        y = self.y.detach()
        self.y = y.squeeze(0) if self._single else y
        return self.y.detach()

    def _forget(self) -> None:
        self._Wx = self._Wx_sum = self._monitor = None
        self.iteration_optimizer = self.iteration_scheduler = None

    def _step(self) -> float:
        step = float(self.it_optim_kwargs["lr"])
        if self.step_scaling == "spectral":
            largest = float(spectral_norm(self.competitor.weight))
            step = step / largest if largest != 0 else step
        return step

    def _optimizer_arguments(self) -> dict[str, Any]:
        if self.step_scaling == "none":
            return self.it_optim_kwargs
        return {**self.it_optim_kwargs, "lr": self._step()}

    def _encode(self, *xs: Any, keep_all: bool = False) -> list[Tensor | None]:
        """Return the encodings; those of skipped encoders are left out, or `None`."""
        encodings = [
            None if x is None else encode(encoder, x, index)
            for index, (encoder, x) in enumerate(zip(self.encoders, xs, strict=False))
        ]
        return encodings if keep_all else [Wx for Wx in encodings if Wx is not None]

    def _encode_all(self, *xs: Any) -> list[Tensor | None]:
        if self._given is not None and _are_same(self._given[0], xs):
            return self._given[1]
        encodings = self._encode(*xs, keep_all=True)
        check_encodings(encodings, self.out_channels)
        return encodings

    def _loss(self, encodings: Sequence[Tensor | None], y: Tensor) -> Tensor:
        self._check_regularization()
        rows = [None if Wx is None else batched(Wx) for Wx in encodings]
        active = [Wx for Wx in rows if Wx is not None]
        y = batched(y)
        if active and y.shape != active[0].shape:
            raise EncodingShapeError(
                f"the output must have the shape of the encoding, {tuple(active[0].shape)}, "
                f"got {tuple(y.shape)}"
            )
        if y.dim() < 2 or y.shape[1] != self.out_channels:
            raise EncodingShapeError(
                "the last argument must be the output of the circuit, of shape "
                f"[B, {self.out_channels}, ...], got {tuple(y.shape)}"
            )
        M = self.lateral_weight()
        loss = self._loss_no_reg(active, y, "mean") - competition_penalty(M)
        for index, encoding in enumerate(rows):
            if encoding is not None:
                loss = loss + self._penalty(index, encoding, active)
        return loss

    def _loss_no_reg(self, Wx: Sequence[Tensor], y: Tensor, reduction: str = "mean") -> Tensor:
        total = similarity_terms(y, Wx, self.lateral_weight())
        return total / y.numel() if reduction == "mean" else total

    def _penalty(self, index: int, encoding: Tensor, active: Sequence[Tensor]) -> Tensor | float:
        kind = self.regularization[index]
        if kind == "weight":
            return weight_penalty(self.encoders[index].parameters(), self.out_channels)
        if kind == "whiten":
            is_first = encoding is active[0]
            if self.whiten_input == "sum" and is_first and len(active) > 1:
                encoding = torch.stack(torch.broadcast_tensors(*active)).sum(0)
            return whiten_penalty(encoding)
        return 0.0

    def _check_regularization(self) -> None:
        if len(self.regularization) != len(self.encoders):
            raise ValueError(
                f"`regularization` must have one entry for each of {len(self.encoders)} encoders, "
                f"got {len(self.regularization)}"
            )
        for kind in self.regularization:
            check_choice("regularization", kind, REGULARIZATIONS)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        # Not a buffer: data-parallel wrappers would broadcast it, and its shape varies.
        super()._apply(fn, recurse)
        for name in ("y", "sample_iterations", "converged_samples"):
            tensor = getattr(self, name)
            setattr(self, name, None if tensor is None else fn(tensor))
        return self


def _check_encoders(encoders: Iterable[nn.Module]) -> list[nn.Module]:
    encoders = list(check_instance("encoders", encoders, Iterable))
    for index, encoder in enumerate(encoders):
        check_instance(f"encoders[{index}]", encoder, nn.Module)
    return encoders


def _are_same(xs: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two sequences of inputs hold the same objects, absent ones at the end left out."""
    return all(x is other for x, other in zip_longest(xs, others))
