"""Matrix that is too large for one tile, spread over an array of tiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Module, ModuleList, Parameter

from aihwkit.exceptions import TileModuleError
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.tiles.all_or_nothing import check_loadable
from aihwkit.simulator.tiles.periphery_quantization import PeripheryQuantization
from aihwkit.simulator.tiles.quantized_inference_torch import output_quantizer
from aihwkit.simulator.tiles.utils import check_inputs
from synaptensor.validation import check_flag, check_integer

__all__ = ["QuantizedTileModuleArray", "TileModuleArray", "get_split_sizes"]


def get_split_sizes(size: int, max_size: int) -> list[int]:
    """Split a size into as few parts of at most `max_size` as possible, larger ones first.

    Example:
        >>> get_split_sizes(13, 5)
        [5, 4, 4]
    """
    if max_size <= 0:
        return [size]
    count = (size + max_size - 1) // max_size
    base, extra = divmod(size, count)
    return [base + (i < extra) for i in range(count)]


class TileModuleArray(Module):
    r"""Array of tiles that computes :math:`y_j = \sum_i W_{ji} x_i + b_j` by parts.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration of all tiles; its mapping has the largest tile sizes.
        bias: whether there is a bias; always digital.
        **kwargs: further arguments of the tiles.

    Attributes:
        array: `array[i][j]` is the tile of input part `i` and output part `j`.
        in_sizes: sizes of the input parts.
        out_sizes: sizes of the output parts.
        analog_tile_count: number of tiles.
        bias: digital bias `[out]`, or None.
    """

    supports_indexed = False

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: MappableRPU,
        bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        check_integer("out_size", out_size, minimum=1)
        check_integer("in_size", in_size, minimum=1)
        if not hasattr(rpu_config, "mapping"):
            raise TypeError(
                f"rpu_config must have a mapping, as InferenceRPUConfig, got {rpu_config!r}"
            )
        bias = check_flag("bias", bias)
        mapping = rpu_config.mapping
        self.in_size, self.out_size = in_size, out_size
        self.in_sizes = get_split_sizes(in_size, mapping.max_input_size)
        self.out_sizes = get_split_sizes(out_size, mapping.max_output_size)
        self.analog_tile_count = len(self.in_sizes) * len(self.out_sizes)
        self.array: Any = ModuleList(
            ModuleList(
                rpu_config.tile_class(out_part, in_part, rpu_config, bias=False, **kwargs)
                for out_part in self.out_sizes
            )
            for in_part in self.in_sizes
        )
        self.bias: Parameter | None = None
        if bias:
            first = self.array[0][0]  # type: ignore[index]
            self.bias = Parameter(torch.zeros(out_size, dtype=first.get_dtype()))

    @staticmethod
    def get_split_sizes(size: int, split_max_size: int) -> list[int]:
        """Return the sizes of the parts of `size`."""
        return get_split_sizes(size, split_max_size)

    @torch.no_grad()
    def set_weights(self, weight: Tensor, bias: Tensor | None = None, **kwargs: Any) -> None:
        """Write the logical weights `[out, in]` and the bias `[out]`.

        Args:
            weight: weights; anything that reshapes to `[out, in]`.
            bias: bias; None leaves it.
            **kwargs: further arguments of the tiles' `set_weights`.

        Raises:
            ValueError: if a size is wrong or a value is not finite.
        """
        weight = as_tensor(weight).detach()
        if weight.numel() != self.out_size * self.in_size:
            raise ValueError(
                f"weight must have {self.out_size * self.in_size} elements for this "
                f"{self.out_size} x {self.in_size} array, got shape {tuple(weight.shape)}"
            )
        if bias is not None:
            bias = as_tensor(bias).detach()
            if bias.numel() != self.out_size:
                raise ValueError(
                    f"bias must have {self.out_size} elements, got shape {tuple(bias.shape)}"
                )
        for name, value in (("weight", weight), ("bias", bias)):
            if value is not None and not bool(torch.isfinite(value).all()):
                raise ValueError(f"{name} must be finite, got NaN or infinite values")
        weight = weight.reshape(self.out_size, self.in_size)
        for row, columns in zip(self.array, weight.split(self.in_sizes, dim=1), strict=True):
            for tile, part in zip(row, columns.split(self.out_sizes, dim=0), strict=True):
                tile.set_weights(part, None, **kwargs)
        if self.bias is not None and bias is not None:
            self.bias.copy_(bias.view(-1))

    @torch.no_grad()
    def get_weights(self, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Return copies of the logical weights `[out, in]` and the bias (or None) on the CPU."""
        rows = [
            torch.cat([tile.get_weights(**kwargs)[0] for tile in row], dim=0) for row in self.array
        ]
        bias = None if self.bias is None else self.bias.detach().cpu().clone()
        return torch.cat(rows, dim=1), bias

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return the product of inputs `[..., in]`.

        Raises:
            RuntimeError: if the inputs have another size.
        """
        check_inputs(x_input, self.in_size)
        if len(self.in_sizes) == 1:
            result = self._row(0, x_input)
        else:
            parts = x_input.split(self.in_sizes, dim=-1)
            result = self._row(0, parts[0])
            for index, part in enumerate(parts[1:], start=1):
                result = result + self._row(index, part)
        return self._finish(result, tensor_view)

    def _row(self, index: int, part: Tensor) -> Tensor:
        outputs = [tile(part) for tile in self.array[index]]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)

    def _finish(self, result: Tensor, tensor_view: tuple[int, ...] | None) -> Tensor:
        if self.bias is None:
            return result
        return result + (self.bias if tensor_view is None else self.bias.view(*tensor_view))

    def backward(self, d_input: Tensor) -> Tensor:
        """Return the transposed product of gradients `[..., out]`, without autograd."""
        parts = d_input.split(self.out_sizes, dim=-1)
        columns = []
        for row in self.array:
            products = [tile.backward(part) for tile, part in zip(row, parts, strict=True)]
            columns.append(torch.stack(products).sum(0))
        return torch.cat(columns, dim=-1)

    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights of all tiles from inputs `[..., in]` and gradients `[..., out]`."""
        gradients = d_input.split(self.out_sizes, dim=-1)
        for row, x in zip(self.array, x_input.split(self.in_sizes, dim=-1), strict=True):
            for tile, d in zip(row, gradients, strict=True):
                tile.update(x.contiguous(), d.contiguous())

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate of all tiles."""
        self._apply_to_tiles("set_learning_rate", learning_rate)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load the states of all tiles and the bias, or nothing at all.

        Raises:
            RuntimeError: if a part does not fit.
        """
        check_loadable(self, state_dict)
        return super().load_state_dict(state_dict, strict, assign)

    def _apply_to_tiles(self, method_name: str, *args: Any, **kwargs: Any) -> list[list[Any]]:
        """Call a method of every tile and return the results in the array's shape.

        Raises:
            TileModuleError: if a tile has no such method.
        """
        results: list[list[Any]] = []
        for row in self.array:
            results.append([])
            for tile in row:
                method = getattr(tile, method_name, None)
                if not callable(method):
                    raise TileModuleError(f"{type(tile).__name__} has no method {method_name!r}")
                results[-1].append(method(*args, **kwargs))
        return results

    def extra_repr(self) -> str:
        """Show sizes and numbers of parts."""
        return (
            f"{self.in_size} inputs in {self.in_sizes}, {self.out_size} outputs in {self.out_sizes}"
        )


