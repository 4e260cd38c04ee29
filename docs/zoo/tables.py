"""Tables of parameters, made from the classes themselves."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from griffe import Docstring, DocstringSectionParameters

__all__ = ["arguments_table", "fields_table", "markdown_table", "require_all"]


def fields_table(cls: type, base: type | None = None) -> str:
    """Return a Markdown table of the fields that `cls` adds to `base`, or sets otherwise."""
    inherited = {} if base is None else {item.name: _default(item) for item in fields(base)}
    rows = [
        (f"`{item.name}`", f"`{_default(item)}`", _limited(item, _documented(cls, item.name)))
        for item in fields(cls)
        if item.name not in inherited or inherited[item.name] != _default(item)
    ]
    return markdown_table(("parameter", "default", "meaning"), rows)


def arguments_table(cls: type) -> str:
    """Return a Markdown table of the arguments that the docstring of `cls` explains."""
    sections = Docstring(inspect.getdoc(cls) or "", lineno=1).parse("google", warnings=False)
    described = {
        item.name: " ".join(item.description.split())
        for section in sections
        if isinstance(section, DocstringSectionParameters)
        for item in section.value
    }
    signature = inspect.signature(cls).parameters.values()
    rows = [
        (f"`{item.name}`", "" if item.default is item.empty else f"`{item.default!r}`", text)
        for item in signature
        if (text := described.get(item.name))
    ]
    return markdown_table(("parameter", "default", "meaning"), rows)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _default(item: "Field[Any]") -> str:
    if item.default is not MISSING:
        return str(item.default) if isinstance(item.default, Enum) else repr(item.default)
    assert item.default_factory is not MISSING
    made = item.default_factory()
    return repr(made) if isinstance(made, list) else f"{type(made).__name__}()"


def _limited(item: "Field[Any]", text: str) -> str:
    low, high = item.metadata.get("minimum"), item.metadata.get("maximum")
    if low is not None and high is not None:
        return f"{text} From {low:g} to {high:g}."
    if low is not None:
        return f"{text} At least {low:g}."
    return text if high is None else f"{text} At most {high:g}."


def _documented(cls: type, name: str) -> str:
    """Return the string below the field in the first class of the hierarchy that has one."""
    for owner in cls.__mro__:
        if owner is object or name not in inspect.get_annotations(owner):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        assert isinstance(body, ast.ClassDef)
        for line, below in zip(body.body, body.body[1:], strict=False):
            target = getattr(line, "target", None)
            if isinstance(target, ast.Name) and target.id == name and isinstance(below, ast.Expr):
                assert isinstance(below.value, ast.Constant)
                return " ".join(str(below.value.value).split())
    return ""


def require_all(page: Path, names: Iterable[str]) -> None:
    """Check that a page shows everything there is.

    Raises:
        ValueError: If the page does not have one of the names.
    """
    text = page.read_text(encoding="utf-8")
    missing = [name for name in names if f"`{name}`" not in text]
    if missing:
        raise ValueError(f"{page} must show {', '.join(missing)}")
