"""Results of a benchmark: one row a way of doing one workload."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Measurement", "Table"]

_HEADER = ("workload", "way", "median", "min", "max", "peak memory", "time / yardstick")


@dataclass(frozen=True)
class Measurement:
    """What was measured for one way of doing one workload.

    Attributes:
        workload: Name of the workload.
        name: Name of the way.
        median: Median seconds a call.
        minimum: Least seconds a call.
        maximum: Most seconds a call.
        repeats: Number of timed repeats.
        calls: Calls in each repeat.
        peak_memory: Bytes that one call needs, or `None` where this cannot be measured.
        ratio: Median over the repeats of the time divided by the yardstick's time in the
            same round; below 1 is faster. `None` without a yardstick.
        threads: Threads that torch used on the CPU.
        device: Device that was waited for.
    """

    workload: str
    name: str
    median: float
    minimum: float
    maximum: float
    repeats: int
    calls: int
    peak_memory: int | None
    ratio: float | None
    threads: int
    device: str


@dataclass
class Table:
    """Measurements, and a line that says on what they were made.

    ``str(table)`` is an aligned text table.
    """

    environment: str
    rows: list[Measurement] = field(default_factory=list)

    def extend(self, rows: "Iterable[Measurement] | Table") -> None:
        """Append measurements, or those of another table."""
        self.rows.extend(rows.rows if isinstance(rows, Table) else rows)

    def markdown(self) -> str:
        """Return a Markdown table, followed by the environment."""
        cells = [_HEADER, *map(_cells, self.rows)]
        widths = _widths(cells)
        rule = "|".join("-" * (w + 1) + (":" if i > 1 else "-") for i, w in enumerate(widths))
        lines = [f"| {_aligned(row, widths, ' | ')} |" for row in cells]
        return "\n".join(
            [lines[0], f"|{rule}|", *lines[1:], "", f"Measured with {self.environment}."]
        )

    def json(self) -> str:
        """Return everything as JSON; `from_json` reads it back."""
        content = {"environment": self.environment, "rows": [asdict(row) for row in self.rows]}
        return json.dumps(content, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Table":
        """Read what `json` wrote."""
        content = json.loads(text)
        return cls(content["environment"], [Measurement(**row) for row in content["rows"]])

    def save(self, path: str | Path) -> None:
        """Write the table to a ``.json`` or ``.md`` file.

        Raises:
            ValueError: If the file name has another ending.
        """
        target = Path(path)
        if target.suffix not in (".json", ".md"):
            raise ValueError(f"`path` must end in .json or .md, got {str(path)!r}")
        text = self.json() if target.suffix == ".json" else self.markdown()
        target.write_text(f"{text}\n", encoding="utf-8")

    def __str__(self) -> str:
        cells = [_HEADER, *map(_cells, self.rows)]
        widths = _widths(cells)
        lines = [_aligned(row, widths, "  ").rstrip() for row in cells]
        return "\n".join([self.environment, lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(row: Measurement) -> tuple[str, ...]:
    times = (_seconds(row.median), _seconds(row.minimum), _seconds(row.maximum))
    memory = "-" if row.peak_memory is None else _bytes(row.peak_memory)
    return row.workload, row.name, *times, memory, "-" if row.ratio is None else f"{row.ratio:.3g}"


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(row[i]) for row in cells) for i in range(len(_HEADER))]


def _aligned(row: Sequence[str], widths: Sequence[int], separator: str) -> str:
    # Names to the left, numbers to the right.
    pairs = zip(row, widths, strict=True)
    return separator.join(
        cell.rjust(width) if i > 1 else cell.ljust(width) for i, (cell, width) in enumerate(pairs)
    )


def _seconds(value: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * scale >= 1.0:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _bytes(value: int) -> str:
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= scale:
            return f"{value / scale:.1f} {unit}"
    return f"{value} B"
