"""Two processes with parts of a batch learn what one process learns from all of it."""

import pytest
import torch
import torch.distributed as dist

from inferno import functional, learn, neural
from synaptensor.kernels import use_kernel
from synaptensor.testing import run_distributed

BATCH, STEPS = 6, 25
SPLITS = {"even": (0, 3, 6), "uneven": (0, 4, 6)}
ALIF = {
    "rest_v": -65.0, "reset_v": -60.0, "thresh_eq_v": -52.0, "refrac_t": 2.0, "tc_membrane": 20.0,
    "tc_adaptation": 1e3, "spike_increment": 0.5,
}  # fmt: skip
PAIR = (0.02, -0.01, 20.0, 20.0)


def spikes() -> torch.Tensor:
    return torch.rand(STEPS, BATCH, 2, 6, 6, generator=torch.Generator().manual_seed(1)) < 0.1


def build(kind: str, batch: int):
    torch.manual_seed(0)
    options = {"synapse": neural.DeltaCurrent.partialconstructor(40.0), "batch_size": batch}
    if kind == "conv":
        connection = neural.Conv2D(6, 6, 2, 3, 1.0, 3, **options)
    elif kind == "direct":
        options["synapse"] = neural.DeltaCurrent.partialconstructor(300.0)
        connection = neural.LinearDirect((2, 6, 6), 1.0, bias=True, **options)
    else:
        connection = neural.LinearDense((2, 6, 6), (5,), 1.0, delay=3.0, **options)
    connection.updater = connection.defaultupdater()
    connection.updater.weight.upperbound(functional.bound_upper_multiplicative, 1.0)
    return neural.Serial(
        connection, neural.ALIF(connection.outshape, 1.0, batch_size=batch, **ALIF)
    )


def trainer_of(rule: str):
    return {
        "STDP": lambda: learn.STDP(*PAIR),
        "STDP max": lambda: learn.STDP(*PAIR, batch_reduction=torch.amax),
        "MSTDP": lambda: learn.MSTDP(*PAIR),
        "MSTDP mean": lambda: learn.MSTDP(*PAIR, batch_reduction=torch.mean),
        "MSTDPET": lambda: learn.MSTDPET(*PAIR, 25.0),
        "triplet": lambda: learn.TripletSTDP(
            0.02, 0.01, -0.01, 0.005, 10.0, 30.0, 20.0, 40.0
        ),
        "kernel": lambda: learn.KernelSTDP(
            functional.exp_stdp_post_kernel, functional.exp_stdp_pre_kernel,
            {"learning_rate": 0.002, "time_constant": 20.0},
            {"learning_rate": -0.001, "time_constant": 20.0},
        ),
        "delay": lambda: learn.DelayAdjustedSTDPD(-0.02, 0.01, 20.0, 20.0),
        "homeostasis": lambda: learn.LinearHomeostasis(0.01, 0.05, "bias"),
    }[rule]()  # fmt: skip


def simulate(kind: str, rule: str, part: slice, parallel: bool):
    images = spikes()[:, part]
    layer = build(kind, images.shape[1])
    trainer = trainer_of(rule)
    trainer.register_cell("cell", layer.cell)
    if parallel:
        learn.DataParallelPlasticity(layer, trainer)
    signals = torch.randn(STEPS, BATCH, generator=torch.Generator().manual_seed(2))
    with torch.no_grad(), use_kernel("torch", "inferno"):
        for image, signal in zip(images, signals, strict=True):
            layer(image)
            if rule in ("MSTDP", "MSTDPET"):
                trainer(signal[part])
            elif rule == "MSTDP mean":
                trainer(float(signal[0]))
            else:
                trainer()
            layer.connection.update()
    result = {name: p.detach().clone() for name, p in layer.connection.named_parameters()}
    return result | {"adaptation": layer.neuron.threshold_adaptation}


def half(rank: int, kind: str, rule: str, bounds: tuple[int, ...]):
    return simulate(kind, rule, slice(bounds[rank], bounds[rank + 1]), True)


