"""Analog tiles, layers and networks: updates, products and whole training steps.

With ``--reference DIRECTORY``, a folder into which the reference was installed with
``pip install --target``, the same workloads run with it in a second process, in turn with this
package.
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from workloads import NAMES, make

from synaptensor.benchmark import Benchmark, ProcessStep, Table, serve_steps


def measure(name: str, threads: int, repeats: int, reference: Path | None) -> Table:
    """Measure one workload."""
    workload = f"{name}, {threads} thread{'s' * (threads > 1)}"
    bench = Benchmark(workload, repeats=repeats, threads=threads)
    bench.add("aihwkit", make(name))
    if reference is None:
        return bench.run()
    with ProcessStep(reference, Path(__file__), ["--worker", name, threads]) as step:
        bench.add("reference", step)
        return bench.run()


def main(argv: list[str] | None = None) -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker is not None:
        torch.set_num_threads(int(options.worker[1]))
        serve_steps(make(options.worker[0]))
        return
    names = [name for name in NAMES if options.only in name]
    if not names:
        parser.error(f"--only must be part of one of {', '.join(NAMES)}, got {options.only!r}")
    tables = [
        measure(name, threads, options.repeats, options.reference)
        for name in names
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
