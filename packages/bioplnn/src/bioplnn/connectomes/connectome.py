"""A wiring diagram and what is known about its neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bioplnn.connectomes.checks import check_entries, check_per_neuron
from synaptensor.optional import require
from synaptensor.validation import check_choice

if TYPE_CHECKING:
    import pandas as pd

_UNKNOWN = {"excitatory": 1, "inhibitory": -1}


@dataclass(frozen=True, eq=False)
class Connectome:
    r"""Who sends to whom, how strongly, and of which type and sign every neuron is.

    Weights are sizes of synapses and not negative; the sign belongs to the sending neuron (Dale's
    law). They act as $W h$: column = sender, row = receiver.

    Args:
        weights: Coalesced COO matrix ``(N, N)``, nonnegative and finite.
        names: Name of every neuron; its number if nothing else is known.
        types: Type label of every neuron, or ``None``.
        signs: 1 (excitatory), -1 (inhibitory) or 0 (unknown) of every neuron, or ``None``.

    Raises:
        ValueError: Lengths do not fit, or an entry is not allowed; the message names it.

    Examples:
        >>> from bioplnn.connectomes import connectome_from_edges
        >>> wiring = connectome_from_edges(["a", "b"], ["b", "c"], [2.0, 1.0])
        >>> wiring.num_neurons, wiring.num_synapses
        (3, 2)
    """

    weights: Tensor
    names: tuple[str, ...]
    types: tuple[str, ...] | None = None
    signs: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_entries(self.weights, self.names)
        count = len(self.names)
        if len(set(self.names)) != count:
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise ValueError(f"names must be distinct, got {twice!r} more than once")
        check_per_neuron("types", self.types, count)
        check_per_neuron("signs", self.signs, count)
        if self.signs is not None:
            bad = np.flatnonzero(~np.isin(self.signs, (-1, 0, 1)))
            if len(bad):
                raise ValueError(
                    f"signs must be 1, -1 or 0, got {self.signs[bad[0]]!r} "
                    f"for neuron {self.names[bad[0]]!r}"
                )

    @property
    def num_neurons(self) -> int:
        """Number of neurons N."""
        return len(self.names)

    @property
    def num_synapses(self) -> int:
        """Number of connected pairs."""
        return self.weights._nnz()

    @property
    def sources(self) -> Tensor:
        """Sending neuron of every connection."""
        return self.weights.indices()[1]

    @property
    def targets(self) -> Tensor:
        """Receiving neuron of every connection."""
        return self.weights.indices()[0]

    def index(self, names: Sequence[str]) -> np.ndarray:
        """Numbers of some neurons.

        Raises:
            ValueError: There is no such neuron.
        """
        numbers = {name: i for i, name in enumerate(self.names)}
        missing = [name for name in names if name not in numbers]
        if missing:
            raise ValueError(f"names must be neurons of the connectome, got {missing[0]!r}")
        return np.array([numbers[name] for name in names], dtype=np.int64)

    def of_type(self, label: str) -> np.ndarray:
        """Numbers of the neurons of one type."""
        if self.types is None:
            raise ValueError("the connectome has no types")
        check_choice("label", label, tuple(sorted(set(self.types))))
        return np.flatnonzero(np.asarray(self.types) == label)

    def select(self, neurons: Sequence[int] | np.ndarray) -> Connectome:
        """Keep some neurons, in the order given, and the connections among them."""
        chosen = np.asarray(neurons, dtype=np.int64)
        place = np.full(self.num_neurons, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        moved = torch.from_numpy(place)[self.weights.indices()]
        kept = (moved >= 0).all(0)
        size = (len(chosen), len(chosen))
        values = self.weights.values()[kept]
        weights = torch.sparse_coo_tensor(moved[:, kept], values, size, check_invariants=True)
        return Connectome(
            weights.coalesce(),
            tuple(self.names[i] for i in chosen),
            None if self.types is None else tuple(self.types[i] for i in chosen),
            None if self.signs is None else self.signs[chosen],
        )

    def with_values(self, values: Tensor) -> Connectome:
        """Same wiring with other synapse sizes, in the order of ``weights.values()``."""
        weights = torch.sparse_coo_tensor(
            self.weights.indices(), values, self.weights.shape,
            is_coalesced=True, check_invariants=True,
        )  # fmt: skip
        return replace(self, weights=weights)

    def known_signs(self, unknown: str = "excitatory") -> np.ndarray:
        """1 or -1 for every neuron; those of unknown sign count as ``unknown``."""
        check_choice("unknown", unknown, tuple(_UNKNOWN))
        if self.signs is None:
            return np.full(self.num_neurons, _UNKNOWN[unknown])
        return np.where(self.signs == 0, _UNKNOWN[unknown], self.signs)

    def rnn_kwargs(self, unknown: str = "excitatory") -> dict[str, Any]:
        """Arguments of :class:`~bioplnn.models.ConnectomeRNN` that say how it is wired.

        Args:
            unknown: Class of neurons whose sign is not known.

        Returns:
            ``num_neurons``, ``connectome``, ``neuron_class`` and, if there are types,
            ``num_neuron_types`` and ``neuron_type``.
        """
        kwargs: dict[str, Any] = {
            "num_neurons": self.num_neurons,
            "connectome": self.weights,
            "neuron_class": self.known_signs(unknown),
        }
        if self.types is not None:
            kwargs["num_neuron_types"] = len(set(self.types))
            kwargs["neuron_type"] = np.asarray(self.types)
        return kwargs

    def table(self) -> pd.DataFrame:
        """One row per connection: source, target, weight, sign of the source."""
        pandas = require("pandas", "tables", "bioplnn")
        names = np.asarray(self.names)
        sources = self.sources.numpy()
        columns = {
            "source": names[sources],
            "target": names[self.targets.numpy()],
            "weight": self.weights.values().numpy(),
        }
        if self.signs is not None:
            columns["sign"] = self.signs[sources]
        return pandas.DataFrame(columns)

    def __repr__(self) -> str:
        kinds = "none" if self.types is None else str(len(set(self.types)))
        return (
            f"Connectome(neurons={self.num_neurons}, synapses={self.num_synapses}, types={kinds})"
        )
