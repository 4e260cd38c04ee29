"""Registration, routing and batching of trainers."""

import copy
from typing import Any

import pytest
import torch

from inferno import learn, neural
from inferno.extra import ExactNeuron
from inferno.learn.trainers.two_factor_stdp import StableSTDP, StableTripletSTDP
from synaptensor.kernels import use_kernel

DELTA = neural.DeltaCurrent.partialconstructor(1.0)
BATCH = 3


def layer_of(kind: str = "dense", delay: float | None = None, bias: bool = False) -> neural.Serial:
    options: dict[str, Any] = {
        "synapse": DELTA,
        "batch_size": BATCH,
        "delay": delay,
        "bias": bias,
        "delay_init": lambda x: torch.randint_like(x, 4) if delay else x,
    }
    if kind == "dense":
        connection: Any = neural.LinearDense((2, 3), (4,), 1.0, **options)
    elif kind == "conv":
        connection = neural.Conv2D(5, 5, 2, 3, 1.0, 3, **options)
    else:
        connection = getattr(neural, {"direct": "LinearDirect", "lateral": "LinearLateral"}[kind])(
            (4,), 1.0, **options
        )
    neuron = ExactNeuron(connection.outshape, 1.0, rest_v=-60.0, thresh_v=-40.0, batch_size=BATCH)
    connection.updater = connection.defaultupdater()
    return neural.Serial(connection, neuron)


def step(layer: neural.Serial, density: float = 0.4) -> None:
    connection = layer.connection
    pre = torch.rand(connection.batched_inshape) < density
    post = torch.rand(connection.batched_outshape) < density
    layer(pre, neuron_kwargs={"override": post})


def reference_stdp(layer: neural.Serial, unit: Any, reduce=torch.mean) -> tuple[Any, Any]:
    """The two terms by their definition, with a tensor for every sample and weight."""
    connection, monitors = layer.connection, unit.monitors
    post, pre = connection.postsyn_receptive, connection.presyn_receptive
    spikes = post(monitors["spike_post"].peek()), pre(monitors["spike_pre"].peek())
    traces = post(monitors["trace_post"].peek()), pre(monitors["trace_pre"].peek())
    first = reduce((spikes[0] * traces[1]).sum(-1), 0)
    return first, reduce((spikes[1] * traces[0]).sum(-1), 0)


