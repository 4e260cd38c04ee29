"""Long simulations, other batch sizes and step times on the way, training resumed exactly."""

import gc
import io

import pytest
import torch

from inferno import learn, neural

RATES = (0.01, -0.005, 20.0, 20.0)


def build(batch: int = 4, dt: float = 1.0, delay: float | None = 3.0) -> neural.Serial:
    torch.manual_seed(0)
    connection = neural.LinearDense(
        6, 5, dt,
        synapse=neural.SingleExponentialCurrent.partialconstructor(60.0, 5.0),
        delay=delay, batch_size=batch,
        delay_init=lambda d: 3 * torch.rand_like(d),
    )  # fmt: skip
    neuron = neural.ALIF(
        5, dt, rest_v=-65.0, reset_v=-60.0, thresh_eq_v=-52.0, refrac_t=2.0, tc_membrane=20.0,
        tc_adaptation=1e3, spike_increment=0.1, batch_size=batch,
    )  # fmt: skip
    connection.updater = connection.defaultupdater()
    return neural.Serial(connection, neuron)


def trainers() -> dict[str, learn.IndependentCellTrainer]:
    return {
        "STDP": learn.STDP(*RATES),
        "delayed STDP": learn.STDP(*RATES, delayed=True),
        "nearest": learn.STDP(*RATES, trace_mode="nearest"),
        "triplet": learn.TripletSTDP(0.01, 0.005, -0.005, 0.002, 10.0, 30.0, 20.0, 40.0),
        "MSTDP": learn.MSTDP(*RATES),
        "MSTDPET": learn.MSTDPET(*RATES, 25.0),
        "delay-adjusted": learn.DelayAdjustedSTDP(*RATES),
        "delay": learn.DelayAdjustedSTDPD(-0.01, 0.01, 20.0, 20.0),
        "modulated delay": learn.DelayAdjustedMSTDPD(-0.01, 0.01, 20.0, 20.0),
        "homeostasis": learn.LinearHomeostasis(0.01, 0.05, "weight"),
    }


def step(layer, trainer, x) -> torch.Tensor:
    with torch.no_grad():
        spikes = layer(x)
        modulated = isinstance(trainer, learn.MSTDP | learn.MSTDPET | learn.DelayAdjustedMSTDPD)
        trainer(*((0.5,) if modulated else ()))
        layer.connection.update()
    return spikes


def live_tensors() -> tuple[int, int]:
    gc.collect()
    tensors = [o for o in gc.get_objects() if issubclass(type(o), torch.Tensor)]
    return len(tensors), sum(t.numel() * t.element_size() for t in tensors)


def test_ten_thousand_steps_take_no_more_memory():
    layer, trainer = build(), learn.STDP(*RATES)
    trainer.register_cell("cell", layer.cell)
    clamp = neural.Clamping(layer.connection.updater, "parent.weight", min=0.0, max=1.0)
    clamp.register()
    inputs = torch.rand(100, 4, 6) < 0.2
    for x in inputs:
        step(layer, trainer, x)
    before = live_tensors()
    for index in range(10_000):
        step(layer, trainer, inputs[index % 100])
    assert live_tensors() == before
    for tensor in (*layer.state_dict().values(), *trainer.state_dict().values()):
        if isinstance(tensor, torch.Tensor):
            assert torch.isfinite(tensor.double()).all()


def test_long_silence_leaves_no_subnormal_state():
    layer, trainer = build(delay=None), learn.STDP(*RATES)
    trainer.register_cell("cell", layer.cell)
    step(layer, trainer, torch.ones(4, 6))
    for _ in range(3000):
        step(layer, trainer, torch.zeros(4, 6))
    tiny = torch.finfo(torch.float32).tiny
    for monitor in trainer.monitors:
        values = monitor.peek().abs()
        assert not ((values > 0) & (values < tiny)).any()


