"""A linear system is solved digitally, with an analog matrix as preconditioner.

The Poisson equation on a grid is solved by flexible GMRES, which allows a preconditioner that gives
another answer each time. Multiplying with the approximate inverse on a crossbar is inexact, but
takes one step whatever the size; the digital iteration takes the error out, as long as the error
of a product is small against one over the condition number.

Reference:
    Kalantzis et al., "Solving sparse linear systems with approximate inverse preconditioners on
    analog devices", IEEE HPEC 2021.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from aihwkit.linalg import AnalogMatrix
from aihwkit.simulator.configs import IOParameters, SingleRPUConfig
from aihwkit.simulator.presets import CapacitorPresetDevice

Vector = NDArray[Any]


def poisson(n: int) -> Vector:
    """Return the matrix of the Poisson equation on an n x n grid, `[n**2, n**2]`."""
    line = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    return np.kron(line, np.eye(n)) + np.kron(np.eye(n), line)


def flexible_gmres(
    matrix: Vector,
    b: Vector,
    precondition: Callable[[Vector], Vector],
    n_iterations: int,
    quiet: bool = True,
) -> tuple[Vector, list[float]]:
    """Solve `matrix @ x = b` from zero.

    Args:
        matrix: `[n, n]`.
        b: `[n]`.
        precondition: returns about `inverse(matrix) @ v`, not the same each time.
        n_iterations: number of iterations.
        quiet: no progress bar.

    Returns:
        The solution, and the relative residual after each iteration.
    """
    basis = [b / np.linalg.norm(b)]
    search: list[Vector] = []
    hessenberg = np.zeros((n_iterations + 1, n_iterations))
    x, residuals = np.zeros_like(b), []
    for j in tqdm(range(n_iterations), disable=quiet):
        search.append(precondition(basis[j]))
        new = matrix @ search[j]
        for i, direction in enumerate(basis):
            hessenberg[i, j] = direction @ new
            new = new - hessenberg[i, j] * direction
        hessenberg[j + 1, j] = np.linalg.norm(new)
        right = np.zeros(j + 2)
        right[0] = np.linalg.norm(b)
        factors = np.linalg.lstsq(hessenberg[: j + 2, : j + 1], right, rcond=None)[0]
        x = np.stack(search, axis=1) @ factors
        residuals.append(float(np.linalg.norm(b - matrix @ x) / np.linalg.norm(b)))
        if hessenberg[j + 1, j] < 1e-12 * np.linalg.norm(b):
            break
        basis.append(new / hessenberg[j + 1, j])
    return x, residuals


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--grid", type=int, default=10, help="points in each direction")
    parser.add_argument("--iterations", type=int, default=25)
    parser.add_argument("--noise", type=float, default=0.005, help="noise of the outputs")
    parser.add_argument("--bits", type=int, default=10, help="bits of the converters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="save residuals and solution to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser.parse_args(argv)


# --8<-- [start:build]
def build(noise: float, bits: int) -> SingleRPUConfig:
    """Return the configuration of the crossbar."""
    res = 1.0 / (2**bits - 2)
    products = IOParameters(out_noise=noise, inp_res=res, out_res=res)
    return SingleRPUConfig(device=CapacitorPresetDevice(), forward=products, backward=products)


# --8<-- [end:build]


def draw(path: Path, residuals: dict[str, list[float]], solution: Vector, n: int) -> None:
    """Save a figure with the residuals and the solution."""
    from matplotlib.figure import Figure
    from toy import save

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, values in residuals.items():
        left.semilogy(range(1, len(values) + 1), values, marker=".", label=name)
    left.set(xlabel="iteration", ylabel="relative residual")
    left.legend()
    figure.colorbar(right.imshow(solution.reshape(n, n)), ax=right)
    right.set_title("solution")
    save(figure, path)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Solve with and without preconditioner and return the last residuals."""
    options = parse(argv)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    matrix = poisson(options.grid)
    b = rng.standard_normal(len(matrix))
    inverse = np.linalg.inv(matrix)
    # Entries of a half at most stay within the bounds of most devices.
    scale = 2 * np.abs(inverse).max()
    analog = AnalogMatrix(inverse / scale, build(options.noise, options.bits))
    ways: dict[str, Callable[[Vector], Vector]] = {
        "none": lambda v: v,
        "analog": lambda v: scale * (analog @ v),
    }
    residuals, solution = {}, b
    for name, precondition in ways.items():
        solution, residuals[name] = flexible_gmres(
            matrix, b, precondition, options.iterations, options.quiet
        )
        print(f"preconditioner {name:7} residual {residuals[name][-1]:.1e}")
    read = analog.get_matrix().numpy() - inverse / scale
    print(f"largest error of the matrix on the crossbar {np.abs(read).max():.3f}")
    if options.plot:
        draw(options.plot, residuals, solution, options.grid)
    return {name: values[-1] for name, values in residuals.items()}


if __name__ == "__main__":
    main()
