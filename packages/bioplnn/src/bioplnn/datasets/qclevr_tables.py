"""Colours, shapes and their conjunctions in Q-CLEVR."""

COLOR_VALUES: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (173, 35, 35),
    "green": (29, 105, 20),
    "blue": (42, 75, 215),
    "yellow": (255, 238, 51),
    "purple": (129, 38, 192),
    "pink": (255, 192, 203),
    "orange": (255, 69, 0),
    "gray": (87, 87, 87),
    "brown": (129, 74, 25),
    "teal": (0, 128, 128),
    "navy": (0, 0, 128),
    "maroon": (128, 0, 0),
    "olive": (128, 128, 0),
    "cyan": (41, 208, 208),
}
COLORS = [
    "blue", "green", "gray", "red", "brown", "purple", "cyan", "yellow",
    "black", "white", "pink", "orange", "teal", "navy", "maroon", "olive",
]  # fmt: skip
SHAPES = ["cube", "cylinder", "sphere"]
_OTHER_ORDER = ["gray", "red", "blue", "green", *COLORS[4:]]
CONJUNCTIONS = (
    [f"cube_{color}" for color in COLORS]
    + [f"sphere_{color}" for color in _OTHER_ORDER]
    + [f"cylinder_{color}" for color in _OTHER_ORDER]
)