@pytest.mark.parametrize("name", trainers())
def test_batch_size_and_step_time_change_on_the_way(name):
    layer, trainer = build(), trainers()[name]
    trainer.register_cell("cell", layer.cell)
    for _ in range(10):
        step(layer, trainer, torch.rand(4, 6) < 0.3)
    for batch in (7, 2):
        layer.connection.batchsz = layer.neuron.batchsz = batch
        layer.clear()
        trainer.clear()
        for _ in range(10):
            assert step(layer, trainer, torch.rand(batch, 6) < 0.3).shape == (batch, 5)
    adapted = layer.neuron.threshold_adaptation.clone()
    layer.connection.dt = layer.neuron.dt = 0.5
    layer.clear()
    assert torch.equal(layer.neuron.threshold_adaptation, adapted)
    assert layer.synapse.spike_.recordsz == 7
    fresh = trainers()[name]
    trainer.del_cell("cell")
    fresh.register_cell("cell", layer.cell)
    for _ in range(10):
        step(layer, fresh, torch.rand(2, 6) < 0.3)
    assert torch.isfinite(layer.connection.weight).all()


@pytest.mark.parametrize("name", trainers())
def test_a_fresh_trainer_goes_on_exactly_from_a_checkpoint(name):
    inputs = torch.rand(60, 4, 6) < 0.2
    layer, trainer = build(), trainers()[name]
    trainer.register_cell("cell", layer.cell)
    for x in inputs[:30]:
        step(layer, trainer, x)
    file = io.BytesIO()
    torch.save({"layer": layer.state_dict(), "trainer": trainer.state_dict()}, file)
    expected = [step(layer, trainer, x) for x in inputs[30:]]
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    other, resumed = build(), trainers()[name]
    resumed.register_cell("cell", other.cell)
    other.load_state_dict(saved["layer"])
    resumed.load_state_dict(saved["trainer"])
    for x, spikes in zip(inputs[30:], expected, strict=True):
        assert torch.equal(step(other, resumed, x), spikes)
    for (key, value), new in zip(
        layer.named_parameters(), dict(other.named_parameters()).values(), strict=True
    ):
        assert torch.equal(value, new), key
    assert torch.equal(layer.neuron.threshold_adaptation, other.neuron.threshold_adaptation)


def test_bad_input_leaves_layer_and_trainer_as_they_were():
    layer, trainer = build(), learn.STDP(*RATES)
    bare = build()
    del bare.connection.updater
    with pytest.raises(RuntimeError, match="no updater"):
        trainer.register_cell("cell", bare.cell)
    trainer.register_cell("cell", layer.cell)
    with pytest.raises(ValueError, match="step_time"):
        learn.STDP(*RATES, step_time=2.0).register_cell("cell", layer.cell)
    with pytest.raises(TypeError, match="lr_post"):
        learn.STDP(*RATES).register_cell("cell", layer.cell, lr_pots=1.0)
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        trainer()
    step(layer, trainer, torch.ones(4, 6))
    weight, voltage = layer.connection.weight.clone(), layer.neuron.voltage.clone()
    for wrong in (torch.ones(4, 7), torch.ones(3, 6)):
        with pytest.raises((ValueError, RuntimeError)):
            layer(wrong)
        assert torch.equal(layer.neuron.voltage, voltage)
    modulated = learn.MSTDP(*RATES)
    modulated.register_cell("cell", layer.cell)
    layer(torch.ones(4, 6))
    with pytest.raises(ValueError, match="signal"):
        modulated(torch.ones(3))
    with pytest.raises(KeyError):
        trainer.get_cell("other")
    with pytest.raises(AttributeError, match="other"):
        trainer.del_cell("other")
    with pytest.raises(ValueError, match="shape"):
        layer.connection.delay = torch.zeros(3)
    assert torch.equal(layer.connection.weight, weight)


@pytest.mark.parametrize("name", trainers())
def test_trainers_keep_no_gradients_of_spikes_that_have_them(name):
    layer, trainer = build().requires_grad_(), trainers()[name]
    neural.surrogate_gradients(layer, neural.FastSigmoid())
    trainer.register_cell("cell", layer.cell)
    modulated = isinstance(trainer, learn.MSTDP | learn.MSTDPET | learn.DelayAdjustedMSTDPD)
    before = layer.connection.weight.detach().clone()
    delay = layer.connection.delay.detach().clone()
    for _ in range(30):
        layer(torch.rand(4, 6) < 0.4)
        trainer(*((0.5,) if modulated else ()))
        layer.connection.update()
    assert not any(monitor.reducer.data.requires_grad for monitor in trainer.monitors)
    assert layer.connection.weight.requires_grad
    changed = not torch.equal(layer.connection.weight, before)
    assert changed or not torch.equal(layer.connection.delay, delay)
