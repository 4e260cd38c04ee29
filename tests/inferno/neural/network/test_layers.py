"""Wiring of layers, their cells, and what is recorded of them."""

import copy
import pickle

import pytest
import torch

from inferno import neural
from inferno.extra import ExactNeuron
from inferno.observe import MonitorPool, PassthroughReducer, StateMonitor
from synaptensor.kernels import use_kernel

DELTA = neural.DeltaCurrent.partialconstructor(1.0)


def dense(inputs: int, outputs: int, weight: float = 1.0) -> neural.LinearDense:
    return neural.LinearDense(
        inputs, outputs, 1.0, synapse=DELTA, batch_size=2, weight_init=lambda x: x * 0 + weight
    )


def exact(size: int) -> ExactNeuron:
    return ExactNeuron((size,), 1.0, rest_v=-60.0, thresh_v=-40.0, batch_size=2)


def serial() -> neural.Serial:
    return neural.Serial(dense(3, 4), exact(4))


def test_serial_runs_connection_transform_and_neurons() -> None:
    layer = neural.Serial(dense(3, 4), exact(4), transform=lambda x, shift=0.0: x - shift)
    x = torch.tensor([[1, 1, 0], [0, 1, 0]])
    spikes, output = layer(x, capture_intermediate=True, shift=1.5)
    assert output.tolist() == [[2.0] * 4, [1.0] * 4]
    assert spikes.tolist() == [[True] * 4, [False] * 4]
    override = torch.zeros(2, 4, dtype=torch.bool)
    assert not layer(x, neuron_kwargs={"override": override}).any()
    assert layer.cell.connection is layer.connection
    assert layer.connections.serial is layer.connection
    assert layer.cells.serial.serial is layer.cell
    with pytest.raises(RuntimeError, match="fixed"):
        layer.add_neuron("other", exact(4))


def test_cells_need_matching_shapes_and_are_not_called() -> None:
    with pytest.raises(RuntimeError, match=r"output shape \(5,\)"):
        neural.Serial(dense(3, 4), exact(5))
    with pytest.raises(RuntimeError, match="Layer"):
        serial().cell()


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("sum", 3.0), ("MEAN", 1.5), ("prod", 2.0), ("min", 1.0), ("max", 2.0)],
)
def test_biclique_combines_all_connections_for_all_neurons(combine: str, expected: float) -> None:
    seen = {}

    def keep(x):
        seen["x"] = x
        return x

    layer = neural.Biclique(
        [("a", dense(1, 3)), ("b", dense(1, 3), lambda x: 2 * x)],
        [("n", exact(3), keep), ("m", exact(3))],
        combine,
    )
    one = torch.ones(2, 1)
    spikes = layer({"a": (one,), "b": (one,)})
    assert set(spikes) == {"n", "m"}
    assert spikes["n"].shape == (2, 3)
    assert torch.equal(seen["x"], torch.full((2, 3), expected))
    assert [names for names, _ in layer.named_cells] == [
        (c, n) for c in ("a", "b") for n in ("n", "m")
    ]


def test_biclique_refuses_what_it_cannot_wire() -> None:
    with pytest.raises(ValueError, match="connections"):
        neural.Biclique([], [("n", exact(3))])
    with pytest.raises(ValueError, match=r"neurons\[0\]"):
        neural.Biclique([("a", dense(1, 3))], [("n",)])
    with pytest.raises(ValueError, match="combine"):
        neural.Biclique([("a", dense(1, 3))], [("n", exact(3))], "median")


def recurrent(**options) -> neural.RecurrentSerial:
    return neural.RecurrentSerial(
        dense(3, 4), dense(4, 5), dense(5, 4, -10.0), exact(4), exact(5), **options
    )


def test_feedback_arrives_one_step_late() -> None:
    layer = recurrent()
    x = torch.ones(2, 3)
    (first, back), outputs = layer(x, capture_intermediate=True)
    assert first.all()
    assert back.all()
    assert list(outputs) == ["feedfwd", "feedback", "lateral"]
    assert not outputs["feedback"].any()
    second, back = layer(x)
    assert not second.any()
    assert not back.any()
    assert layer(x)[0].all()
    layer.clear()
    assert layer.feedback_spikes is None
    assert not layer.feedfwd_neuron.spike.any()


def test_feedback_cells_exist_when_trainable() -> None:
    layer = recurrent()
    assert layer.lateral_cell is None
    assert layer.feedback_cell is None
    layer = recurrent(trainable_feedback=True)
    assert layer.lateral_cell.neuron is layer.feedback_neuron
    assert layer.feedback_cell.connection is layer.feedback_connection
    assert layer.feedfwd_cell.connection is layer.feedfwd_connection


