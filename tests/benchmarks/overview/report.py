"""The overview as a file, and as a table for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["explanations", "read", "save", "table"]


def save(path: Path, environment: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write a ``.json`` file, or the tables as Markdown into a ``.md`` file.

    Raises:
        ValueError: If the file name has another ending.
    """
    if path.suffix not in (".json", ".md"):
        raise ValueError(f"`path` must end in .json or .md, got {str(path)!r}")
    content = {"environment": environment, "rows": list(rows)}
    text = f"{table(content)}\n{explanations(content)}\nMeasured with {environment}."
    if path.suffix == ".json":
        text = json.dumps(content, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Return what `save` wrote into a ``.json`` file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def table(content: dict[str, Any]) -> str:
    """Return a Markdown table with a line for each workload."""
    header = (
        "package", "workload", "time (least to most)", "peak memory", "plain torch", "reference",
        "floor", "on",
    )  # fmt: skip
    return _markdown(header, [_cells(row) for row in content["rows"]])


def explanations(content: dict[str, Any]) -> str:
    """Return a Markdown table of yardsticks, floors and gaps."""
    seen = {row["workload"]: row for row in content["rows"]}.values()
    rows = [
        (f"`{row['package']}`", row["workload"], row["plain_does"], row["floor_does"], row["gap"])
        for row in seen
    ]
    header = ("package", "workload", "plain torch does", "the floor does", "in between")
    return _markdown(header, rows)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    ways = row["ways"]
    ours, plain, floor = ways["ours"], ways["plain"], ways["floor"]
    spread = f"{_seconds(ours['minimum'])} to {_seconds(ours['maximum'])}"
    other = ways.get("reference")
    where = row["device"] if row["device"] != "cpu" else f"{row['threads']} thread"
    where += "s" * (row["device"] == "cpu" and row["threads"] > 1)
    return (
        f"`{row['package']}`",
        row["workload"],
        f"**{_seconds(ours['median'])}** ({spread})",
        _bytes(ours["peak_memory"]),
        _beside(plain, ours),
        "-" if other is None else _beside(other, ours),
        _seconds(floor["median"]),
        where,
    )


def _beside(other: dict[str, Any], ours: dict[str, Any]) -> str:
    """Return the time of another way, and how many times faster the package is."""
    ratio = other["median"] / ours["median"]
    return f"{_seconds(other['median'])}, **{ratio:.2g} x**"


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _seconds(value: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if value * scale >= 1.0:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _bytes(value: int | None) -> str:
    return "-" if value is None else f"{value / 2**20:.1f} MiB"
