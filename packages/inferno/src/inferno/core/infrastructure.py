"""The module base class, its tensor attributes and its hooks."""

from .hooks import ContextualHook, Hook, StateHook
from .module import Module
from .record import RecordTensor
from .shaped import ShapedTensor
from .virtual import VirtualTensor

__all__ = [
    "ContextualHook",
    "Hook",
    "Module",
    "RecordTensor",
    "ShapedTensor",
    "StateHook",
    "VirtualTensor",
]
