"""The examples with pictures, and how each of them makes its own."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["EXAMPLES", "PICTURES", "Example", "cards"]

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pages" / "assets" / "gallery"


@dataclass(frozen=True)
class Example:
    """An example of a package.

    Args:
        package: The package.
        program: Name of the program, without `.py`.
        title: What it shows.
        options: Options that make it finish soon.
    """

    package: str
    program: str
    title: str
    options: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The program."""
        return ROOT / "packages" / self.package / "examples" / f"{self.program}.py"

    @property
    def picture(self) -> Path:
        """Its picture in the gallery."""
        return PICTURES / f"{self.package}-{self.program}.png"


EXAMPLES = (
    Example("pynsm", "pca", "The principal subspace, found online"),
    Example("pynsm", "cca", "What two views have in common"),
    Example("pynsm", "clustering", "Clusters as non-negative activity"),
    Example("pynsm", "nsm_conv_mnist", "Filters of digits, without labels",
            ("--epochs", "1", "--no-probe")),
    Example("pynsm", "nsm_supervised_mnist", "Filters of digits, with labels",
            ("--epochs", "1", "--no-probe")),
    Example("bioplnn", "mnist_spatial", "Excitation and inhibition read a digit",
            ("--epochs", "1")),
    Example("bioplnn", "worm_digits", "The wiring of a worm reads digits",
            ("--epochs", "6", "--runs", "1")),
    Example("inferno", "mnist_stdp", "Receptive fields from spike timing",
            ("--train", "400", "--test", "100", "--side", "8")),
    Example("inferno", "conv_stdp", "Filters that compete for strokes",
            ("--images", "200", "--steps", "10")),
    Example("inferno", "surrogate_gradient", "Spikes trained by backpropagation",
            ("--epochs", "1", "--train", "2500", "--test", "500")),
    Example("inferno", "learned_delays", "Delays that learn to arrive together"),
    Example("inferno", "florian_mstdp", "Plasticity under reward"),
    Example("aihwkit", "simple_layer", "One layer on noisy devices"),
    Example("aihwkit", "other_devices", "Eight devices and a compound",
            ("--epochs", "60")),
    Example("aihwkit", "tiki_taka", "Tiki-taka and its successors", ("--epochs", "60")),
    Example("aihwkit", "mixed_precision", "Mixed precision against plain pulses",
            ("--epochs", "1", "--limit", "1000")),
    Example("aihwkit", "recurrent", "A recurrent network on devices",
            ("--epochs", "20", "--points", "60")),
    Example("aihwkit", "analog_matrix", "Equations solved on a crossbar"),
)  # fmt: skip


def cards(package: str) -> str:
    """HTML cards of the pictures of one package, for the page of the gallery."""
    found = [e for e in EXAMPLES if e.package == package and e.picture.exists()]
    lines = [
        f'<a class="card" href="../{package}/examples/"><img loading="lazy" '
        f'src="../assets/gallery/{e.picture.name}" alt="{e.title}">'
        f"<span>{e.title}</span><code>{e.program}.py</code></a>"
        for e in found
    ]
    return '<div class="gallery">' + "".join(lines) + "</div>"
