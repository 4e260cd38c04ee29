"""Currents of synapses, now and after delays, against recorded reference values."""

import pytest
import torch

from inferno import neural

OPTIONS = {
    "DeltaCurrent": {},
    "DeltaPlusCurrent": {},
    "SingleExponentialCurrent": {"time_constant": 5.0},
    "DoubleExponentialCurrent": {"tc_decay": 5.0, "tc_rise": 1.0},
}
TIMES = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, -0.5]
CURRENTS = {
    "DeltaCurrent": [4, 0, 0, 4, 0],
    "DeltaPlusCurrent": [4, 0, 0, 4, 0],
    "SingleExponentialCurrent": [0.4, 0.361935, 0.327492, 0.696327, 0.630063],
    "DoubleExponentialCurrent": [0, 0.149153, 0.225426, 0.258844, 0.416646],
}
DELAYED = {
    "DeltaCurrent": [0, 4, 4, 0, 0, 0, 0, 0, 0],
    "DeltaPlusCurrent": [0, 4, 4, 0, 0, 0, 0, 0, 0],
    "SingleExponentialCurrent": [
        0.630063, 0.662367, 0.696327, 0.31152, 0.327492, 0.344283, 0.361935, 0, 0,
    ],
    "DoubleExponentialCurrent": [
        0.416646, 0.351671, 0.258844, 0.246148, 0.225426, 0.194171, 0.149153, 0, 0,
    ],
}  # fmt: skip


def build(name: str, **options) -> neural.Synapse:
    return getattr(neural, name)((1,), 0.5, spike_charge=2.0, **OPTIONS[name], **options)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("delay", [0.0, 1.5])
@pytest.mark.parametrize("name", OPTIONS)
def test_currents_follow_the_recorded_sequence(name: str, delay: float, inplace: bool) -> None:
    synapse = build(name, delay=delay, inplace=inplace)
    got = [synapse(torch.tensor([[s]])).item() for s in (1, 0, 0, 1, 0)]
    assert got == pytest.approx(CURRENTS[name], abs=1e-6)
    assert synapse.current.item() == pytest.approx(CURRENTS[name][-1], abs=1e-6)


@pytest.mark.parametrize("mode", ["previous", "nearest"])
@pytest.mark.parametrize("name", OPTIONS)
def test_currents_and_spikes_are_read_at_recorded_delays(name: str, mode: str) -> None:
    argument = "interp_mode" if name.startswith("Delta") else "spike_interp_mode"
    synapse = build(name, delay=1.5, **{argument: mode})
    for spike in (1, 0, 0, 1, 0):
        synapse(torch.tensor([[spike]]))
    selector = torch.tensor([[TIMES]], dtype=torch.float32)
    got = synapse.current_at(selector).flatten().tolist()
    assert got == pytest.approx(DELAYED[name], abs=1e-6)
    assert synapse.spike_at(selector).int().flatten().tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_values_outside_the_record_are_the_overbound() -> None:
    synapse = build(
        "SingleExponentialCurrent", delay=1.0, current_overbound=-20.0, spike_overbound=True
    )
    synapse(torch.ones(1, 1))
    selector = torch.tensor([[[-0.1, 0.0, 1.1]]])
    assert synapse.current_at(selector).flatten().tolist() == pytest.approx([-20.0, 0.4, -20.0])
    assert synapse.spike_at(selector).flatten().tolist() == [True, True, True]
    nearest = build("DeltaCurrent", delay=1.0, current_overbound=None, spike_overbound=None)
    nearest(torch.ones(1, 1))
    assert nearest.current_at(selector).flatten().tolist() == [4.0, 4.0, 0.0]
    assert nearest.spike_at(selector).flatten().tolist() == [True, True, False]


def test_reads_without_history_take_further_dimensions() -> None:
    synapse = build("DeltaCurrent")
    synapse(torch.ones(1, 1))
    got = synapse.current_at(torch.tensor([[[0.0, 0.5]]]))
    assert got.tolist() == [[[4.0, 0.0]]]


def test_injected_and_graded_inputs_add_up() -> None:
    synapse = neural.DeltaPlusCurrent((2,), 1.0, spike_charge=3.0)
    got = synapse(torch.tensor([[2.0, 0.0]]), torch.tensor([[0.5, 0.25]]), torch.ones(1, 2))
    assert got.tolist() == [[7.5, 1.25]]
    assert synapse.spike.tolist() == [[True, False]]


def test_setting_the_delay_fits_the_record_and_clears_it() -> None:
    synapse = build("DeltaCurrent", delay=1.5)
    synapse(torch.ones(1, 1))
    synapse.delay = 2.5
    assert synapse.spike_.recordsz == build("DeltaCurrent", delay=2.5).spike_.recordsz == 6
    assert not synapse.spike.any()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"spike_charge": 0.0}, ValueError),
        ({"delay": -1.0}, ValueError),
        ({"interp_mode": "linear"}, RuntimeError),
        ({"interp_tol": -1.0}, ValueError),
    ],
)
def test_arguments_out_of_range_are_refused(options: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        neural.DeltaCurrent((1,), 1.0, **{"spike_charge": 1.0} | options)


def test_rise_must_be_faster_than_decay() -> None:
    with pytest.raises(ValueError, match="tc_decay"):
        neural.DoubleExponentialCurrent(1, 1.0, spike_charge=1.0, tc_decay=1.0, tc_rise=1.0)
