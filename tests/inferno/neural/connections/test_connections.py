"""Maps, delays and receptive shapes of connections."""

import pytest
import torch
from torch import nn

import inferno
from inferno import neural

DELTA = neural.DeltaCurrent.partialconstructor(1.0)


def dense(**options) -> neural.LinearDense:
    return neural.LinearDense((2, 3), (4,), 1.0, synapse=DELTA, batch_size=5, **options)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("density", [0.02, 0.9])
def test_dense_is_a_matrix_product(bias: bool, density: float) -> None:
    connection = neural.LinearDense((20, 30), 7, 1.0, synapse=DELTA, bias=bias, batch_size=5)
    spikes = torch.rand(5, 20, 30) < density
    expected = spikes.flatten(1).float() @ connection.weight.t()
    if bias:
        expected = expected + connection.bias
    torch.testing.assert_close(connection(spikes), expected, atol=2e-6, rtol=2e-6)


def test_weights_come_from_the_seed_before_the_biases() -> None:
    torch.manual_seed(0)
    connection = dense(bias=True)
    torch.manual_seed(0)
    assert torch.equal(connection.weight, torch.rand(4, 6))
    assert torch.equal(connection.bias, torch.rand(4))


def test_lateral_leaves_out_its_own_input() -> None:
    connection = neural.LinearLateral((2, 2), 1.0, synapse=DELTA, weight_init=torch.ones_like)
    out = connection(torch.tensor([[[1, 0], [0, 0]]]))
    assert out.tolist() == [[[0.0, 1.0], [1.0, 1.0]]]
    connection.weight = torch.full((4, 4), 2.0)
    assert not connection.weight.diagonal().any()


def test_direct_scales_each_input() -> None:
    connection = neural.LinearDirect(3, 1.0, synapse=DELTA, bias=True)
    out = connection(torch.tensor([[1, 0, 1]]))
    expected = torch.tensor([1.0, 0.0, 1.0]) * connection.weight + connection.bias
    torch.testing.assert_close(out[0], expected)


@pytest.mark.parametrize("kind", ["dense", "direct", "lateral"])
def test_delays_bring_back_the_stored_slice(kind: str) -> None:
    options = {"synapse": DELTA, "delay": 4.0, "batch_size": 3}
    if kind == "dense":
        connection = neural.LinearDense(5, 4, 1.0, **options)
    else:
        cls = neural.LinearDirect if kind == "direct" else neural.LinearLateral
        connection = cls(5, 1.0, **options)
    connection.delay.fill_(4.0)
    record = connection.synapse.spike_
    stored = torch.rand_like(record.value, dtype=torch.float32) > 0.5
    record.value[:] = stored
    record.align(0)
    for k in range(1, 5):
        out = connection(torch.zeros(3, 5))
        past = stored[k].float()
        weight = connection.weight
        expected = past * weight if kind == "direct" else past @ weight.t()
        torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-6)


def test_each_weight_has_its_own_delay() -> None:
    connection = neural.LinearDense(
        1, 3, 1.0, synapse=DELTA, delay=2.0, weight_init=torch.ones_like
    )
    connection.delay = torch.tensor([[0.0], [1.0], [2.0]])
    outs = [connection(torch.tensor([[s]])) for s in (1, 0, 0)]
    assert torch.equal(torch.cat(outs), torch.eye(3))


def test_zero_maximum_delay_reads_undelayed_but_is_trainable() -> None:
    connection = dense(delay=0.0)
    assert connection.delayedby == 0.0
    assert connection.delay is not None
    assert connection.defaultupdater().names == ("weight", "delay")
    assert dense().delayedby is None


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("delay", [None, 3.0])
def test_convolution_agrees_with_torch(stride: int, delay: float | None) -> None:
    options = {"stride": stride, "padding": (1, 2), "dilation": (1, 2)}
    connection = neural.Conv2D(
        8, 9, 3, 4, 1.0, (3, 2), **options, synapse=DELTA, bias=True, delay=delay, batch_size=2
    )
    if delay is not None:
        connection.delay.fill_(2.0)
    images = torch.rand(3, 2, 3, 8, 9) > 0.5
    outs = [connection(x) for x in images]
    image = images[-1] if delay is None else images[0]
    expected = nn.functional.conv2d(image.float(), connection.weight, connection.bias, **options)
    torch.testing.assert_close(outs[-1], expected, atol=1e-5, rtol=1e-5)
    assert outs[-1].shape == connection.batched_outshape


