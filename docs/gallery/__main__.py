"""Run the examples and keep the pictures that they draw, small, for the gallery.

hatch run gallery                # all of them
hatch run gallery pca tiki_taka  # some
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples import EXAMPLES, PICTURES, Example
from PIL import Image

WIDTH = 720


def draw(example: Example) -> None:
    """Run an example and shrink its picture.

    Raises:
        SystemExit: The example failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        figure = Path(folder) / "figure.png"
        command = [sys.executable, str(example.path), *example.options]
        command += ["--plot", str(figure)]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{example.program} failed:\n{done.stderr}")
        image = Image.open(figure).convert("RGB")
        image.thumbnail((WIDTH, WIDTH))
        PICTURES.mkdir(parents=True, exist_ok=True)
        image.quantize(96).save(example.picture, optimize=True)


def main() -> None:
    """Draw the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__.splitlines()[0])
    names = [example.program for example in EXAMPLES]
    parser.add_argument("programs", nargs="*", choices=[*names, []], metavar="PROGRAM")
    chosen = parser.parse_args().programs or names
    for example in EXAMPLES:
        if example.program in chosen:
            start = time.perf_counter()
            draw(example)
            print(f"{example.picture.name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
