"""One workload of the overview, and how it is measured."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from synaptensor.benchmark import Benchmark, Measurement, ProcessStep

__all__ = ["Case", "Ways", "load"]

BENCHMARKS = Path(__file__).parents[1]
CORE = BENCHMARKS.parents[1] / "shared" / "src"

Step = Callable[[], Any]


@dataclass(frozen=True)
class Ways:
    """The ways to do one workload.

    Args:
        ours: With the package.
        plain: The same written down in plain torch.
        floor: Only what no implementation can leave out.
    """

    ours: Step
    plain: Step
    floor: Step


@dataclass(frozen=True)
class Case:
    """A workload of the overview.

    Args:
        package: The package.
        workload: What is done.
        make: Builds the ways on a device.
        plain: What the yardstick in plain torch does.
        floor: What the floor does.
        gap: What lies between the floor and the package.
        reference: Script and arguments with which the reference does the same, if it can.
    """

    package: str
    workload: str
    make: Callable[[str], Ways]
    plain: str
    floor: str
    gap: str
    reference: tuple[str, ...] = ()

    def measure(
        self, device: str, threads: int, repeats: int, reference: Path | None
    ) -> dict[str, Measurement]:
        """Return the measurements by name: ours, plain, floor and perhaps reference."""
        ways = self.make(device)
        bench = Benchmark(
            self.workload,
            yardstick="plain",
            repeats=repeats,
            warmup=1,
            threads=threads,
            device=device,
        )
        for name in ("plain", "floor", "ours"):
            bench.add(name, getattr(ways, name))
        with ExitStack() as stack:
            if reference is not None and self.reference and device == "cpu":
                script, *arguments = self.reference
                words = [word.format(threads=threads) for word in arguments]
                step = reference_step(reference, BENCHMARKS / script, words)
                bench.add("reference", stack.enter_context(step))
            return {row.name: row for row in bench.run().rows}


def reference_step(place: Path, script: Path, arguments: Sequence[str]) -> ProcessStep:
    """Return the step of a reference, given the folder it is in or its interpreter."""
    return (
        ProcessStep(place, script, arguments)
        if place.is_dir()
        else InterpreterStep(place, script, arguments)
    )


class InterpreterStep(ProcessStep):
    """A step that runs in a process of another interpreter, with its own packages."""

    def __init__(self, interpreter: Path, script: Path, arguments: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [str(interpreter), str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # the worker needs the core, which that interpreter has not
            env={**os.environ, "PYTHONPATH": str(CORE)},
        )


def load(path: str) -> ModuleType:
    """Import a script of another folder of benchmarks; several are called the same."""
    name = "benchmark_" + path.replace("/", "_").removesuffix(".py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
