"""State of a tile beyond weights and hidden parameters, as plain data."""

from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.tiles.storage import TileStorage
from aihwkit.functional.lines import LineParameters

__all__ = ["TileExtra"]

_LINE_NAMES = (
    "v_offset",
    "w_asymmetry",
    "out_nonlinearity",
    "out_nonlinearity_factor",
    "out_noise_values",
)
_PASSES = ("fwd", "bwd")
_MATRIX_DIM = 2


def _plain(value: Any) -> Any:
    """Vectors and numbers become lists of floats, matrices and random states stay tensors."""
    if isinstance(value, Tensor):
        keep = value.dim() >= _MATRIX_DIM or value.dtype == torch.uint8
        return value.detach().cpu().clone() if keep else [float(v) for v in value.reshape(-1)]
    if isinstance(value, list | tuple):
        return [float(v) for v in value]
    return [float(value)]


class TileExtra(TileStorage):
    """Adds `dump_extra` and `load_extra` to a tile."""

    _learning_rate: float
    _running: list[float]

    @property
    def lines(self) -> tuple[LineParameters, LineParameters]:
        """Per-line parameters of the two passes."""
        return LineParameters(), LineParameters()

    def _set_lines(self, forward: LineParameters, backward: LineParameters) -> None:
        """Take over per-line parameters; an exact tile has none."""

    def dump_extra(self) -> dict[str, Any]:
        """Return everything that resuming needs beyond weights and hidden parameters.

        Keys start with `rpu.`; values are lists of floats, or tensors for matrices and random
        states. The random stream is part of it, so a resumed tile continues with the same numbers.
        """
        cell, lines = self.cell, self.lines
        extra: dict[str, Any] = {
            "rpu.learning_rate": [self._learning_rate],
            "rpu.fb_pass.aux_nm_value": list(self._running),
        }
        for name, line in zip(_PASSES, lines, strict=True):
            for item in _LINE_NAMES:
                value = getattr(line, item)
                extra[f"rpu.fb_pass.{name}.{item}"] = (
                    [] if value is None else [float(v) for v in value.reshape(-1)]
                )
        for key, value in cell.extra().items():
            extra[f"rpu.rpu_device.{key}"] = _plain(value)
        if self._modified is not None:
            extra["rpu.fb_weights"] = self._modified.detach().cpu().clone()
            extra["rpu.fb_weight_modifier.enable_during_test"] = [float(self._modified_in_test)]
        for key, value in self.random.state_dict().items():
            # A 63-bit key does not fit into a float.
            extra[f"rpu.random.{key}"] = value.cpu().clone()
        return extra

    @torch.no_grad()
    def load_extra(self, state: dict[str, Any], strict: bool = False) -> None:
        """Take over what `dump_extra` returned; keys that are absent change nothing.

        Raises:
            RuntimeError: if `strict` and a key is missing; nothing is changed then.
        """
        state = dict(state)
        if strict:
            own = self.dump_extra()
            optional = ("rpu.random.", "rpu.fb_weight")
            missing = [k for k in own if k not in state and not k.startswith(optional)]
            missing += [k for k in ("rpu.random.key", "rpu.random.count") if k not in state]
            if missing:
                raise RuntimeError(f"extra state lacks the keys {', '.join(sorted(missing))}")
        self._load_lines(state)
        prefix = "rpu.rpu_device."
        self.cell.load_extra(
            {k[len(prefix) :]: _tensor(v) for k, v in state.items() if k.startswith(prefix)}
        )
        self._load_rest(state)

    def _load_lines(self, state: dict[str, Any]) -> None:
        new = []
        for name, line in zip(_PASSES, self.lines, strict=True):
            values: dict[str, Tensor | None] = {}
            for item in _LINE_NAMES:
                given = state.get(f"rpu.fb_pass.{name}.{item}")
                current = getattr(line, item)
                if given is None or len(given) == 0:
                    values[item] = current
                else:
                    values[item] = _tensor(given).to(self.dtype)
            new.append(LineParameters(**values))
        self._set_lines(new[0], new[1])

    def _load_rest(self, state: dict[str, Any]) -> None:
        if "rpu.learning_rate" in state:
            self._learning_rate = float(state["rpu.learning_rate"][0])
        if "rpu.fb_pass.aux_nm_value" in state:
            self._running = [float(v) for v in state["rpu.fb_pass.aux_nm_value"]]
        if "rpu.fb_weights" in state:
            self._modified = _tensor(state["rpu.fb_weights"]).to(self._storage)
            flag = state.get("rpu.fb_weight_modifier.enable_during_test", [0.0])
            self._modified_in_test = bool(flag[0])
        random = {
            k[len("rpu.random.") :]: v for k, v in state.items() if k.startswith("rpu.random.")
        }
        if "key" in random and "count" in random:
            self.random.load_state_dict(random)


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
