"""The command `aihwkit`."""

from __future__ import annotations

import argparse
import sys

from aihwkit.cli import commands
from aihwkit.cli.arguments import (
    add_data_arguments,
    add_model_arguments,
    new_file,
    old_file,
    rate,
    seconds,
    whole,
)
from aihwkit.exceptions import AihwkitException
from aihwkit.version import __version__

__all__ = ["main"]

_EXAMPLES = """\
examples:
  aihwkit train --download --epochs 5 --output lenet5.pth
  aihwkit infer --checkpoint lenet5.pth --time 31536000
  aihwkit summary --cost hermes
  aihwkit plot-device ReRamESPresetDevice --output device.svg
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 after printing what is wrong.

    Args:
        argv: arguments; those of the process if None.
    """
    parser = _parser()
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        parser.print_help()
        return 2
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (AihwkitException, ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"aihwkit: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aihwkit",
        description="Train, test and describe models on simulated analog hardware.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parts = parser.add_subparsers(required=True, metavar="command")
    _add_train(parts.add_parser("train", help="train a classifier"))
    _add_infer(parts.add_parser("infer", help="test a classifier over time after programming"))
    summary = parts.add_parser("summary", help="show layers, tiles and costs")
    add_model_arguments(summary, config="InferenceRPUConfig")
    summary.add_argument(
        "--cost", metavar="NAME", help="also estimate costs with these numbers, e.g. hermes"
    )
    summary.set_defaults(run=commands.summary)
    _add_plot(parts.add_parser("plot-device", help="plot the response of a device to pulses"))
    names = parts.add_parser("list", help="show the names of configurations and devices")
    names.set_defaults(run=commands.list_names)
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    add_model_arguments(parser, config="TorchInferenceRPUConfig")
    add_data_arguments(parser, batch_size=64)
    parser.add_argument("--epochs", type=whole(1), default=1, metavar="N", help="(1)")
    parser.add_argument("--lr", type=rate, default=0.05, metavar="RATE", help="(0.05)")
    parser.add_argument("--output", type=new_file, metavar="FILE", help="save the checkpoint here")
    parser.set_defaults(run=commands.train)


def _add_infer(parser: argparse.ArgumentParser) -> None:
    add_model_arguments(parser, config="TorchInferenceRPUConfig")
    add_data_arguments(parser, batch_size=200)
    parser.add_argument(
        "--checkpoint", type=old_file, metavar="FILE", help="of `aihwkit train`, loaded first"
    )
    parser.add_argument(
        "--repeats", type=whole(1), default=2, metavar="N", help="number of programmed chips (2)"
    )
    parser.add_argument(
        "--time", type=seconds, default=86400.0, metavar="SECONDS", help="last time (86400)"
    )
    parser.set_defaults(run=commands.infer)


def _add_plot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "device", help="device or preset, e.g. ReRamESPresetDevice; `aihwkit list` shows all"
    )
    parser.add_argument(
        "--output", type=new_file, required=True, metavar="FILE", help="figure to write"
    )
    parser.add_argument("--steps", type=whole(1), metavar="N", help="pulses in each direction")
    parser.set_defaults(run=commands.plot_device)
