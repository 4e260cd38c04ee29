"""Synapse sizes, random wiring, generation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplnn.connectomes import (
    connectome_from_edges,
    normalize,
    rewire,
    spectral_radius,
    topographic_connectome,
)


def signed(connectome):
    weights = connectome.weights.to_dense().double().numpy()
    return weights * connectome.known_signs()[None]


def test_spectral_radius_equals_the_largest_eigenvalue():
    wiring = topographic_connectome((12, 15), 12, synapse_std=3.0)
    exact = np.abs(np.linalg.eigvals(signed(wiring))).max()
    found = spectral_radius(wiring.weights, wiring.known_signs(), steps=2000)
    # The largest eigenvalues are complex: the growth of a vector oscillates around their modulus.
    assert abs(found / exact - 1) < 0.02


def test_normalising_balances_and_scales():
    wiring = normalize(topographic_connectome((20, 20), 20), 1.0)
    matrix = signed(wiring)
    excitation = matrix.clip(min=0).sum(1)
    inhibition = -matrix.clip(max=0).sum(1)
    both = (excitation > 0) & (inhibition > 0)
    np.testing.assert_allclose(excitation[both], inhibition[both], rtol=1e-5)
    assert abs(np.abs(np.linalg.eigvals(matrix)).max() - 1) < 0.05


def test_a_chain_has_no_spectral_radius_to_scale():
    chain = connectome_from_edges(["a", "b"], ["b", "c"])
    assert spectral_radius(chain.weights) == 0.0
    with pytest.raises(ValueError, match="without a loop"):
        normalize(chain)
    assert normalize(chain, None).num_synapses == 2


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100), per_neuron=st.integers(1, 12))
def test_rewiring_keeps_all_degrees(seed, per_neuron):
    wiring = topographic_connectome((6, 8), per_neuron, synapse_std=2.0, seed=seed)
    shuffled = rewire(wiring, seed)
    assert shuffled.num_synapses == wiring.num_synapses
    for ends in ("sources", "targets"):
        before, after = (torch.bincount(getattr(w, ends), minlength=48) for w in (wiring, shuffled))
        assert torch.equal(before, after)
    assert (shuffled.sources != shuffled.targets).all()
    total = [w.weights.values().sort().values for w in (wiring, shuffled)]
    assert torch.equal(*total)


def test_rewiring_changes_the_wiring_and_repeats_for_a_seed():
    wiring = topographic_connectome((6, 8), 6)
    a, b, c = rewire(wiring, 0), rewire(wiring, 0), rewire(wiring, 1)
    assert torch.equal(a.weights.to_dense(), b.weights.to_dense())
    assert not torch.equal(a.weights.to_dense(), c.weights.to_dense())


def test_rewiring_says_when_there_is_no_room():
    full = connectome_from_edges(["a", "b"], ["b", "a"])
    assert torch.equal(rewire(full).weights.to_dense(), full.weights.to_dense())


def test_topographic_connectomes_do_not_touch_the_global_generator():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    wiring = topographic_connectome((5, 7), 4, inhibitory=0.5, seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert wiring.num_neurons == 35
    assert (wiring.sources != wiring.targets).all()
    assert set(wiring.types) == {"excitatory", "inhibitory"}
    np.testing.assert_array_equal(np.asarray(wiring.types) == "inhibitory", wiring.signs == -1)


def test_synapses_stay_close_on_a_sheet_that_is_not_square():
    wiring = topographic_connectome((5, 60), 10, synapse_std=2.0)
    rows = wiring.sources // 60 - wiring.targets // 60
    columns = wiring.sources % 60 - wiring.targets % 60
    assert rows.abs().max() < 5
    # ten standard deviations
    assert columns.abs().max() < 20
