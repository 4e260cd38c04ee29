"""Layers, and the cells that trainers work on."""

from .biclique import Biclique
from .cell import Cell
from .layer import Layer
from .recurrent import RecurrentSerial
from .serial import Serial

__all__ = ["Biclique", "Cell", "Layer", "RecurrentSerial", "Serial"]
