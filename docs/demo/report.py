"""One self-contained HTML page: programs, numbers and pictures, nothing loaded from elsewhere."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

TEMPLATE = Path(__file__).with_name("report.html")


@dataclass
class Picture:
    """A figure as PNG with the sentence that explains it."""

    png: bytes
    caption: str

    @classmethod
    def of(cls, figure: Figure, caption: str) -> "Picture":
        """Render `figure` once and let go of it."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=150, bbox_inches="tight")
        return cls(buffer.getvalue(), caption)


@dataclass
class Section:
    """What one package shows: its program, its numbers, its pictures."""

    package: str
    title: str
    lead: str
    program: str
    results: dict[str, str]
    pictures: list[Picture] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def headline(self) -> str:
        """The first result, for the table in the terminal."""
        name, value = next(iter(self.results.items()))
        return f"{value} {name}"


def _tiles(results: dict[str, str]) -> str:
    return "".join(
        f"<div class='tile'><b>{html.escape(value)}</b><span>{html.escape(name)}</span></div>"
        for name, value in results.items()
    )


def _figure(picture: Picture) -> str:
    source = base64.b64encode(picture.png).decode()
    caption = html.escape(picture.caption)
    return (
        f"<figure><img alt='{caption}' src='data:image/png;base64,{source}'>"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _section(section: Section) -> str:
    code = highlight(section.program, PythonLexer(), HtmlFormatter(cssclass="code"))
    return (
        f"<section id='{section.package}'>"
        f"<h2><code>{section.package}</code> {html.escape(section.title)}</h2>"
        f"<p class='lead'>{html.escape(section.lead)}</p>"
        f"<div class='tiles'>{_tiles(section.results)}</div>"
        + "".join(_figure(picture) for picture in section.pictures)
        + f"<details><summary>The program ({section.seconds:.0f} s)</summary>{code}</details>"
        + "</section>"
    )


def write_report(path: Path, sections: Sequence[Section], subtitle: str) -> Path:
    """Write the page and every picture beside it.

    Args:
        path: folder of the report; made where it is missing.
        sections: one for each package, in the order of the page.
        subtitle: the line under the title.

    Returns:
        The place of the page.
    """
    path.mkdir(parents=True, exist_ok=True)
    for section in sections:
        for number, picture in enumerate(section.pictures, start=1):
            (path / f"{section.package}-{number}.png").write_bytes(picture.png)
    light = HtmlFormatter(style="friendly").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    page = TEMPLATE.read_text(encoding="utf-8")
    replacements = {
        "{{subtitle}}": html.escape(subtitle),
        "{{code_light}}": light,
        "{{code_dark}}": f"@media (prefers-color-scheme: dark) {{ {dark} }}",
        "{{sections}}": "".join(_section(section) for section in sections),
        "{{links}}": "".join(f"<a href='#{s.package}'>{s.package}</a>" for s in sections),
    }
    for mark, text in replacements.items():
        page = page.replace(mark, text)
    target = path / "index.html"
    target.write_text(page, encoding="utf-8")
    return target
