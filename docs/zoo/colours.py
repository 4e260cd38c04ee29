"""Colours of the pictures."""

__all__ = ["DEVICES", "DOWN", "UP"]

UP, DOWN = "#c4553b", "#1f6f8b"
DEVICES = ("#7fa650", "#b78ac0", "#d9a441", "#5f9fb0", "#a0705a")
