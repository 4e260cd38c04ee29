"""What the sub-packages share: argument tests, nested access, read-only views."""

from . import argtest
from .utils import MapAccessor, Proxy, fzip, getitem, rgetattr, rgetitem, rsetattr, unique

__all__ = [
    "MapAccessor",
    "Proxy",
    "argtest",
    "fzip",
    "getitem",
    "rgetattr",
    "rgetitem",
    "rsetattr",
    "unique",
]
