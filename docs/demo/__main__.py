"""Train one model of each package on handwritten digits and write a report.

Run it with `hatch run demo`, or `hatch run demo --data FOLDER` for the full MNIST set.
"""

import argparse
import importlib
import platform
import time
from pathlib import Path

import torch
from digits import SMALL, load_digits
from report import Section, write_report

PARTS = {"pynsm": "similarity", "bioplnn": "spatial", "inferno": "spiking", "aihwkit": "analog"}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="hatch run demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=SMALL, help="folder that holds MNIST/raw")
    parser.add_argument("--out", type=Path, default=Path("demo-report"), help="report's folder")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random number")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="packages to run"
    )
    return parser.parse_args()


def print_table(sections: list[Section]) -> None:
    """Print one line a package."""
    rows = [("package", "result", "time"), ("-------", "------", "----")]
    rows += [(s.package, s.headline, f"{s.seconds:.0f} s") for s in sections]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def main() -> None:
    """Run the parts in turn, then write and announce the report."""
    arguments = parse_arguments()
    digits = load_digits(arguments.data)
    print(f"{digits} from {arguments.data}; torch {torch.__version__}")
    sections = []
    for package in arguments.only:
        torch.manual_seed(arguments.seed)
        start = time.perf_counter()
        section = importlib.import_module(PARTS[package]).run(digits)
        section.seconds = time.perf_counter() - start
        sections.append(section)
    total = sum(section.seconds for section in sections)
    subtitle = (
        f"{digits}, {total:.0f} s in all on {torch.get_num_threads()} threads of "
        f"{platform.machine()}, torch {torch.__version__}, seed {arguments.seed}."
    )
    target = write_report(arguments.out, sections, subtitle)
    print_table(sections)
    print(f"\nReport: {target.resolve()}")


if __name__ == "__main__":
    main()
