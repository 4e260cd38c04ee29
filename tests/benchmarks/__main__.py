"""Run the benchmarks of all packages, or of some, one after the other.

    hatch run bench                                  # everything
    hatch run bench pynsm inferno --threads 1
    hatch run bench pynsm --reference pynsm=DIRECTORY --write benchmarks.txt

A reference is a directory into which it was installed with ``pip install --target``; benchmarks
that know it run it in a second process, in turn with the package.
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
    parser.add_argument("--reference", action="append", default=[], metavar="PACKAGE=DIRECTORY")
    parser.add_argument("--write", type=Path, help="also write everything into this file")
    options = parser.parse_args(argv)
    for name in options.packages:
        if name not in PACKAGES:
            parser.error(f"PACKAGE must be one of {', '.join(PACKAGES)}, got {name!r}")
    for pair in options.reference:
        name, found, directory = pair.partition("=")
        if not found or name not in PACKAGES or not Path(directory).is_dir():
            parser.error(f"--reference must be PACKAGE=DIRECTORY that exists, got {pair!r}")
    return options


def command(script: Path, options: argparse.Namespace) -> list[str]:
    """Return the command line of one benchmark."""
    words = [sys.executable, str(script), "--threads", str(options.threads)]
    words += ["--repeats", str(options.repeats)]
    references = dict(pair.split("=", 1) for pair in options.reference)
    if script.parent.name in references and "--reference" in script.read_text():
        words += ["--reference", references[script.parent.name]]
    return words


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks; return the first exit status that is not zero."""
    options = parse_arguments(argv)
    scripts = sorted(HERE.glob("*/bench_*.py"))
    status, text = 0, ""
    for script in scripts:
        if options.packages and script.parent.name not in options.packages:
            continue
        title = f"# {script.parent.name}: {script.stem.removeprefix('bench_')}"
        print(title, flush=True)
        done = subprocess.run(command(script, options), stdout=subprocess.PIPE, text=True)
        print(done.stdout, flush=True)
        text += f"{title}\n{done.stdout}\n"
        status = status or done.returncode
    if options.write is not None:
        options.write.write_text(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
