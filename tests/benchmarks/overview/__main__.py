"""Measure some workloads of every package; print one table, and write it.

Each workload runs with the package, in plain torch, and down to what no implementation can leave
out, in turn; and with the reference, where the place of one is given.
"""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
from analog import CASES as ANALOG
from case import Case
from recurrent import CASES as RECURRENT
from report import explanations, save, table
from similarity import CASES as SIMILARITY
from spiking import CASES as SPIKING

from synaptensor.benchmark import Measurement
from synaptensor.kernels import capabilities

CASES = (*SIMILARITY, *RECURRENT, *SPIKING, *ANALOG)


def _row(case: Case, device: str, threads: int, ways: dict[str, Measurement]) -> dict[str, Any]:
    known = ("workload", "name", "threads", "device")
    return {
        "package": case.package,
        "workload": case.workload,
        "device": device,
        "threads": threads,
        "plain_does": case.plain,
        "floor_does": case.floor,
        "gap": case.gap,
        "ways": {
            name: {key: value for key, value in asdict(row).items() if key not in known}
            for name, row in ways.items()
        },
    }


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="package, or part of a workload's name")
    parser.add_argument("--reference", action="append", default=[], metavar="PACKAGE=PLACE")
    parser.add_argument("--output", type=Path, help="also write a .json or .md file")
    options = parser.parse_args(argv)
    references = {
        name: Path(place) for name, place in (pair.split("=", 1) for pair in options.reference)
    }
    rows: list[dict[str, Any]] = []
    for case in CASES:
        if options.only not in f"{case.package} {case.workload}":
            continue
        for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
            print(f"{case.package}: {case.workload}, {device}", file=sys.stderr, flush=True)
            ways = case.measure(
                device, options.threads, options.repeats, references.get(case.package)
            )
            rows.append(_row(case, device, options.threads, ways))
    content = {"environment": capabilities(), "rows": rows}
    print(table(content), explanations(content), content["environment"], sep="\n")
    if options.output is not None:
        save(options.output, capabilities(), rows)


if __name__ == "__main__":
    main()
