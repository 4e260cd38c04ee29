"""Training, evaluation and encoding, with compiled loops, with tensor operations alone, and,
with ``--reference DIRECTORY``, in the reference.

The directory is one into which the reference was installed with ``pip install --target``. It runs
in a second process, in turn with the others. Times are for fifty steps, for one encoding of
250 steps, or for one step of a million neurons.
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import torch

from synaptensor.benchmark import Benchmark, ProcessStep, Table, serve_steps
from synaptensor.kernels import use_kernel

sys.path.insert(0, str(Path(__file__).parent))
from workloads import Run

WORKLOADS = [
    ("encode", 100, 20),
    ("eval", 100, 20),
    ("train", 100, 20),
    ("neurons", 1_000_000, 1),
]
LARGE = [("eval", 1600, 32), ("train", 1600, 32)]


def forced(run: Run, kernel: str) -> None:
    """Runs a workload with one kernel."""
    with use_kernel(kernel, "inferno"):
        run()


def main(argv: list[str] | None = None) -> None:
    """Prints a table for every workload."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="folder with the installed reference")
    parser.add_argument("--large", action="store_true", help="add 1600 neurons, batches of 32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    if options.worker is not None:
        kind, size, batch = options.worker
        serve_steps(Run(kind, int(size), int(batch)))
        return
    for workload in WORKLOADS + (LARGE if options.large else []):
        print(measure(workload, options))


def measure(workload: tuple[str, int, int], options: argparse.Namespace) -> Table:
    """Measures one workload in all ways."""
    from inferno.neural.kernels import accelerated  # which the reference has not

    name = "{} {} neurons, batch {}".format(*workload)
    bench = Benchmark(name, repeats=options.repeats, min_time=0.0, threads=options.threads)
    torch_run, numba_run = Run(*workload), Run(*workload)
    automatic = "compiled loops" if accelerated(torch.float32) else "automatic choice"
    bench.add("tensor operations", lambda: forced(torch_run, "torch"))
    # what is chosen without being told; forcing a kernel takes time in every step
    bench.add(automatic, numba_run)
    with ExitStack() as stack:
        if options.reference is not None:
            arguments = ["--threads", options.threads, "--worker", *workload]
            step = ProcessStep(options.reference, Path(__file__), arguments)
            bench.add("reference", stack.enter_context(step))
        return bench.run()


if __name__ == "__main__":
    main()
