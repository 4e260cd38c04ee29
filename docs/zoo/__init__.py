"""Tables and pictures of the pages that show every device, compound and noise model."""

from docs.zoo.colours import DEVICES, DOWN, UP
from docs.zoo.compounds import learn, life
from docs.zoo.conductances import draw_spread, statistics
from docs.zoo.devices import portrait
from docs.zoo.pulses import crossbar, pulse, traces
from docs.zoo.tables import arguments_table, fields_table, markdown_table, require_all

__all__ = [
    "DEVICES",
    "DOWN",
    "UP",
    "arguments_table",
    "crossbar",
    "draw_spread",
    "fields_table",
    "learn",
    "life",
    "markdown_table",
    "portrait",
    "pulse",
    "require_all",
    "statistics",
    "traces",
]
