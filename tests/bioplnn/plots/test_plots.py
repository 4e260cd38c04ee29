"""Pictures show what they are said to show."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from tests.bioplnn.models.spatial import basic_classifier, small_area

mpl.use("Agg")
import matplotlib.pyplot as plt

from bioplnn.connectomes import connectome_from_edges
from bioplnn.models import ConnectomeRNN, SparseRNN, SpatiallyEmbeddedRNN
from bioplnn.plots import (
    animate_activity,
    plot_activity,
    plot_connectome,
    plot_receptive_fields,
    plot_time_constants,
    plot_traces,
)

WIRING = connectome_from_edges(
    ["a", "b", "c"], ["b", "c", "a"], types=["y", "x", "y"], signs=[1, -1, 0]
)


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return basic_classifier()


def test_a_connectome_is_sorted_by_type():
    figure, ax = plt.subplots()
    assert plot_connectome(WIRING, ax) is ax
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["x", "y"]
    points = {
        collection.get_label(): collection.get_offsets().tolist() for collection in ax.collections
    }
    # b comes first: it is the only x.
    assert points == {
        "excitatory": [[1, 0]], "inhibitory": [[0, 2]], "sign unknown": [[2, 1]]
    }  # fmt: skip
    figure.canvas.draw()


def test_the_order_of_types():
    ax = plot_connectome(WIRING, order=["y", "x"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["y", "x"]
    found = np.concatenate([c.get_offsets() for c in ax.collections])
    # a and c come first.
    assert sorted(found.tolist()) == [[0, 2], [1, 0], [2, 1]]
    with pytest.raises(ValueError, match="order must hold every type"):
        plot_connectome(WIRING, order=["x"])


def test_many_connections_are_drawn_as_a_density():
    ax = plot_connectome(WIRING, max_dots=2)
    (image,) = ax.images
    order = [1, 0, 2]  # b is the only x
    dense = (WIRING.weights.to_dense() > 0).float()[order][:, order]
    np.testing.assert_allclose(np.asarray(image.get_array()), dense.numpy())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x", "y"]


def test_an_unsorted_connectome():
    ax = plot_connectome(WIRING, sort=False)
    found = np.concatenate([c.get_offsets() for c in ax.collections])
    assert sorted(found.tolist()) == [[0, 1], [1, 2], [2, 0]]


def test_activity_in_panels_and_films(model, tmp_path):
    activity = model.activity(torch.randn(2, 1, 28, 28), num_steps=3)
    axes = plot_activity(activity, sample=1)
    assert axes.shape == (2, 3)
    assert [ax.get_ylabel() for ax in axes[0, 0].figure.axes[6:]] == ["activity"] * 2
    shown = np.asarray(axes[1, 2].images[0].get_array())
    np.testing.assert_allclose(shown, activity["inhibitory"][1, 2].mean(0).numpy())
    given = plt.subplots(2, 3)[1]
    assert plot_activity(activity, axes=given)[0, 0] is given[0, 0]
    animate_activity(activity, tmp_path / "film.gif")
    from PIL import Image

    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3
    with pytest.raises(ValueError, match="axes must have shape"):
        plot_activity(activity, axes=plt.subplots(1, 3)[1])
    with pytest.raises(ValueError, match=r"'a'.* must be \(B, T, C, H, W\)"):
        plot_activity({"a": torch.zeros(2, 3)})


def test_receptive_fields(model):
    axes = plot_receptive_fields(model.rnn.areas[0], neuron_type=1)
    assert len(axes) == 16
    kernel = model.rnn.areas[0].convs["0->1"][0].weight[5, 0].detach().numpy()
    np.testing.assert_allclose(np.asarray(axes[5].images[0].get_array()), kernel)
    with pytest.raises(ValueError, match="channel"):
        plot_receptive_fields(model.rnn.areas[0], channel=3)
    model.rnn.areas[0].inter_neuron_type_connectivity[0, 0] = 0
    try:
        with pytest.raises(ValueError, match="row 0 must be connected"):
            plot_receptive_fields(model.rnn.areas[0])
    finally:
        model.rnn.areas[0].inter_neuron_type_connectivity[0, 0] = 1


@pytest.mark.filterwarnings("ignore:tensor of shape")
def test_time_constants(model):
    labels = [text.get_text() for text in plot_time_constants(model).get_legend().get_texts()]
    assert labels == ["excitatory", "inhibitory"]
    two = SpatiallyEmbeddedRNN(
        num_areas=2,
        area_kwargs=[
            small_area(out_channels=2),
            small_area(num_neuron_types=2, neuron_type_class=["inhibitory", "inhibitory"]),
        ],
    )
    texts = plot_time_constants(two).get_legend().get_texts()
    assert [text.get_text() for text in texts] == [
        "area 0, excitatory", "area 0, inhibitory", "area 1, inhibitory 1", "area 1, inhibitory 2"
    ]  # fmt: skip
    for mode, init in (("per_neuron", [1.5, 2, 2.5]), ("per_neuron_type", {"x": 2.0, "y": 3.0})):
        rnn = ConnectomeRNN(
            3, **WIRING.rnn_kwargs(), neuron_tau_init=init, neuron_tau_mode=mode
        )  # fmt: skip
        texts = plot_time_constants(rnn).get_legend().get_texts()
        assert [text.get_text() for text in texts] == ["x", "y"]
    with pytest.raises(ValueError, match="time constants"):
        plot_time_constants(SparseRNN(3, 3, WIRING.weights))


def test_traces():
    states = torch.rand(2, 5, 4)
    ax = plot_traces(states, torch.linspace(0, 1, 5), neurons=[1, 3], sample=1)
    assert len(ax.lines) == 2
    np.testing.assert_allclose(ax.lines[1].get_ydata(), states[1, :, 3].numpy())
    assert ax.get_xlabel() == "time"
    assert plot_traces(states).get_xlabel() == "step"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"bioplnn\[plot\]"):
        plot_connectome(WIRING)
