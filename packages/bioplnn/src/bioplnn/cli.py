"""The commands ``bioplnn-train`` and ``bioplnn-test``.

Both take the choices and values of a hydra configuration:

    bioplnn-train model=spatial_1h1a data=mnist_spatial train.epochs=2
    bioplnn-test model=spatial_1h1a data=mnist_spatial checkpoint.run=NAME
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synaptensor.optional import require


def train() -> None:
    """Train a model, see ``bioplnn-train --help``."""
    from bioplnn.training import train as run

    _main(run)


def test() -> None:
    """Test a checkpoint, see ``bioplnn-test --help``."""
    from bioplnn.training import test as run

    _main(run)


def _main(run: Callable[[dict[str, Any]], Any]) -> None:
    hydra = require("hydra", "cli", "bioplnn")
    omegaconf = require("omegaconf", "cli", "bioplnn")

    @hydra.main(config_path="pkg://bioplnn.config", config_name="config", version_base="1.3")
    def command(config: Any) -> Any:
        plain = omegaconf.OmegaConf.to_container(config, resolve=True)
        if plain["debug_level"] > 0:
            print(omegaconf.OmegaConf.to_yaml(config))
        # hydra's sweepers take what a command returns; histories are for programs.
        run(plain)

    command()
