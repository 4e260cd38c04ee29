"""One training step (forward, loss, backward, optimizer) against a plain loop in torch.

With ``--reference DIRECTORY``, a folder into which the reference was installed with
``pip install --target``, its plain loop runs in a second process, in turn with the others.
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from workloads import package_step, plain_step

from synaptensor.benchmark import Benchmark, ProcessStep, Table, serve_steps


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
    with ProcessStep(reference, Path(__file__), ["--worker", kind, state, threads]) as step:
        bench.add("reference", step)
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
        torch.set_num_threads(int(options.worker[2]))
        serve_steps(package_step(*options.worker[:2]))
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
