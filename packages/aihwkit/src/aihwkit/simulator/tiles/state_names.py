"""Keys of the analog state that a tile writes into a `state_dict`."""

__all__ = ["AnalogTileStateNames"]


class AnalogTileStateNames:
    """String constants of the analog tile state."""

    VERSION = "aihwkit_version"
    WEIGHTS = "analog_tile_weights"
    HIDDEN_PARAMETERS = "analog_tile_hidden_parameters"
    HIDDEN_PARAMETER_NAMES = "analog_tile_hidden_parameter_names"
    CLASS = "analog_tile_class"
    LR = "analog_lr"
    SHARED_WEIGHTS = "shared_weights"
    CONTEXT = "analog_ctx"
    OUT_SCALING = "out_scaling_alpha"
    MAPPING_SCALES = "mapping_scales"
    RPU_CONFIG = "rpu_config"
    ANALOG_STATE_PREFIX = "analog_tile_state_"
    ANALOG_STATE_NAME = "analog_tile_state"
    EXTRA = "state_extra"
    UPDATE_STREAM = "update_stream"

    @staticmethod
    def get_field_names() -> list[str]:
        """Return the names of all constants."""
        return [name for name in vars(AnalogTileStateNames) if name.isupper()]
