"""What an area is refused for, and what its message says."""

import numpy as np
import pytest
import torch
from tests.bioplnn.models.spatial import small_area

from bioplnn.models import SpatiallyEmbeddedArea


def test_an_unknown_nonlinearity_is_named_with_its_place():
    # Names where nothing is connected are not looked at.
    table = np.array([["relu", "relu", ""], ["relu", "relu", "relu"], ["relu", "", ""]])
    with pytest.raises(ValueError, match=r"inter_neuron_type_nonlinearity\[2, 1\]: .* got ''"):
        SpatiallyEmbeddedArea(**small_area(inter_neuron_type_nonlinearity=table))
    table[2, 1] = "tanh"
    area = SpatiallyEmbeddedArea(**small_area(inter_neuron_type_nonlinearity=table))
    assert isinstance(area.activation(2, 1), torch.nn.Tanh)
