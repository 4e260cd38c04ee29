"""Dots of which a share moves together; in which direction?"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from synaptensor.validation import check_in_range, check_instance, check_integer, check_positive

# right, left, up, down, as (x, y)
DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1))


class CorrelatedDots(Dataset):
    """Films of moving dots, drawn anew at every access from torch's generator.

    In every frame each dot moves with the common direction and speed with probability
    ``correlation``, and along its own fixed random vector otherwise.

    Args:
        resolution: Height and width in pixels.
        n_frames: Frames of a film.
        n_dots: Number of dots.
        correlation: Probability of moving together.
        max_speed: Largest speed in pixels per frame.
        samples_per_epoch: Length of the data set.

    Examples:
        >>> frames, direction = CorrelatedDots(n_frames=3, n_dots=5)[0]
        >>> frames.shape
        torch.Size([3, 1, 128, 128])
    """

    def __init__(
        self,
        resolution: tuple[int, int] = (128, 128),
        n_frames: int = 10,
        n_dots: int = 100,
        correlation: float = 1.0,
        max_speed: float = 5,
        samples_per_epoch: int = 10000,
    ) -> None:
        sides = tuple(check_instance("resolution", resolution, Iterable))
        if len(sides) != 2:
            raise ValueError(f"resolution must be (height, width), got {resolution!r}")
        height, width = (check_integer("resolution", side, minimum=1) for side in sides)
        self.resolution = (height, width)
        self.n_frames = check_integer("n_frames", n_frames, minimum=1)
        self.n_dots = check_integer("n_dots", n_dots, minimum=1)
        self.correlation = check_in_range("correlation", correlation, 0.0, 1.0)
        self.max_speed = check_positive("max_speed", max_speed)
        self.samples_per_epoch = check_integer("samples_per_epoch", samples_per_epoch, minimum=1)

    def __len__(self) -> int:
        return self.samples_per_epoch

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index must be below {len(self)}, got {index}")
        size = torch.tensor(self.resolution[::-1], dtype=torch.get_default_dtype())[:, None]
        x = torch.rand(self.n_dots) * size[0]
        y = torch.rand(self.n_dots) * size[1]
        position = torch.stack((x, y))
        speed = torch.zeros(1)
        while speed == 0:
            speed = (torch.rand(1) * self.max_speed).ceil()
        direction = torch.randint(len(DIRECTIONS), (1,))[0]
        together = torch.tensor(DIRECTIONS)[direction][:, None] * speed
        own_speed = torch.rand(self.n_dots) * self.max_speed
        angle = torch.rand(self.n_dots) * 2 * math.pi
        alone = torch.stack((own_speed * angle.cos(), own_speed * angle.sin()))
        frames = torch.zeros(self.n_frames, 1, *self.resolution)
        for frame in frames:
            joined = torch.rand(self.n_dots) < self.correlation
            position = (position + torch.where(joined, together, alone)) % size
            # The remainder of a tiny negative number rounds up to the size itself.
            column, row = position.long() % size.long()
            frame[0, row, column] = 1
        return frames, direction
