"""Hooks that survive copying: an ordered list of callables, and a managed forward hook."""

from synaptensor.hooks.hook_list import HookList
from synaptensor.hooks.managed import ManagedHook, managed_hooks

__all__ = ["HookList", "ManagedHook", "managed_hooks"]