class QuantizedTileModuleArray(PeripheryQuantization, TileModuleArray):
    """Array of quantised tiles; its bias and the sums of its tiles are quantised as well.

    Takes the arguments of `TileModuleArray`.

    Attributes:
        bias_quantizer: quantiser of the bias, or None.
        module_out_quantizer: quantiser of the sums, or None; a single tile quantises itself.
    """

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: MappableRPU,
        bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(out_size, in_size, rpu_config, bias, **kwargs)
        config: Any = rpu_config
        settings = getattr(config.pre_post, "periph_quant", None)
        like = self.array[0][0]._get_tile_weights_ref()
        self.init_periphery_quantizer("bias", settings if bias else None, like)
        # The bias comes after the tiles, so what a single tile quantised changes again with one.
        final = self.analog_tile_count > 1 or bias
        act_config = getattr(config, "act_quant_config", None) if final else None
        self.module_out_quantizer = output_quantizer(act_config)
        if self.module_out_quantizer is not None:
            self.module_out_quantizer.to(device=like.device, dtype=like.dtype)

    def _finish(self, result: Tensor, tensor_view: tuple[int, ...] | None) -> Tensor:
        if self.bias is not None:
            bias = self.quantize_periphery("bias", self.bias)
            result = result + (bias if tensor_view is None else bias.view(*tensor_view))
        return result if self.module_out_quantizer is None else self.module_out_quantizer(result)
