"""Readable `str()` of configuration dataclasses: only what differs from the defaults."""

from dataclasses import MISSING, Field, fields
from textwrap import indent
from typing import Any

__all__ = ["ALL_SKIP_FIELD", "PrintableMixin"]

ALL_SKIP_FIELD = "is_perfect"
"""If this field of a dataclass is true, nothing else matters and nothing else is printed."""

_INDENT = " " * 4
_MAX_FIELDS_ON_ONE_LINE = 3


def _is_hidden(item: "Field[Any]", value: Any) -> bool:
    metadata = item.metadata
    if "hide_if" in metadata and metadata["hide_if"] == value:
        return True
    if metadata.get("always_show"):
        return False
    if item.default is not MISSING:
        return bool(item.default == value)
    if metadata.get("hide_default") and item.default_factory is not MISSING:
        return bool(item.default_factory() == value)
    return False


def _value_text(value: Any) -> str:
    if isinstance(value, list) and value:
        items = ",\n".join(_value_text(element) for element in value)
        return f"[\n{indent(items, _INDENT)}\n]"
    return str(value)


class PrintableMixin:
    """Gives a dataclass a short `str()`; `repr()` stays the complete one.

    A field equal to its plain default is left out unless its metadata says `always_show`; a field
    equal to its metadata's `hide_if` is always left out. Fields built by a factory have no plain
    default and are shown, unless their metadata says `hide_default`.
    """

    def _printed_fields(self) -> list[str]:
        items = fields(self)  # type: ignore[arg-type]
        if getattr(self, ALL_SKIP_FIELD, False):
            items = tuple(item for item in items if item.name == ALL_SKIP_FIELD)
        texts = []
        for item in items:
            value = getattr(self, item.name)
            if not _is_hidden(item, value):
                texts.append(f"{item.name}={_value_text(value)}")
        return texts

    def __str__(self) -> str:
        name = type(self).__name__
        texts = self._printed_fields()
        if len(texts) <= _MAX_FIELDS_ON_ONE_LINE and not any("\n" in text for text in texts):
            return f"{name}({', '.join(texts)})"
        body = indent(",\n".join(texts), _INDENT)
        return f"{name}(\n{body}\n)"
