"""What training does to the weights of a tile between updates: modify, clip, remap."""

from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.tiles.storage import TileStorage
from aihwkit.functional.clip_and_remap import clip_limit, remapped
from aihwkit.functional.modifiers import modified_weights
from aihwkit.functional.settings import member

__all__ = ["TileWeightOperations"]


class TileWeightOperations(TileStorage):
    """Adds modifiers, clippers and remappers to a tile."""

    @torch.no_grad()
    def modify_weights(self, params: Any) -> None:
        """Let the products of training see a modified copy of the weights until the next call.

        Args:
            params: object with the fields of `WeightModifierParameter`.

        Raises:
            RuntimeError: if a copy for each sample is asked for, which this tile does not have.
        """
        kind = member(params.type)
        if params.per_batch_sample and kind not in ("Copy", "None"):
            raise RuntimeError("per_batch_sample must be False for this tile, got True")
        self._modified = modified_weights(self.get_weights(as_ref=True), params, self._generator)
        self._modified_in_test = bool(params.enable_during_test)

    @torch.no_grad()
    def clip_weights(self, params: Any) -> None:
        """Limit the weights.

        Args:
            params: object with the fields of `WeightClipParameter`.

        Raises:
            RuntimeError: for limits that depend on the weights, if the devices are not ideal.
        """
        kind = member(params.type)
        if kind == "None":
            return
        if kind == "FixedValue":
            self.cell.clip(float(params.fixed_value), self._generator)
            return
        self._refuse_devices("clip type other than FixedValue")
        limit = clip_limit(self.get_weights(as_ref=True), params)
        if limit > 0:
            self.cell.clip(limit, self._generator)

    @torch.no_grad()
    def remap_weights(self, params: Any, scales: Tensor) -> Tensor:
        """Rescale the weights to the full range; `scales` is changed in place and returned.

        Args:
            params: object with the fields of `WeightRemapParameter`.
            scales: digital output scales.

        Raises:
            RuntimeError: if the devices are not ideal or the scales have the wrong shape.
        """
        if tuple(scales.shape) != (self.d_size,):
            raise RuntimeError(
                f"Invalid scales dimensions: expected [{self.d_size}] tensor, "
                f"got {list(scales.shape)}"
            )
        if member(params.type) == "None":
            return scales
        self._refuse_devices("remap type other than None")
        weight = self.get_weights(as_ref=True)
        new_weight, new_scales = remapped(weight, scales.to(weight), params)
        self._drop_modified()
        weight.copy_(new_weight)
        return scales.copy_(new_scales)

    def _refuse_devices(self, what: str) -> None:
        if self.cell.uses_pulses:
            raise RuntimeError(f"{what} needs ideal devices, got {type(self.cell).__name__}")
