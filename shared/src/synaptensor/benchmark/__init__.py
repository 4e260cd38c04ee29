"""Measure several ways of doing one thing side by side, and print one table."""

from synaptensor.benchmark.memory import peak_memory
from synaptensor.benchmark.process import ProcessStep, serve_steps
from synaptensor.benchmark.runner import Benchmark
from synaptensor.benchmark.table import Measurement, Table

__all__ = ["Benchmark", "Measurement", "ProcessStep", "Table", "peak_memory", "serve_steps"]
