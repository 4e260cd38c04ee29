"""Digital processing around a simulator tile: scales, bias, input range, programming."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from aihwkit.exceptions import TileError
from aihwkit.simulator.tiles.base import BaseTile
from aihwkit.simulator.tiles.folding import ImageUnfold, IndexUnfold
from aihwkit.simulator.tiles.input_range import InputRange
from aihwkit.simulator.tiles.programming import program_iteratively, read_by_regression
from aihwkit.simulator.tiles.utils import check_inputs
from aihwkit.simulator.tiles.weight_scaling import WeightScaling
from synaptensor.validation import check_instance

__all__ = ["TileWithPeriphery"]

_ORDER = (
    "analog_ctx",
    "shared_weights",
    "bias",
    "out_scaling_alpha",
    "input_range_update_idx",
    "input_range",
)


class TileWithPeriphery(WeightScaling, InputRange, BaseTile):
    r"""Mixin that surrounds the analog product of a tile with digital processing.

    .. math:: y = \alpha\, s\, r\; \mathrm{MVM}\big(\mathrm{clip}(x, \pm r) / r\big) + b

    with the input range :math:`r`, mapping scales :math:`s`, learned scales :math:`\alpha` and the
    digital bias :math:`b`, each of them optional.

    Attributes:
        bias: digital bias `[out]`, or None.
        out_scaling_alpha: learned output scales, or None.
        mapping_scales: scales of the weight mapping, or None.
        input_range: range of the inputs, or None.
        image_unfold: rule that turns images into vectors in convolutions, or None.
        reference_combined_weights: target matrix of the last programming, or None.
    """

    supports_indexed = True

    # Provided by the wrapper that concrete tiles also derive from.
    analog_ctx: Any
    in_size: int
    x_size: int
    in_trans: bool
    out_trans: bool
    analog_bias: bool
    digital_bias: bool
    handle_output_bound: bool
    device: torch.device

    def init_periphery(self) -> None:
        """Create scales, input range and bias."""
        self.reference_combined_weights: Tensor | None = None
        self.image_unfold: ImageUnfold | None = None
        self.image_sizes: list[int] = []
        self.non_blocking = False
        self.init_learned_out_scales()
        self.init_mapping_scales()
        self.init_input_processing()
        self.bias: Parameter | None = None
        if self.digital_bias:
            self.bias = Parameter(self._zeros(self.out_size))
        self._order_parameters()

    def _order_parameters(self) -> None:
        """Register parameters in the order in which stored optimizer states count them."""
        registered = self._parameters  # type: ignore[attr-defined]
        for name in _ORDER:
            if name in registered:
                registered[name] = registered.pop(name)

    def _zeros(self, size: int) -> Tensor:
        return torch.zeros(size, dtype=self.get_dtype(), device=self.device)  # type: ignore[attr-defined]

    # -- weights -----------------------------------------------------------------------------

    @torch.no_grad()
    def set_weights(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        apply_weight_scaling: bool = True,
        realistic: bool = False,
        weight_scaling_omega: float | None = None,
        *,
        n_loops: int | None = None,
    ) -> None:
        """Write the logical weights and the bias.

        Args:
            weight: `[out, in]`, or anything that reshapes to it.
            bias: `[out]`; needed if the bias is on the crossbar, otherwise None leaves it.
            apply_weight_scaling: scale the weights to the range of the crossbar; the scales in use
                are kept otherwise.
            realistic: write with device updates instead of exactly.
            weight_scaling_omega: largest scaled weight; None takes the configured value.
            n_loops: with `realistic`, at most as many corrections as cross the range of the
                devices so many times (tiles without pulsed devices are written exactly); None
                takes the default of `program_weights`.

        Raises:
            ValueError: if a size is wrong, a value is not finite, or `n_loops` is not positive.
            TileError: if `n_loops` is given to a tile that is not programmed with pulses.
        """
        limit = None if n_loops is None else self._programming_steps(n_loops)
        combined = self._combine_weights(weight, bias)  # type: ignore[attr-defined]
        if self.bias is not None and bias is not None:
            self.bias.copy_(self._checked("bias", bias, self.out_size).view(-1))  # type: ignore[attr-defined]
        if apply_weight_scaling:
            combined = self.apply_weight_scaling(combined, weight_scaling_omega)
        self._forget_programming()
        self.tile.set_weights(combined.to(self.device))
        if realistic and limit is None:
            self.program_weights(from_reference=False)
        elif realistic and limit:
            self.program_weights(from_reference=False, max_iter=limit)

    def _programming_steps(self, n_loops: int) -> int:
        if not hasattr(self.tile, "programming_steps"):
            self._refuse_loops(n_loops)
        steps: int = self.tile.programming_steps(n_loops)
        return steps

    def _refuse_loops(self, n_loops: int) -> NoReturn:
        raise TileError(
            f"n_loops must be None for a {type(self).__name__}, which is not programmed with "
            f"pulses, got {n_loops!r}"
        )

    @torch.no_grad()
    def get_weights(
        self, apply_weight_scaling: bool = True, realistic: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Return copies of weight `[out, in]` and bias `[out]` (or None) on the CPU.

        Args:
            apply_weight_scaling: return logical weights; physical ones otherwise.
            realistic: estimate the weights from outputs instead of reading them exactly.
        """
        if realistic:
            return self.read_weights(apply_weight_scaling=apply_weight_scaling)
        combined = self.tile.get_weights().detach().cpu()
        scales = self.get_scales()
        if apply_weight_scaling and scales is not None:
            combined = combined * scales.detach().cpu().view(-1, 1)
        weight, bias = self._separate_weights(combined)  # type: ignore[attr-defined]
        return weight, self._bias_copy() if self.digital_bias else bias

    def _bias_copy(self) -> Tensor | None:
        return None if self.bias is None else self.bias.detach().cpu().clone()

    def remap_weights(self, weight_scaling_omega: float | None = 1.0) -> None:
        """Scale the weights anew; the logical weights stay. None takes the configured omega."""
        self.set_weights(*self.get_weights(True), True, weight_scaling_omega=weight_scaling_omega)

    def _forget_programming(self) -> None:
        """Drop what was derived from weights that are about to be replaced."""
        self.reference_combined_weights = None

    @torch.no_grad()
    def program_weights(
        self,
        from_reference: bool = True,
        x_values: Tensor | None = None,
        learning_rate: float = 0.1,
        max_iter: int = 10000,
        tolerance: float = 0.01,
        w_init: float | Tensor = 0.01,
        noise_model: Any = None,
    ) -> None:
        """Write the weights by reading and correcting with device updates.

        Args:
            from_reference: aim at the weights kept by the first call, if there are any; otherwise
                at the current ones.
            x_values: inputs to read with, `[n, x_size]`; unit vectors if None.
            learning_rate: learning rate of the corrections.
            max_iter: most corrections.
            tolerance: relative mean error at which to stop.
            w_init: initial weights, or half width of the interval to draw them from.
            noise_model: only inference tiles have one.

        Raises:
            TileError: if a noise model is given.
        """
        if noise_model is not None:
            raise TileError(
                f"noise_model must be None for a {type(self).__name__}: training tiles are "
                "programmed with device updates"
            )
        if not from_reference or self.reference_combined_weights is None:
            self.reference_combined_weights = self.tile.get_weights().detach().cpu()
        program_iteratively(
            self,
            self.reference_combined_weights,
            x_values,
            learning_rate,
            max_iter,
            tolerance,
            w_init,
        )

    @torch.no_grad()
    def read_weights(
        self,
        apply_weight_scaling: bool = False,
        x_values: Tensor | None = None,
        over_sampling: int = 10,
    ) -> tuple[Tensor, Tensor | None]:
        """Estimate weight and bias from outputs in evaluation mode, with all their noise.

        Args:
            apply_weight_scaling: return logical weights; divided by all scales otherwise.
            x_values: inputs `[n, in_size]`; normal vectors if None.
            over_sampling: number of random vectors per input.
        """
        weight, bias = read_by_regression(self, x_values, over_sampling)
        scales = self.get_scales()
        if not apply_weight_scaling and scales is not None:
            scales = scales.detach().cpu()
            weight = weight / scales.view(-1, 1)
            bias = None if bias is None else bias / scales
        return weight, self._bias_copy() if self.digital_bias else bias

    # -- products ----------------------------------------------------------------------------

    def joint_forward(self, x_input: Tensor, is_test: bool = False, ctx: Any = None) -> Tensor:
        """Return the product of inputs `[..., in]`; `ctx` keeps what backward needs."""
        if self.in_trans:
            check_instance("x_input", x_input, Tensor)
        else:  # before the input range learns from them
            check_inputs(x_input, self.in_size)
        dim = 0 if self.out_trans else x_input.dim() - 1
        values = self.pre_forward(x_input, 0 if self.in_trans else x_input.dim() - 1, is_test, ctx)
        values = self._product(values, is_test, ctx, self.analog_bias)
        return self.post_forward(values, dim, is_test, ctx)

    def _product(self, values: Tensor, is_test: bool, ctx: Any, bias: bool) -> Tensor:
        flags = (bias, self.in_trans, self.out_trans, is_test)
        if not (self.handle_output_bound and ctx is not None):
            return self.tile.forward(values, *flags)
        output, ctx.output_clipped = self.tile.forward_with_mask(values, *flags)
        return output

    def pre_forward(
        self, x_input: Tensor, dim: int, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Clip the inputs to the input range and scale them to it."""
        if self.input_range is None:
            return x_input
        return self.apply_input_range(x_input, not is_test) / self.input_range.detach()

    def post_forward(
        self, x_output: Tensor, dim: int, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Undo the input scaling and apply the mapping scales."""
        if self.input_range is not None:
            x_output = x_output * self.input_range.detach()
        if self.mapping_scales is not None:
            x_output = x_output * self.mapping_scales.view(*self._view(x_output, dim))
        return x_output

    def backward(self, d_input: Tensor, ctx: Any = None) -> Tensor:
        """Return the transposed product of gradients `[..., out]`."""
        dim = 0 if self.out_trans else d_input.dim() - 1
        values = self.pre_backward(d_input, dim, ctx)
        values = self.tile.backward(values, self.analog_bias, self.out_trans, self.in_trans)
        return self.post_backward(values, 0 if self.in_trans else values.dim() - 1, ctx)

    def pre_backward(self, d_input: Tensor, dim: int, ctx: Any = None) -> Tensor:
        """Apply the mapping scales and stop the gradient of clipped outputs."""
        if self.mapping_scales is not None:
            d_input = d_input * self.mapping_scales.view(*self._view(d_input, dim))
        clipped = getattr(ctx, "output_clipped", None)
        return d_input if clipped is None else d_input.masked_fill(clipped, 0.0)

    def post_backward(self, d_output: Tensor, dim: int, ctx: Any = None) -> Tensor:
        """Accumulate the gradient of the input range; pass the input gradient through."""
        values = getattr(ctx, "input_", None)
        if values is not None:
            self.accumulate_input_range_gradient(values, d_output, ctx.output_clipped)
        return d_output

    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from inputs and output gradients.

        A step changes the logical weights by `-lr * d^T x`, in mean and as far as the devices
        allow, with `x` clipped to the input range.
        """
        x, d = self.pre_update(x_input, 0, d_input, 0 if self.out_trans else d_input.dim() - 1)
        self.tile.update(x, d, self.analog_bias, self.in_trans, self.out_trans)

    def pre_update(
        self, x_input: Tensor, x_dim: int, d_input: Tensor, d_dim: int
    ) -> tuple[Tensor, Tensor]:
        """Clip the inputs; turn gradients of logical into gradients of physical weights."""
        x_input = self.apply_input_range(x_input, False)
        if self.mapping_scales is not None:
            scales = self.mapping_scales * self.mapping_lr_scale
            d_input = d_input / scales.view(*self._view(d_input, d_dim))
        return x_input, d_input

    def _view(self, values: Tensor, dim: int) -> tuple[int, ...]:
        return self.get_tensor_view(values.dim(), dim)  # type: ignore[attr-defined]

    # -- convolutions ------------------------------------------------------------------------

    def is_indexed(self) -> bool:
        """Tell whether inputs are images that the tile unfolds itself."""
        return self.image_unfold is not None

    def set_image_unfold(self, rule: ImageUnfold | None) -> None:
        """Let the tile take images and unfold them by a rule, or vectors again (None).

        Raises:
            TileError: if the tile does not support it, or has a trace of the other kind.
        """
        if rule is not None and (
            not self.supports_indexed or isinstance(self.tile, Module) or self._transposed
        ):
            raise TileError(
                "Only RPUCuda simulator tiles support indexed interface, without transposed inputs "
                f"or outputs, got {type(self).__name__}"
            )
        if (rule is None) == self.is_indexed() and self.analog_ctx.has_gradient():
            raise TileError(
                "inputs cannot change between images and vectors while gradients wait for an "
                "optimizer step; call step() or zero_grad() first"
            )
        self.image_unfold = rule
        self.analog_ctx.set_indexed(rule is not None)

    @property
    def _transposed(self) -> bool:
        return self.in_trans or self.out_trans

    def set_indexed(self, indices: Tensor, image_sizes: list[int]) -> None:
        """Let the tile take images and unfold them by an index vector.

        Args:
            indices: integers `[x_size * L]`; see `IndexUnfold`.
            image_sizes: `[C, (D_in), H_in, (W_in), (D_out), H_out, (W_out)]`.

        Raises:
            TileError: if the tile does not support it.
            ValueError: if sizes and indices do not fit together.
        """
        rule = IndexUnfold(indices, tuple(image_sizes))
        if rule.vector_size != self.x_size:
            raise ValueError(
                f"indices must feed {self.x_size} matrix columns, got {rule.vector_size}"
            )
        self.set_image_unfold(rule)
        self.image_sizes = list(image_sizes)

    def joint_forward_indexed(
        self, x_input: Tensor, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Return output maps `[N, out, *spatial]` of images `[N, C, *spatial]`."""
        rule = self._rule()
        vectors = rule.unfold(self.pre_forward(x_input, 1, is_test, ctx))
        values = self._product(vectors, is_test, ctx, self._adds_bias(vectors))
        if getattr(ctx, "output_clipped", None) is not None:
            ctx.output_clipped = rule.spread_positions(ctx.output_clipped, x_input.shape)
        maps = rule.spread_positions(values, x_input.shape)
        return self.post_forward(maps, 1, is_test, ctx)

    def backward_indexed(self, d_input: Tensor, ctx: Any = None) -> Tensor:
        """Return image gradients of gradients of output maps; needs the `ctx` of the forward."""
        rule = self._rule()
        values = rule.gather_positions(self.pre_backward(d_input, 1, ctx))
        drop_bias = self.analog_bias and not isinstance(rule, IndexUnfold)
        vectors = self.tile.backward(values, drop_bias, False, False)
        return self.post_backward(rule.fold(vectors, ctx.input_.shape), 1, ctx)

    def update_indexed(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from images and gradients of output maps."""
        x, d = self.pre_update(x_input, 1, d_input, 1)
        rule = self._rule()
        vectors = rule.unfold(x)
        self.tile.update(vectors, rule.gather_positions(d), self._adds_bias(vectors), False, False)

    def _rule(self) -> ImageUnfold:
        if self.image_unfold is None:
            raise TileError("set_indexed must be called before images are used")
        return self.image_unfold

    def _adds_bias(self, vectors: Tensor) -> bool:
        """Tell whether the tile adds the constant input; an index vector brings its own."""
        return self.analog_bias and vectors.shape[-1] == self.in_size
