"""Models from configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.connectomes import Connectome, load_connectome, normalize, topographic_connectome
from bioplnn.utils.connectomes import create_sparse_projection
from bioplnn.utils.initializers import initialize_model
from synaptensor.validation import check_choice, check_integer

WIRINGS = ("topographic", "c_elegans", "file")


def build_model(config: Mapping[str, Any]) -> nn.Module:
    """Build a model of ``bioplnn.models``.

    Args:
        config: ``class_name`` and the arguments of the class. For the classifiers with a
            connectome, ``wiring`` may say where the connectome comes from: ``kind``
            (``"topographic"``, ``"c_elegans"``, ``"file"``) and its arguments, ``spectral_radius``
            and ``num_outputs``. It gives ``rnn_kwargs`` the connectome, signs and projections
            that are not there: every input goes to neurons of its own share of the connectome,
            outputs are read from others.
    """
    arguments = dict(config)
    wiring = arguments.pop("wiring", None)
    if wiring is not None:
        given = dict(arguments.get("rnn_kwargs") or {})
        made = _wired(dict(wiring), check_integer("input_size", given["input_size"], minimum=1))
        arguments["rnn_kwargs"] = {**made, **given}
    return initialize_model(**arguments)


def _wired(wiring: dict[str, Any], input_size: int) -> dict[str, Any]:
    radius, outputs = wiring.pop("spectral_radius", 1.0), wiring.pop("num_outputs", None)
    connectome = normalize(_connectome(wiring), radius)
    count = connectome.num_neurons
    outputs = count // 4 if outputs is None else outputs
    check_integer("wiring.num_outputs", outputs, minimum=1, maximum=count // 2)
    shuffled = torch.randperm(count)
    return {
        **connectome.rnn_kwargs(),
        "output_size": outputs,
        "input_projection": _spread(shuffled[: count // 2], count, input_size),
        "output_projection": create_sparse_projection(
            outputs, count, shuffled[count // 2 :][:outputs], mode="ho"
        ),
    }


def _connectome(wiring: dict[str, Any]) -> Connectome:
    kind = check_choice("wiring.kind", wiring.pop("kind"), WIRINGS)
    if kind == "topographic":
        return topographic_connectome(**wiring)
    if kind == "file":
        return load_connectome(**wiring)
    from bioplnn.datasets import load_c_elegans

    return load_c_elegans(**wiring)


def _spread(neurons: Tensor, count: int, input_size: int) -> Tensor:
    """Connect every neuron of a list with one input, in the order of their numbers."""
    ordered = neurons.sort().values
    inputs = torch.arange(len(ordered)) * input_size // len(ordered)
    return torch.sparse_coo_tensor(
        torch.stack([ordered, inputs]),
        torch.randn(len(ordered)),
        (count, input_size),
        check_invariants=True,
    ).coalesce()
