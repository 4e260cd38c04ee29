"""Costs of the layers of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch.nn import Module

from aihwkit.cost.parameters import CostParameters, cost_preset
from aihwkit.utils.analog_info import AnalogInfo, LayerInfo, TileInfo

__all__ = ["CostEstimate", "LayerCost", "cost_estimate"]


@dataclass(frozen=True)
class LayerCost:
    """Costs of one layer for the given input.

    Attributes:
        name: class of the layer.
        tiles: number of arrays, 0 for digital layers.
        products: number of vectors that pass.
        energy: energy in nanojoule.
        latency: time in nanosecond, all arrays of a layer at once and vectors one by one.
        area: area in square millimetre.
        write_energy: energy in nanojoule of one pulse to every device pair.
    """

    name: str
    tiles: int
    products: int
    energy: float
    latency: float
    area: float
    write_energy: float


@dataclass(frozen=True)
class CostEstimate:
    """Costs of all layers, and where the numbers come from.

    Attributes:
        layers: costs by layer, in the order of computation.
        parameters: costs of single operations.
        summary: summary of the model, printed with the estimate.
    """

    layers: tuple[LayerCost, ...]
    parameters: CostParameters
    summary: AnalogInfo

    @property
    def energy(self) -> float:
        """Energy of one pass in nanojoule."""
        return sum(layer.energy for layer in self.layers)

    @property
    def latency(self) -> float:
        """Time of one pass in nanosecond, layers one after the other."""
        return sum(layer.latency for layer in self.layers)

    @property
    def area(self) -> float:
        """Area of all arrays in square millimetre."""
        return sum(layer.area for layer in self.layers)

    @property
    def write_energy(self) -> float:
        """Energy in nanojoule of one programming pulse to every pair of devices."""
        return sum(layer.write_energy for layer in self.layers)

    def __str__(self) -> str:
        head = f"{'Layer':<24}{'tiles':>7}{'vectors':>10}{'energy [nJ]':>14}{'time [us]':>12}"
        lines = [repr(self.summary), "Cost estimate", f"{head}{'area [mm2]':>13}"]
        for layer in self.layers:
            if layer.tiles:
                lines.append(
                    f"{layer.name:<24}{layer.tiles:>7}{layer.products:>10}{layer.energy:>14.3f}"
                    f"{layer.latency / 1e3:>12.3f}{layer.area:>13.3f}"
                )
        lines.append(
            f"{'all':<24}{sum(x.tiles for x in self.layers):>7}{'':>10}{self.energy:>14.3f}"
            f"{self.latency / 1e3:>12.3f}{self.area:>13.3f}"
        )
        lines.append(f"One pulse to every pair of devices: {self.write_energy:.3f} nJ")
        lines.append(f"Source: {self.parameters.source}")
        lines.append("Data movement and digital layers are not included.")
        return "\n".join(lines)


def cost_estimate(
    model: Module, input_size: Any, parameters: CostParameters | str = "hermes"
) -> CostEstimate:
    r"""Estimate energy, latency and area of one pass through a model.

    The energy of a product of a tile with `r` rows and `c` columns on an array of `R` and `C` is

    .. math:: E \left( s_{in} \frac{r}{R} + s_{out} \frac{c}{C}
              + (1 - s_{in} - s_{out}) \frac{r c}{R C} \right).

    Args:
        model: any model.
        input_size: shape of the input, batch included.
        parameters: costs of single operations, or the name of a preset.

    Example:
        >>> print(cost_estimate(model, (1, 1, 28, 28)))  # doctest: +SKIP
    """
    costs = cost_preset(parameters) if isinstance(parameters, str) else parameters
    summary = AnalogInfo(model, input_size)
    layers = tuple(_layer_cost(layer, costs) for layer in summary.layer_summary)
    return CostEstimate(layers, costs, summary)


def _arrays(tile: TileInfo, costs: CostParameters) -> int:
    """Return how many arrays of the costed size a tile needs."""
    return -(-tile.log_in_size // costs.rows) * -(-tile.log_out_size // costs.columns)


def _layer_cost(layer: LayerInfo, costs: CostParameters) -> LayerCost:
    if not layer.tiles_info:
        return LayerCost(layer.name, 0, 0, 0.0, 0.0, 0.0, 0.0)
    device_share = 1.0 - costs.dac_share - costs.adc_share
    energy = write = 0.0
    arrays = 0
    for tile in layer.tiles_info:
        rows, columns = tile.log_in_size / costs.rows, tile.log_out_size / costs.columns
        # Every array column converts, every array row is driven.
        down, across = -(-tile.log_in_size // costs.rows), -(-tile.log_out_size // costs.columns)
        used = costs.dac_share * rows * across + costs.adc_share * columns * down
        energy += costs.mvm_energy * (used + device_share * rows * columns)
        write += costs.cell_write_energy * tile.log_in_size * tile.log_out_size * 2e-3
        arrays += _arrays(tile, costs)
    return LayerCost(
        layer.name,
        arrays,
        layer.reuse_factor,
        energy * layer.reuse_factor,
        costs.mvm_time * layer.reuse_factor,
        costs.area * arrays,
        write,
    )
