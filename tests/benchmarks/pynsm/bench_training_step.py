"""One training step (forward, loss, backward, optimizer) against a plain loop in torch.

With ``--reference DIRECTORY``, a folder into which the reference was installed with
``pip install --target``, its plain loop runs in a second process, in turn with the others.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import torch

sys.path.insert(0, str(Path(__file__).parent))
from workloads import package_step, plain_step

from synaptensor.benchmark import Benchmark, Table


class Worker:
    """A process in which the same loop runs with the package of another folder."""

    def __init__(self, directory: Path, kind: str, state: str, threads: int) -> None:
        command = [sys.executable, __file__, "--worker", kind, state, str(threads)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(directory), "PATH": "/usr/bin:/bin"},
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def step(self) -> float:
        """Let the process do one step, and wait for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def serve(kind: str, state: str, threads: int) -> None:
    """Do one step for each line of the standard input."""
    torch.set_num_threads(threads)
    step = package_step(kind, state)
    for _ in sys.stdin:
        print(step(), flush=True)


def measure(kind: str, state: str, threads: int, repeats: int, reference: Path | None) -> Table:
    """Measure every way of doing one workload."""
    workload = f"{kind}, {state}, {threads} thread{'s' * (threads > 1)}"
    bench = Benchmark(workload, repeats=repeats, threads=threads, memory=reference is None)
    bench.add("plain torch", plain_step(kind, state))
    bench.add("general", package_step(kind, state, "general"))
    bench.add("fused", package_step(kind, state, "fused"))
    bench.add("fused, encoding once", package_step(kind, state, "once"))
    if reference is None:
        return bench.run()
    with Worker(reference, kind, state, threads) as worker:
        bench.add("reference", worker.step)
        bench.yardstick = "reference"
        return bench.run()


def main(argv: list[str] | None = None) -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kinds", nargs="+", default=["convolution", "linear"])
    parser.add_argument("--states", nargs="+", default=["new", "trained"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker is not None:
        serve(options.worker[0], options.worker[1], int(options.worker[2]))
        return
    tables = [
        measure(kind, state, threads, options.repeats, options.reference)
        for kind in options.kinds
        for state in options.states
        for threads in options.threads
    ]
    result = tables[0]
    for table in tables[1:]:
        result.extend(table)
    print(result)
    if options.json is not None:
        result.save(options.json)


if __name__ == "__main__":
    main()
