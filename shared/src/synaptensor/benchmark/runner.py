"""Time several callables in turn, so that a busy machine slows all of them alike."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from synaptensor.benchmark.memory import peak_memory
from synaptensor.benchmark.table import Measurement, Table
from synaptensor.kernels import capabilities
from synaptensor.validation import (
    check_callable,
    check_choice,
    check_instance,
    check_integer,
    check_nonnegative,
)

__all__ = ["Benchmark"]

_NO_INPUT = object()


@dataclass
class _Way:
    fn: Callable[..., Any]
    setup: Callable[[], Any] | None
    calls: int = 1

    def prepare(self) -> Any:
        return _NO_INPUT if self.setup is None else self.setup()

    def run(self, prepared: Any) -> None:
        if prepared is _NO_INPUT:
            self.fn()
        else:
            self.fn(prepared)


class Benchmark:
    """Ways of doing one workload, timed in interleaved rounds.

    Every round times each way once, forwards and backwards by turns. A repeat makes as many
    calls as fill `min_time`. Memory is measured in one further call.

    Args:
        workload: Name of the workload.
        yardstick: Name of the way that the others are compared with; the first by default.
        repeats: Number of rounds.
        warmup: Untimed calls of each way before the first round.
        min_time: Seconds that a repeat should last at least; 0 makes one call a repeat.
        threads: CPU threads of torch during the run; `None` leaves them.
        device: Device to wait for, and whose memory is measured.
        memory: Whether to measure the peak memory.

    Example:
        >>> bench = Benchmark("square", repeats=3, min_time=0.0)
        >>> x = torch.ones(8)
        >>> bench.add("torch", lambda: x * x)
        >>> bench.add("power", lambda: x**2)
        >>> len(bench.run().rows)
        2
    """

    def __init__(
        self,
        workload: str,
        *,
        yardstick: str | None = None,
        repeats: int = 9,
        warmup: int = 2,
        min_time: float = 0.02,
        threads: int | None = None,
        device: torch.device | str = "cpu",
        memory: bool = True,
    ) -> None:
        self.workload = check_instance("workload", workload, str)
        self.yardstick = yardstick
        self.repeats = check_integer("repeats", repeats, minimum=1)
        self.warmup = check_integer("warmup", warmup, minimum=0)
        self.min_time = check_nonnegative("min_time", min_time)
        self.threads = None if threads is None else check_integer("threads", threads, minimum=1)
        self.device = torch.device(device)
        self.memory = bool(memory)
        self._ways: dict[str, _Way] = {}

    def add(
        self, name: str, fn: Callable[..., Any], *, setup: Callable[[], Any] | None = None
    ) -> None:
        """Add a way.

        Args:
            name: Its name in the table.
            fn: Called without arguments, or with what `setup` returned.
            setup: Called before each call of `fn`, outside the measured time; a repeat is
                then a single call.

        Raises:
            ValueError: If the name is taken.
        """
        if name in self._ways:
            raise ValueError(f"`name` must be new in this benchmark, got {name!r}")
        if setup is not None:
            check_callable("setup", setup)
        self._ways[name] = _Way(check_callable("fn", fn), setup)

    def run(self) -> Table:
        """Measure and return the table of this workload."""
        if not self._ways:
            raise RuntimeError("a benchmark needs at least one way; call add() first")
        yardstick = next(iter(self._ways)) if self.yardstick is None else self.yardstick
        check_choice("yardstick", yardstick, tuple(self._ways))
        with _threads(self.threads), _no_collector():
            for way in self._ways.values():
                self._warm_up(way)
            times = self._rounds()
            peaks = {name: self._peak(way) for name, way in self._ways.items()}
            threads = torch.get_num_threads()
            environment = capabilities()
        rows = [
            self._row(name, times[name], times[yardstick], peaks[name], threads)
            for name in self._ways
        ]
        return Table(environment, rows)

    def _warm_up(self, way: _Way) -> None:
        for _ in range(self.warmup):
            way.run(way.prepare())
        if way.setup is None and self.min_time > 0:
            once = self._time(way)
            way.calls = max(1, min(math.ceil(self.min_time / max(once, 1e-9)), 100_000))

    def _rounds(self) -> dict[str, list[float]]:
        times: dict[str, list[float]] = {name: [] for name in self._ways}
        for index in range(self.repeats):
            names = list(self._ways)
            for name in names if index % 2 == 0 else reversed(names):
                times[name].append(self._time(self._ways[name]))
        return times

    def _time(self, way: _Way) -> float:
        prepared = way.prepare()
        self._synchronize()
        start = time.perf_counter()
        for _ in range(way.calls):
            way.run(prepared)
        self._synchronize()
        return (time.perf_counter() - start) / way.calls

    def _peak(self, way: _Way) -> int | None:
        if not self.memory:
            return None
        prepared = way.prepare()
        return peak_memory(lambda: way.run(prepared), self.device)

    def _synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def _row(
        self, name: str, times: list[float], yardstick: list[float], peak: int | None, threads: int
    ) -> Measurement:
        pairs = zip(times, yardstick, strict=True)
        return Measurement(
            workload=self.workload,
            name=name,
            median=statistics.median(times),
            minimum=min(times),
            maximum=max(times),
            repeats=self.repeats,
            calls=self._ways[name].calls,
            peak_memory=peak,
            ratio=statistics.median(mine / other for mine, other in pairs),
            threads=threads,
            device=str(self.device),
        )


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        if count is not None:
            torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _no_collector() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