@pytest.mark.parametrize("kernel", ["torch", "numba"])
@pytest.mark.parametrize("kind", ["dense", "direct", "lateral", "conv"])
@pytest.mark.parametrize("delay", [None, 3.0])
@pytest.mark.parametrize("reduce", [torch.mean, torch.sum, torch.amax])
def test_stdp_equals_its_definition(kind, delay, reduce, kernel) -> None:
    torch.manual_seed(1)
    layer = layer_of(kind, delay)
    trainer = learn.STDP(0.5, -0.25, 10.0, 20.0, batch_reduction=reduce)
    unit = trainer.register_cell("only", layer.cell)
    before = layer.connection.weight.clone()
    with use_kernel(kernel, "inferno"):
        for _ in range(5):
            step(layer)
            pos, neg = reference_stdp(layer, unit, reduce)
            trainer()
        acc = layer.updater.weight
        torch.testing.assert_close(acc._pos[-1], pos, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(acc._neg[-1], neg, atol=1e-5, rtol=1e-5)
        assert acc._pos[-1].shape == before.shape
        change = acc.update(None)
        layer.connection.update()
    expected = before + change
    if kind == "lateral":
        expected = expected * layer.connection.mask
    torch.testing.assert_close(layer.connection.weight, expected)


@pytest.mark.parametrize("rates", [(0.5, -0.2), (-0.5, 0.2), (0.5, 0.2), (-0.5, -0.2)])
@pytest.mark.parametrize("stable", [False, True])
def test_signs_of_rates_route_the_terms(rates: tuple[float, float], stable: bool) -> None:
    torch.manual_seed(2)
    layer = layer_of()
    trainer = (StableSTDP if stable else learn.STDP)(*rates, 10.0, 20.0)
    twin = learn.STDP(*(abs(r) for r in rates), 10.0, 20.0)
    trainer.register_cell("only", layer.cell)
    unit = twin.register_cell("only", layer.cell)
    for _ in range(4):
        step(layer)
    trainer()
    first, second = reference_stdp(layer, unit)
    acc = layer.updater.weight
    pos = sum(t for t, r in zip((first, second), rates, strict=True) if r >= 0)
    neg = sum(t for t, r in zip((first, second), rates, strict=True) if r < 0)
    for got, expected in ((acc.pos, pos), (acc.neg, neg)):
        if isinstance(expected, int):
            assert got is None
        else:
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_delays_gate_updates_until_spikes_arrive() -> None:
    layer = layer_of(delay=3.0)
    layer.connection.delay = torch.tensor([0.0, 1, 2, 3]).view(4, 1).expand(4, 6)
    trainer = learn.STDP(0.5, -0.2, 10.0, 20.0, delayed=True)
    trainer.register_cell("only", layer.cell)
    on = {"override": torch.ones(BATCH, 4, dtype=torch.bool)}
    for past in range(4):
        layer(torch.ones(BATCH, 2, 3), neuron_kwargs=on)
        trainer()
        arrived = (layer.connection.delay <= past).float()
        assert torch.equal((layer.updater.weight._pos[-1] > 0).float(), arrived)
        assert torch.equal((layer.updater.weight._neg[-1] > 0).float(), arrived)


TRIPLET = (0.5, 0.2, -0.25, 0.1, 10.0, 30.0, 20.0, 40.0)


@pytest.mark.parametrize("cls", [learn.TripletSTDP, StableTripletSTDP])
@pytest.mark.parametrize("mode", ["cumulative", "nearest"])
def test_triplet_rule_follows_its_formula(cls: type, mode: str) -> None:
    torch.manual_seed(3)
    layer = layer_of()
    trainer = cls(*TRIPLET, trace_mode=mode)
    trainer.register_cell("only", layer.cell)
    decay = torch.exp(-1.0 / torch.tensor([10.0, 30.0, 20.0, 40.0]))
    o1, o2 = torch.zeros(BATCH, 4), torch.zeros(BATCH, 4)
    r1, r2 = torch.zeros(BATCH, 6), torch.zeros(BATCH, 6)

    def advance(trace, factor, spikes):
        if mode == "nearest":
            return torch.where(spikes > 0, 1.0, trace * factor)
        return trace * factor + spikes

    for _ in range(12):
        step(layer)
        post = layer.neuron.spike.float()
        pre = layer.synapse.spike.float()
        o1, r1 = advance(o1, decay[0], post), advance(r1, decay[2], pre)
        pos = torch.einsum("bo,bi->oi", post * (0.5 + 0.2 * o2), r1) / BATCH
        neg = torch.einsum("bo,bi->oi", o1, pre * (0.25 + 0.1 * r2)) / BATCH
        o2, r2 = advance(o2, decay[1], post), advance(r2, decay[3], pre)
        trainer()
        acc = layer.updater.weight
        torch.testing.assert_close(acc._pos[-1], pos, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(acc._neg[-1], neg, atol=1e-5, rtol=1e-5)


def test_delayed_triplet_rule_reads_the_past_as_the_undelayed_one_the_present() -> None:
    torch.manual_seed(4)
    layer = layer_of(delay=3.0)
    for delayed in (False, True):
        trainer = learn.TripletSTDP(*TRIPLET, delayed=delayed)
        trainer.register_cell("only", layer.cell)
        if delayed:
            second = trainer
        else:
            first = trainer
    for _ in range(15):
        step(layer)
        first()
        second()
    acc = layer.updater.weight
    torch.testing.assert_close(acc._pos[-1], acc._pos[-2], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(acc._neg[-1], acc._neg[-2], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["MSTDP", "MSTDPET"])
@pytest.mark.parametrize("rates", [(0.5, -0.2), (-0.5, 0.2), (0.5, 0.2), (-0.5, -0.2)])
@pytest.mark.parametrize("reduce", [torch.sum, torch.mean])
def test_signals_per_sample_add_up(name: str, rates, reduce) -> None:
    torch.manual_seed(5)
    layer = layer_of()
    extra = (25.0,) if name == "MSTDPET" else ()
    trainer = getattr(learn, name)(*rates, 10.0, 20.0, *extra, batch_reduction=reduce)
    unit = trainer.register_cell("only", layer.cell)
    for _ in range(6):
        step(layer)
    signal = torch.tensor([0.7, -1.5, 0.3])
    trainer(signal, scale=2.0)
    if name == "MSTDP":
        first, second = reference_stdp(layer, unit, lambda x, dim: x)
    else:
        first, second = unit.monitors["elig_post"].peek(), unit.monitors["elig_pre"].peek()
    total = (
        2.0
        * signal.view(-1, 1, 1)
        * (torch.sign(torch.tensor(rates[0])) * first + torch.sign(torch.tensor(rates[1])) * second)
    )
    if reduce is torch.sum:
        torch.testing.assert_close(
            layer.updater.weight.update(None), total.sum(0), atol=1e-5, rtol=1e-5
        )
    layer.updater.clear()
    trainer(torch.tensor(-0.5))
    expected = -0.25 * reduce(total / signal.view(-1, 1, 1), 0)
    torch.testing.assert_close(layer.updater.weight.update(None), expected, atol=1e-5, rtol=1e-5)


def test_signals_of_another_length_are_refused() -> None:
    layer = layer_of()
    trainer = learn.MSTDP(0.5, -0.2, 10.0, 20.0)
    trainer.register_cell("only", layer.cell)
    step(layer)
    with pytest.raises(ValueError, match=r"`signal` must be a number or of shape \(3,\)"):
        trainer(torch.ones(2))


def test_eligibility_stays_with_its_own_traces() -> None:
    torch.manual_seed(6)
    results = []
    for others in (False, True):
        torch.manual_seed(6)
        layer = layer_of()
        trainer = learn.MSTDPET(0.5, -0.2, 10.0, 20.0, 25.0)
        trainer.register_cell("only", layer.cell)
        if others:
            other = learn.STDP(7.0, -7.0, 3.0, 3.0)
            other.register_cell("only", layer.cell)
        for _ in range(5):
            step(layer)
        results.append(trainer.get_monitor("only", "elig_post").peek())
    assert torch.equal(*results)


@pytest.mark.parametrize("kind", ["dense", "direct", "conv"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("DelayAdjustedSTDP", (0.5, -0.25, 20.0, 10.0)),
        ("DelayAdjustedSTDPD", (-0.5, 0.25, 20.0, 10.0)),
    ],
)
def test_delay_adjusted_rules_use_times_since_spikes(kind: str, name: str, arguments) -> None:
    torch.manual_seed(7)
    layer = layer_of(kind, 3.0)
    connection = layer.connection
    trainer = getattr(learn, name)(*arguments)
    trainer.register_cell("only", layer.cell)
    t_pre = torch.full_like(layer.synapse.spike, torch.nan, dtype=torch.float32)
    t_post = torch.full(connection.batched_outshape, torch.nan)
    for _ in range(6):
        step(layer, 0.15)
        t_pre = torch.where(layer.synapse.spike, 0.0, t_pre + 1.0)
        t_post = torch.where(layer.neuron.spike, 0.0, t_post + 1.0)
    trainer()
    difference = connection.presyn_receptive(t_pre) - connection.postsyn_receptive(t_post)
    difference = difference - connection.delay.unsqueeze(-1)
    late = torch.where(difference >= 0, 0.5 * torch.exp(-difference.abs() / 20.0), 0.0)
    early = torch.where(difference < 0, 0.25 * torch.exp(-difference.abs() / 10.0), 0.0)
    change = (late - early).nansum(-1).mean(0)
    acc = layer.updater.weight if name == "DelayAdjustedSTDP" else layer.updater.delay
    expected = change if name == "DelayAdjustedSTDP" else -change
    torch.testing.assert_close(acc.update(None), expected, atol=3e-6, rtol=1e-5)
    assert torch.isfinite(acc.update(None)).all()


@pytest.mark.parametrize("param", ["weight", "bias", "delay"])
def test_homeostasis_moves_rates_towards_the_target(param: str) -> None:
    layer = layer_of(delay=3.0, bias=True)
    trainer = learn.LinearHomeostasis(0.1, 0.5, param)
    trainer.register_cell("only", layer.cell)
    fires = torch.tensor([True, True, False, False]).expand(BATCH, 4)
    layer(torch.zeros(BATCH, 2, 3), neuron_kwargs={"override": fires})
    trainer()
    acc = getattr(layer.updater, param)
    up, down = torch.tensor([0.0, 0, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0, 0])
    change = acc.update(None)
    change = change if param == "bias" else change.squeeze(-1)
    expected = (down - up) if param == "delay" else (up - down)
    torch.testing.assert_close(change, expected)
    before = getattr(layer.connection, param).clone()
    # shares an accumulator with contributions of the shape of the parameter
    setattr(layer.updater, param, torch.zeros_like(before))
    layer.connection.update()
    moved = getattr(layer.connection, param) - before
    torch.testing.assert_close(moved if param == "bias" else moved[:, 0], expected)


def test_homeostasis_keeps_the_targets_of_cells_apart() -> None:
    trainer = learn.LinearHomeostasis(0.1, None, "weight")
    layers = [layer_of(), layer_of()]
    for name, (layer, target) in enumerate(zip(layers, (0.5, 1.0), strict=True)):
        trainer.register_cell(str(name), layer.cell, target=target)
        layer(torch.zeros(BATCH, 2, 3), neuron_kwargs={"override": torch.ones(BATCH, 4)})
    trainer()
    changes = [layer.updater.weight.update(None)[0, 0].item() for layer in layers]
    assert changes == pytest.approx([-0.1, 0.0])
    trainer2 = learn.LinearHomeostasis(0.1, None, "weight")
    trainer2.register_cell("a", layers[0].cell)
    with pytest.raises(RuntimeError, match="target"):
        trainer2()


def test_cells_override_hyperparameters() -> None:
    layer = layer_of()
    trainer = learn.STDP(0.5, -0.2, 10.0, 20.0, trace_mode="NEAREST", interp_tolerance=0.1)
    assert (trainer.trace, trainer.tolerance, trainer.batchreduce) == ("nearest", 0.1, torch.mean)
    unit = trainer.register_cell("a", layer.cell, lr_post=0.1, batch_reduction=torch.sum)
    state = unit.state
    assert (state.lr_post, state.lr_pre, state.batchreduce) == (0.1, -0.2, torch.sum)
    assert state.tracemode == "nearest"
    assert list(unit.monitors) == ["trace_post", "spike_post", "trace_pre", "spike_pre"]


def test_registration_refuses_what_cannot_be_trained() -> None:
    trainer = learn.STDP(0.5, -0.2, 10.0, 20.0, step_time=1.0)
    layer = layer_of()
    with pytest.raises(TypeError, match="did you mean 'lr_post'"):
        trainer.register_cell("a", layer.cell, lr_posd=0.1)
    with pytest.raises(ValueError, match="tc_pre"):
        trainer.register_cell("a", layer.cell, tc_pre=0.0)
    trainer.register_cell("a", layer.cell)
    with pytest.raises(ValueError, match="'a'"):
        trainer.register_cell("a", layer.cell)
    with pytest.raises(RuntimeError, match="delays"):
        learn.DelayAdjustedSTDP(0.5, -0.2, 10.0, 20.0).register_cell("a", layer.cell)
    with pytest.raises(RuntimeError, match="required parameter 'bias'"):
        learn.LinearHomeostasis(0.1, 0.5, "bias").register_cell("a", layer.cell)
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        trainer()
    layer.connection.dt = 0.5
    with pytest.raises(
        ValueError, match=r"`step_time` of the trainer must be that of the cell, 0.5"
    ):
        learn.STDP(0.5, -0.2, 10.0, 20.0, step_time=1.0).register_cell("a", layer.cell)
    with pytest.raises(TypeError):
        learn.STDP(0.5, -0.2, 10.0, 20.0, speed=1.0)


def test_zero_rates_leave_their_term_out() -> None:
    layer = layer_of()
    trainer = learn.STDP(0.0, -0.2, 10.0, 20.0)
    trainer.register_cell("a", layer.cell)
    for _ in range(3):
        step(layer)
    trainer()
    assert not layer.updater.weight.pos.any()
    assert layer.updater.weight.neg.any()


def test_layers_with_equal_names_are_observed_apart() -> None:
    torch.manual_seed(8)
    layers = [layer_of(), layer_of()]
    trainer = learn.STDP(0.5, -0.2, 10.0, 20.0)
    for name, layer in zip("ab", layers, strict=True):
        trainer.register_cell(name, layer.cell)
        step(layer)
    a, b = (trainer.get_monitor(name, "spike_pre").peek() for name in "ab")
    assert torch.equal(a, layers[0].synapse.spike.float())
    assert torch.equal(b, layers[1].synapse.spike.float())
    assert len(list(trainer.monitors)) == 8
    trainer()
    before = [layer.connection.weight.clone() for layer in layers]
    trainer.update()
    for layer, weight in zip(layers, before, strict=True):
        assert not torch.equal(layer.connection.weight, weight)
    trainer.del_cell("a")
    step(layers[1])
    trainer()
    with pytest.raises(AttributeError, match="'a'"):
        trainer.del_cell("a")


def test_evaluation_detaches_monitors_and_updates() -> None:
    layer = layer_of()
    trainer = learn.STDP(0.5, -0.2, 10.0, 20.0)
    trainer.register_cell("a", layer.cell)
    step(layer)
    trace = trainer.get_monitor("a", "trace_pre").peek().clone()
    trainer.eval()
    assert not layer._forward_hooks
    step(layer)
    trainer()
    assert layer.updater.weight.pos is None
    assert torch.equal(trainer.get_monitor("a", "trace_pre").peek(), trace)
    trainer.train()
    assert len(layer._forward_hooks) == 4
    trainer.clear()
    assert trainer.get_monitor("a", "trace_pre").peek() is None


def test_a_copy_of_layer_and_trainer_trains_the_copy() -> None:
    torch.manual_seed(9)
    layer = layer_of()
    trainer = learn.MSTDPET(0.5, -0.2, 10.0, 20.0, 25.0)
    trainer.register_cell("a", layer.cell)
    step(layer)
    twin, coach = copy.deepcopy((layer, trainer))
    before = layer.connection.weight.clone()
    kept = trainer.get_monitor("a", "elig_post").peek().clone()
    for _ in range(4):
        step(twin, 0.8)
        coach(1.0)
        twin.connection.update()
    assert torch.equal(layer.connection.weight, before)
    assert torch.equal(trainer.get_monitor("a", "elig_post").peek(), kept)
    assert not torch.equal(twin.connection.weight, before)


class Apart(neural.LinearDense):
    """Pairs sample by sample, as its receptive shapes might be others."""

    def presyn_receptive(self, data):
        return super().presyn_receptive(data)


@pytest.mark.parametrize("reduction", [torch.mean, torch.sum])
@pytest.mark.parametrize("mode", ["cumulative", "nearest"])
@pytest.mark.parametrize("rule", [learn.STDP, StableSTDP])
def test_delayed_pairs_are_those_of_every_sample(rule, mode, reduction):
    torch.manual_seed(0)
    delay, weight = 4 * torch.rand(5, 6), torch.rand(5, 6)
    delay[0, :3] = torch.tensor([0.0, 2.0, 4.0])
    updates = []
    spikes = torch.rand(12, 3, 6) < 0.3, torch.rand(12, 3, 5) < 0.3
    for kind in (neural.LinearDense, Apart):
        connection = kind(
            6,
            5,
            1.0,
            synapse=neural.DeltaCurrent.partialconstructor(1.0),
            delay=4.0,
            batch_size=3,
            delay_init=lambda _: delay,
            weight_init=lambda _: weight,
        )
        connection.updater = connection.defaultupdater()
        layer = neural.Serial(
            connection, ExactNeuron(5, 1.0, rest_v=-60.0, thresh_v=-50.0, batch_size=3)
        )
        trainer = rule(0.5, -0.25, 10.0, 20.0, True, 0.0, mode, reduction)
        trainer.register_cell("cell", layer.cell)
        for pre, post in zip(*spikes, strict=True):
            layer(pre, neuron_kwargs={"override": post})
            trainer()
        updates.append((connection.updater.weight.pos, connection.updater.weight.neg))
    # sums over three samples in another order
    torch.testing.assert_close(updates[0], updates[1], rtol=1e-5, atol=1e-6)
    assert updates[0][0].any()
    assert updates[0][1].any()
