"""Training, evaluation and encoding, with compiled loops, with tensor operations alone, and,
with ``--reference DIRECTORY``, in the reference.

The directory is one into which the reference was installed with ``pip install --target``. It runs
in a second process, in turn with the others. Times are for fifty steps, for one encoding of
250 steps, or for one step of a million neurons.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import torch

from synaptensor.benchmark import Benchmark, Table
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


class Worker:
    """A process in which a workload runs with the package of another folder."""

    def __init__(self, directory: Path, workload: tuple[str, int, int], threads: int) -> None:
        path = f"import sys; sys.path.insert(0, {str(directory)!r}); "
        path += f"sys.path.insert(1, {str(Path(__file__).parent)!r}); "
        code = path + (
            "import torch; from workloads import Run; "
            f"torch.set_num_threads({threads}); run = Run(*{workload!r}); "
            "[(run(), print('done', flush=True)) for _ in sys.stdin]"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self) -> None:
        """Lets the process run the workload once, and waits for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise RuntimeError("the process of the reference ended")

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


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
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    for workload in WORKLOADS + (LARGE if options.large else []):
        print(measure(workload, options))


def measure(workload: tuple[str, int, int], options: argparse.Namespace) -> Table:
    """Measures one workload in all ways."""
    name = "{} {} neurons, batch {}".format(*workload)
    bench = Benchmark(name, repeats=options.repeats, min_time=0.0, threads=options.threads)
    torch_run, numba_run = Run(*workload), Run(*workload)
    bench.add("tensor operations", lambda: forced(torch_run, "torch"))
    bench.add("compiled loops", lambda: forced(numba_run, "numba"))
    worker = Worker(options.reference, workload, options.threads) if options.reference else None
    if worker is not None:
        bench.add("reference", worker)
    try:
        return bench.run()
    finally:
        if worker is not None:
            worker.close()


if __name__ == "__main__":
    main()
