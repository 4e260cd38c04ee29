"""Measure several ways of doing one thing side by side, and print one table."""

from synaptensor.benchmark.memory import peak_memory
from synaptensor.benchmark.runner import Benchmark
from synaptensor.benchmark.table import Measurement, Table

__all__ = ["Benchmark", "Measurement", "Table", "peak_memory"]
