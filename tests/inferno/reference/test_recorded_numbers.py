"""The same calls give the numbers that the reference 0.0.5 gave.

``numbers.json`` was recorded by running this file as a program where the reference is
installed: ``python test_recorded_numbers.py numbers.json``. Only behaviour that is meant to be
the same is called.
"""

import json
import math
import random
import sys
from pathlib import Path

import torch

import inferno
from inferno import functional, observe, stats


def record_calls(seed):
    """Random calls of one record, with everything that they return and leave behind."""
    choose = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    step = choose.choice([0.5, 1.0, 1.3])
    module = inferno.Module()
    duration, inclusive = step * choose.randrange(0, 6), choose.random() < 0.5
    inferno.RecordTensor.create(module, "x", step, duration, torch.zeros(2, 2), inclusive=inclusive)
    record, log = module.x, []
    interpolations = [
        functional.interp_linear,
        functional.interp_previous,
        functional.interp_next,
        functional.interp_nearest,
    ]
    extrapolations = [
        functional.extrap_nearest,
        functional.extrap_previous,
        functional.extrap_next,
    ]

    def resize_batch():
        record.reconstrain(0, record.shape[0])
        record.reconstrain(0, choose.randrange(1, 4))

    def longest():
        return record.dt * (record.recordsz - 1)

    calls = {
        "push": lambda s, i: record.push(rand(*s), i),
        "push again": lambda s, i: record.push(rand(*s), i),
        "write": lambda s, i: record.write(rand(*s), choose.randrange(-3, 5), i),
        "select": lambda s, i: record.select(
            rand(*s, 3) * longest(), choose.choice(interpolations), offset=choose.choice([1, 2])
        ),
        "select at": lambda s, i: record.select(
            choose.random() * longest(), functional.interp_linear
        ),
        "insert": lambda s, i: record.insert(
            rand(*s), rand(*s) * longest(), choose.choice(extrapolations), offset=1, inplace=i
        ),
        "insert at": lambda s, i: record.insert(
            rand(*s), choose.random() * longest(), choose.choice(extrapolations), inplace=i
        ),
        "read range": lambda s, i: (
            record.recordsz > 1
            and record.readrange(
                choose.randrange(1, record.recordsz), choose.randrange(-2, 4), choose.random() < 0.5
            )
        ),
        "write range": lambda s, i: record.writerange(
            rand(*s, choose.randrange(1, record.recordsz + 1)),
            choose.randrange(-2, 4),
            choose.random() < 0.5,
            i,
        ),
        "align": lambda s, i: record.align(choose.randrange(-record.recordsz, record.recordsz)),
        "incr": lambda s, i: record.incr(choose.randrange(-3, 3)),
        "reset": lambda s, i: record.reset(choose.choice([None, 0, 1])),
        "duration": lambda s, i: setattr(
            record, "duration", record.dt * choose.randrange(0, 6) + 0.1
        ),
        "inclusive": lambda s, i: setattr(record, "inclusive", not record.inclusive),
        "step time": lambda s, i: setattr(record, "dt", choose.choice([0.5, 1.0, 1.3])),
        "batch": lambda s, i: resize_batch() if 0 not in record.constraints else None,
        "pop": lambda s, i: record.pop(),
    }
    for _ in range(25):
        name = choose.choice(list(calls))
        result = calls[name](record.shape, choose.random() < 0.5)
        log.append(result.tolist() if isinstance(result, torch.Tensor) else None)
        log.append([record.pointer, record.value.tolist()])
    return log


def reducer_states(make, boolean, duration):
    """States, views and dump of a reducer over a few random observations."""
    generator = torch.Generator().manual_seed(3)
    reducer, log = make(duration), []
    for _ in range(12):
        obs = torch.rand(2, 3, generator=generator)
        reducer(obs < 0.3 if boolean else obs)
        log.append(reducer.peek().tolist())
        if duration:
            time = torch.rand(2, 3, generator=generator) * 2
            log.append(reducer.view(time).tolist())
    return [*log, reducer.dump().tolist()]


