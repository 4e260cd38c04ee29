"""Check, build and tag one package; publish nothing.

    hatch run release pynsm 1.1.0 --dry-run    # everything but the commit and the tag
    hatch run release pynsm 1.1.0
    hatch run release pynsm 1.1.0 --skip install --skip tests

Everything happens in a second worktree. The branch moves and the tag appears only after the last
check has passed, so a release that fails leaves the repository as it was.
"""

import argparse
import datetime
import sys
import tempfile
from pathlib import Path

from distribution import names
from release import CHECKS, Release
from steps import ReleaseError

ROOT = Path(__file__).parents[2]


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="hatch run release", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("package", choices=names(ROOT))
    parser.add_argument("version", help="the new version, such as 1.1.0 or 1.2.0rc1")
    parser.add_argument("--dry-run", action="store_true", help="leave out the commit and the tag")
    skip = f"leave out a slow check: {', '.join(CHECKS)}"
    parser.add_argument("--skip", action="append", default=[], choices=CHECKS, help=skip)
    parser.add_argument("--dist", type=Path, help="folder for wheel and sdist, dist/ by default")
    torch = "requirement of torch to install with; the lowest and the newest by default"
    parser.add_argument("--torch", action="append", help=torch)
    pip = "option of the installer (uv or pip), such as --pip=--find-links=wheels"
    parser.add_argument("--pip", action="append", default=[], help=pip)
    parser.add_argument("--root", type=Path, default=ROOT, help="repository, this one by default")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Release a package; return the exit status."""
    options = parse_arguments(argv)
    root = options.root.resolve()
    try:
        with tempfile.TemporaryDirectory() as work:
            release = Release(
                options.package, options.version, root, Path(work), set(options.skip),
                options.torch, options.pip,
            )  # fmt: skip
            built = release.prepare(datetime.date.today().isoformat())
            kept = release.keep(built, (options.dist or root / "dist").resolve())
            if options.dry_run:
                print(f"dry run: {release.tag} could be released; nothing was changed")
            else:
                release.publish_locally()
                print(f"{release.tag} is tagged; push the branch and the tag to publish it")
            print(*kept, sep="\n")
    except ReleaseError as error:
        print(f"\nnot released: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
