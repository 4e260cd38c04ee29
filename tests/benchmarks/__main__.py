"""Measure all packages in one table, or run the benchmarks of some packages in detail.

    hatch run bench                                       # one table for all packages
    hatch run bench --output benchmarks.json              # written, too; or .md
    hatch run bench --reference pynsm=PLACE               # with a reference
    hatch run bench pynsm inferno --threads 1             # every table of two packages
    hatch run bench pynsm --reference pynsm=DIRECTORY --output benchmarks.md

A reference is a directory into which it was installed with ``pip install --target``, or, for the
table of all packages, the interpreter of an environment that has it. It runs in a second process,
in turn with the package.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = sorted(folder.name for folder in HERE.iterdir() if any(folder.glob("bench_*.py")))


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line; an unknown package ends the program with the known ones."""
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=", ".join(PACKAGES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--reference", action="append", default=[], metavar="PACKAGE=PLACE")
    parser.add_argument("--output", type=Path, help="also write everything into this file")
    options = parser.parse_args(argv)
    for name in options.packages:
        if name not in PACKAGES:
            parser.error(f"PACKAGE must be one of {', '.join(PACKAGES)}, got {name!r}")
    for pair in options.reference:
        name, found, place = pair.partition("=")
        if not found or name not in PACKAGES or not Path(place).exists():
            parser.error(f"--reference must be PACKAGE=PLACE that exists, got {pair!r}")
        if options.packages and not Path(place).is_dir():
            parser.error(f"--reference must be a directory for a single package, got {pair!r}")
    return options


def overview(options: argparse.Namespace) -> int:
    """Measure the workloads of all packages and return the exit status."""
    words = [sys.executable, str(HERE / "overview"), "--threads", str(options.threads)]
    words += ["--repeats", str(options.repeats)]
    for pair in options.reference:
        words += ["--reference", pair]
    if options.output is not None:
        words += ["--output", str(options.output)]
    return subprocess.run(words).returncode


def command(script: Path, options: argparse.Namespace) -> list[str]:
    """Return the command line of one benchmark."""
    words = [sys.executable, str(script), "--threads", str(options.threads)]
    words += ["--repeats", str(options.repeats)]
    references = dict(pair.split("=", 1) for pair in options.reference)
    if script.parent.name in references and "--reference" in script.read_text():
        words += ["--reference", references[script.parent.name]]
    return words


def main(argv: list[str] | None = None) -> int:
    """Run what the command line asks for; return the first exit status that is not zero."""
    options = parse_arguments(argv)
    if not options.packages:
        return overview(options)
    status, text = 0, ""
    for script in sorted(HERE.glob("*/bench_*.py")):
        if script.parent.name not in options.packages:
            continue
        title = f"# {script.parent.name}: {script.stem.removeprefix('bench_')}"
        print(title, flush=True)
        done = subprocess.run(command(script, options), stdout=subprocess.PIPE, text=True)
        print(done.stdout, flush=True)
        text += f"{title}\n{done.stdout}\n"
        status = status or done.returncode
    if options.output is not None:
        options.output.write_text(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
