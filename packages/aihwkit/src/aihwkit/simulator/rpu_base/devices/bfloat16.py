"""Parameter objects for tiles with the data type bfloat16."""

from aihwkit.simulator.rpu_base.core_parameter import add_typed_classes

add_typed_classes("aihwkit.simulator.rpu_base.devices", "bfloat16", globals())