def test_folding_gives_the_image_back() -> None:
    connection = neural.Conv2D(6, 6, 2, 1, 1.0, 3, stride=2, synapse=DELTA, batch_size=2)
    image = torch.rand(2, 2, 6, 6)
    got = connection.like_input(connection.like_synaptic(image))
    torch.testing.assert_close(got[..., :5, :5], image[..., :5, :5])
    assert not got[..., 5, :].any()


@pytest.mark.parametrize("kernel", [(3,), (3, 3, 3)])
def test_kernels_of_another_length_are_refused(kernel: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="kernel"):
        neural.Conv2D(6, 6, 1, 1, 1.0, kernel, synapse=DELTA)


def test_receptive_shapes_broadcast_to_the_weights() -> None:
    connection = dense(delay=2.0)
    assert connection.presyn_receptive(torch.zeros(5, 6)).shape == (5, 1, 6, 1)
    assert connection.presyn_receptive(torch.zeros(5, 6, 4)).shape == (5, 4, 6, 1)
    assert connection.postsyn_receptive(torch.zeros(5, 4)).shape == (5, 4, 1, 1)
    conv = neural.Conv2D(6, 5, 3, 4, 1.0, (3, 2), synapse=DELTA, batch_size=2)
    patches = conv.outheight * conv.outwidth
    pre = conv.presyn_receptive(torch.zeros(2, 18, patches))
    assert pre.shape == (2, 1, 3, 3, 2, patches)
    assert conv.presyn_receptive(torch.zeros(2, 18, patches, 4)).shape == (2, 4, 3, 3, 2, patches)
    assert conv.postsyn_receptive(torch.zeros(2, *conv.outshape)).shape == (2, 4, 1, 1, 1, patches)


def test_assigned_parameters_keep_shape_type_and_identity() -> None:
    connection = dense()
    weight = connection.weight
    connection.weight = nn.Parameter(torch.ones(4, 6, dtype=torch.float64))
    assert connection.weight is weight
    assert weight.dtype == torch.float32
    assert weight.sum() == 24
    with pytest.raises(ValueError, match="weight"):
        connection.weight = torch.ones(6, 4)
    connection.bias = torch.ones(4)
    assert connection.bias is None


def test_synapse_can_be_replaced() -> None:
    connection = dense()
    other = neural.SingleExponentialCurrent(
        6, 1.0, spike_charge=1.0, time_constant=5.0, batch_size=5
    )
    connection.synapse = other
    assert connection.synapse is other
    assert connection(torch.ones(5, 2, 3)).shape == (5, 4)


def test_batch_size_and_step_time_reach_the_synapse() -> None:
    connection = dense(delay=2.0)
    connection.batchsz, connection.dt = 2, 0.5
    assert connection.synapse.batchsz == 2
    assert connection.synapse.spike_.recordsz == 5
    assert connection(torch.ones(2, 2, 3)).shape == (2, 4)


def test_clearing_keeps_weights_and_drops_pending_updates() -> None:
    connection = dense()
    connection.updater = connection.defaultupdater()
    connection.updater.weight = torch.ones(4, 6), None
    connection(torch.ones(5, 2, 3))
    before = connection.weight.clone()
    connection.clear()
    connection.update()
    assert torch.equal(connection.weight, before)
    assert not connection.synapse.spike.any()


def test_weights_that_require_gradients_get_them() -> None:
    connection = dense()
    connection.weight.requires_grad_(True)
    connection(torch.ones(5, 2, 3)).sum().backward()
    assert torch.equal(connection.weight.grad, torch.full((4, 6), 5.0))


def test_initialisers_see_the_drawn_parameters() -> None:
    connection = dense(
        weight_init=lambda x: inferno.full(x, 0.5), delay=3.0, delay_init=torch.ones_like
    )
    assert (connection.weight == 0.5).all()
    assert (connection.delay == 1.0).all()