CASES = [
    ("dense", "STDP", "even"), ("dense", "STDP", "uneven"), ("conv", "STDP", "uneven"),
    ("direct", "STDP", "uneven"), ("dense", "STDP max", "uneven"), ("dense", "MSTDP", "uneven"),
    ("dense", "MSTDP mean", "uneven"), ("dense", "MSTDPET", "uneven"),
    ("dense", "triplet", "uneven"), ("dense", "kernel", "uneven"), ("dense", "delay", "uneven"),
    ("direct", "homeostasis", "uneven"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rule", "split"), CASES)
def test_parts_learn_what_the_whole_batch_learns(kind, rule, split):
    whole = simulate(kind, rule, slice(0, BATCH), False)
    start = simulate(kind, rule, slice(0, 1), False)
    first, second = run_distributed(half, kind, rule, SPLITS[split])
    changed = {"delay": "delay_", "homeostasis": "bias_"}.get(rule, "weight_")
    assert not torch.allclose(whole[changed], start[changed]), "the batch matters"
    assert whole["adaptation"].any()
    for name, expected in whole.items():
        torch.testing.assert_close(first[name], expected, rtol=2e-5, atol=2e-6, msg=name)
        assert torch.equal(first[name], second[name]), f"{name} differs between processes"


def misuse(rank: int):
    layer = build("dense", 3)
    trainer = learn.STDP(*PAIR, batch_reduction=torch.median)
    trainer.register_cell("cell", layer.cell)
    with pytest.raises(ValueError, match=r"'cell' must be reduced .* torch\.mean"):
        learn.DataParallelPlasticity(layer, trainer)
    assert layer.neuron._adaptation_reduction is torch.mean, "nothing changed"
    modulated = learn.MSTDP(*PAIR, batch_reduction=torch.mean)
    modulated.register_cell("cell", layer.cell)
    learn.DataParallelPlasticity(layer, modulated)
    with use_kernel("torch", "inferno"):
        layer(spikes()[0, :3])
    with pytest.raises(ValueError, match="for a signal for each sample"):
        modulated(torch.ones(3))
    return layer.connection.updater.weight.pos is None


def test_what_cannot_be_done_in_parts_is_refused():
    assert run_distributed(misuse) == [True, True]
    layer = build("dense", 3)
    with pytest.raises(RuntimeError, match="init_process_group"):
        learn.DataParallelPlasticity(layer, ())


def removal(rank: int):
    layer = build("dense", 3)
    torch.nn.init.constant_(layer.connection.weight, rank)
    trainer = learn.STDP(*PAIR)
    trainer.register_cell("cell", layer.cell)
    parallel = learn.DataParallelPlasticity(layer, trainer)
    shared = layer.connection.weight.unique().tolist()
    parallel.remove()
    with torch.no_grad(), use_kernel("torch", "inferno"):
        layer(spikes()[0, 3 * rank : 3 * rank + 3])
        trainer()
    return shared, layer.neuron._adaptation_reduction is torch.mean, not trainer._forward_hooks


def test_parameters_start_from_the_first_process_and_removal_ends_it():
    assert run_distributed(removal) == [([0.0], True, True)] * 2


def classify(rank: int):
    generator = torch.Generator().manual_seed(3)
    rates, labels = torch.rand(7, 5, generator=generator), torch.arange(7) % 3
    classifier = learn.MaxRateClassifier(5, 3)
    own = slice(0, 5) if rank == 0 else slice(5, 7)
    gathered = learn.gather_batch(rates[own], labels[own])
    assert torch.equal(gathered[0], rates)
    assert torch.equal(gathered[1], labels)
    assert torch.equal(learn.gather_batch(rates[own] > 0.5), rates > 0.5)
    classifier(*gathered)
    alone = learn.MaxRateClassifier(5, 3)
    alone(rates, labels)
    return torch.equal(classifier.rates, alone.rates)


def test_classifiers_learn_from_the_gathered_batch():
    assert run_distributed(classify) == [True, True]


def extremes(rank: int):
    values = torch.tensor([[1.0, 5.0], [2.0, 4.0]]) * (1 - 2 * rank)
    kinds = (torch.mean, torch.sum, torch.amax, torch.amin, functional.mean)
    assert dist.get_world_size() == 2
    return [learn.ProcessReduction(kind)(values).tolist() for kind in kinds]


def test_reductions_of_all_processes():
    expected = [[0.0, 0.0], [0.0, 0.0], [2.0, 5.0], [-2.0, -5.0], [0.0, 0.0]]
    assert run_distributed(extremes) == [expected, expected]
    with pytest.raises(ValueError, match=r"torch\.mean"):
        learn.ProcessReduction(torch.median)