REDUCERS = {
    "passthrough": (lambda d: observe.PassthroughReducer(0.5, d), False),
    "event": (lambda d: observe.EventReducer(0.5, lambda x: x > 0.8, "zero", d), False),
    "moving average": (lambda d: observe.EMAReducer(0.5, 0.3, d), False),
    "average": (lambda d: observe.CAReducer(0.5, d), False),
    "nearest": (lambda d: observe.NearestTraceReducer(0.5, 7.0, 0.3, True, duration=d), True),
    "cumulative": (lambda d: observe.CumulativeTraceReducer(0.5, 7.0, 0.3, True, duration=d), True),
    "scaled nearest": (
        lambda d: observe.ScaledNearestTraceReducer(
            0.5, 7.0, 0.3, 0.2, lambda x: x > 0.6, duration=d
        ),
        False,
    ),
    "scaled cumulative": (
        lambda d: observe.ScaledCumulativeTraceReducer(
            0.5, 7.0, 0.3, 0.2, lambda x: x > 0.6, duration=d
        ),
        False,
    ),
}


def function_values():
    """Values of the functions on random tensors."""
    generator = torch.Generator().manual_seed(5)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    x, y, spikes = rand(4, 5) * 3 - 1, rand(4, 5), rand(50, 4) < 0.3
    diff, support = rand(30) * 80 - 40, torch.linspace(0.1, 5, 15)
    times = (rand(9) * 10).sort()[0], (rand(7) * 10).sort()[0]
    trace = {"step_time": 0.7, "time_constant": 11.0, "amplitude": 0.3, "target": True}
    values = {
        "nearest trace": inferno.exp_trace_nearest(spikes.float(), rand(50, 4), **trace),
        "cumulative trace": inferno.exp_trace_cumulative(spikes.float(), rand(50, 4), **trace),
        "intervals": inferno.isi(spikes, 0.37),
        "distance": inferno.victor_purpura_pair_dist(*times, torch.tensor([0.0, 0.3, 1.0, 5.0])),
        "rescaled": inferno.rescale(x, 0.0, 0.3),
        "normalized": inferno.normalize(x, 1, 78.4, dim=-1),
        "post kernel": functional.exp_stdp_post_kernel(diff, 0.1, 20.0),
        "pre kernel": functional.exp_stdp_pre_kernel(diff, 0.1, 20.0),
    }
    for name in ("sum", "min", "max", "mean", "quantile", "median", "nanmedian", "geomean"):
        values[name] = getattr(functional, name)(y, 1)
    for side in ("upper", "lower"):
        values[f"{side} power"] = getattr(functional, f"bound_{side}_power")(y, x, 0.5, power=2.0)
        for kind in ("multiplicative", "sharp"):
            bound = getattr(functional, f"bound_{side}_{kind}")
            values[f"{side} {kind}"] = bound(y, x, 0.5)
    for kind in ("multiplicative", "scaled_multiplicative", "sharp"):
        values[kind] = getattr(functional, f"bound_{kind}")(x, y, y * 2, 0.5, -0.5)
    for distribution in (stats.Normal, stats.LogNormal):
        for name in ("pdf", "cdf"):
            values[f"{distribution.__name__} {name}"] = getattr(distribution, name)(
                support, 0.3, 1.2
            )
    draws = torch.Generator().manual_seed(7)
    values["log-normal samples"] = stats.LogNormal.sample_mv(support, 1.0, draws)
    values["Poisson samples"] = stats.Poisson.sample(support, draws)
    values["uniform"] = inferno.uniform(support, generator=draws)
    values["normal"] = inferno.normal(support, generator=draws)
    return {name: value.tolist() for name, value in values.items()}


def everything():
    numbers = {f"record {seed}": record_calls(seed) for seed in range(12)}
    for name, (make, boolean) in REDUCERS.items():
        for duration in (0.0, 2.3):
            numbers[f"{name} {duration}"] = reducer_states(make, boolean, duration)
    return numbers | function_values()


def differences(got, expected, path=""):
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        for i, (a, b) in enumerate(zip(got, expected, strict=True)):
            yield from differences(a, b, f"{path}[{i}]")
    elif isinstance(expected, float) and isinstance(got, float):
        same = math.isclose(got, expected, rel_tol=2e-6, abs_tol=1e-7)
        if not same and not (math.isnan(got) and math.isnan(expected)):
            yield f"{path}: {got} instead of {expected}"
    elif got != expected:
        yield f"{path}: {got} instead of {expected}"


def test_numbers_are_those_of_the_reference():
    expected = json.loads(Path(__file__).with_name("numbers.json").read_text())
    got = everything()
    assert got.keys() == expected.keys()
    wrong = [d for name in expected for d in differences(got[name], expected[name], name)]
    assert not wrong, "\n".join(wrong[:20])


if __name__ == "__main__":
    rounded = json.loads(json.dumps(everything()), parse_float=lambda s: float(f"{float(s):.8g}"))
    Path(sys.argv[1]).write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