class Free(neural.Layer):
    """A layer whose components the tests add and remove."""

    def wiring(self, inputs, **kwargs):
        return {"n": sum(inputs.values())}


def test_components_can_be_added_and_removed() -> None:
    layer = Free()
    connection = layer.add_connection("c", dense(1, 3))
    layer.add_neuron("n", exact(3))
    cell = layer.add_cell("c", "n")
    assert layer.add_cell("c", "n") is cell
    assert list(layer.named_synapses) == [("c", connection.synapse)]
    with pytest.raises(RuntimeError, match="'c'"):
        layer.add_connection("c", dense(1, 3))
    with pytest.raises(ValueError, match="name"):
        layer.add_connection("not a name", dense(1, 3))
    with pytest.raises(AttributeError, match="'x'"):
        layer.get_connection("x")
    with pytest.raises(KeyError):
        layer({"x": (torch.ones(2, 1),)})
    layer.clear()
    layer.update()
    layer.del_neuron("n")
    assert not list(layer.named_cells)
    with pytest.raises(ValueError, match="'n'"):
        layer.del_neuron("n")
    layer.del_connection("c")
    with pytest.raises(AttributeError, match="'c'"):
        layer.del_connection("c")


def test_paths_of_cells_lead_through_their_layer() -> None:
    layer = serial()
    cell = layer.cell
    assert cell.realign_attribute("neuron.spike") == "neurons_.serial.spike"
    assert cell.realign_attribute("synapse.spike") == "connections_.serial.synapse.spike"
    assert cell.realign_attribute("prespike") == "connections_.serial.synspike"
    assert cell.realign_attribute("postvoltage") == "neurons_.serial.voltage"
    assert cell.realign_attribute("monitors") == "cells_.serial.serial.monitors"
    with pytest.raises(RuntimeError, match=r"'nothing\.at\.all'"):
        cell.realign_attribute("nothing.at.all")
    pool = MonitorPool()
    pool.add_observed("cell", cell)
    constructor = StateMonitor.partialconstructor(PassthroughReducer(1.0))
    monitor = pool.add_monitor("cell", "spikes", "postspike", constructor)
    layer(torch.ones(2, 3))
    assert monitor.peek().tolist() == [[1.0] * 4] * 2


def test_state_dicts_with_and_without_cells_are_accepted() -> None:
    first, second, third = serial(), serial(), serial()
    with torch.no_grad():
        first.connection.weight.fill_(7.0)
    first(torch.ones(2, 3))
    state = first.state_dict()
    assert "cells_.serial.serial.connection_.weight_" in state
    second.load_state_dict(state)
    slim = {k: v for k, v in state.items() if not k.startswith("cells_")}
    third.load_state_dict(slim)
    for layer in (second, third):
        assert (layer.connection.weight == 7.0).all()
        assert torch.equal(layer.neuron.spike, first.neuron.spike)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_layers_are_independent(duplicate) -> None:
    layer = serial()
    layer(torch.ones(2, 3))
    other = duplicate(layer)
    assert other.cell.connection is other.connection
    assert other.cell.basis is other
    other(torch.zeros(2, 3))
    assert layer.neuron.spike.all()
    assert not other.neuron.spike.any()


def test_recurrent_layers_give_the_same_spikes_with_and_without_loops():
    def make():
        torch.manual_seed(0)
        synapse = neural.DeltaCurrent.partialconstructor(100.0)
        neuron = {"rest_v": -60.0, "reset_v": -65.0, "thresh_v": -50.0, "refrac_t": 2.0}
        return neural.RecurrentSerial(
            neural.LinearDense(12, 6, 1.0, synapse=synapse, batch_size=3),
            neural.LinearDirect(6, 1.0, synapse=synapse, batch_size=3),
            neural.LinearLateral(
                6, 1.0, synapse=synapse, batch_size=3, weight_init=lambda w: w * -1.0
            ),
            neural.LIF(6, 1.0, time_constant=20.0, batch_size=3, **neuron),
            neural.LIF(6, 1.0, time_constant=20.0, batch_size=3, **neuron),
        )

    plain, fused = make(), make()
    torch.manual_seed(1)
    count = 0
    with torch.no_grad():
        for spikes in torch.rand(40, 3, 12) < 0.2:
            with use_kernel("torch", "inferno"):
                expected = plain(spikes)
            got = fused(spikes)
            assert torch.equal(got[0], expected[0])
            assert torch.equal(got[1], expected[1])
            count += int(got[1].sum())
    assert count > 0
