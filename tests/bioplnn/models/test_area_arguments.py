"""What an area is refused for, and what its message says."""

import numpy as np
import pytest
import torch
from tests.bioplnn.models.spatial import small_area

from bioplnn.models import SpatiallyEmbeddedArea, SpatiallyEmbeddedRNN


def test_an_unknown_nonlinearity_is_named_with_its_place():
    # Names where nothing is connected are not looked at.
    table = np.array([["relu", "relu", ""], ["relu", "relu", "relu"], ["relu", "", ""]])
    with pytest.raises(ValueError, match=r"inter_neuron_type_nonlinearity\[2, 1\]: .* got ''"):
        SpatiallyEmbeddedArea(**small_area(inter_neuron_type_nonlinearity=table))
    table[2, 1] = "tanh"
    area = SpatiallyEmbeddedArea(**small_area(inter_neuron_type_nonlinearity=table))
    assert isinstance(area.activation(2, 1), torch.nn.Tanh)


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda areas: dict(enumerate(areas)).values()])
def test_areas_come_in_any_collection(kind):
    areas = kind([small_area()])
    assert len(SpatiallyEmbeddedRNN(num_areas=1, area_kwargs=areas).areas) == 1


def test_a_collection_of_something_else_is_refused():
    message = r"`area_kwargs\[0\]` must be an instance of Mapping, got 'in_channels'"
    with pytest.raises(TypeError, match=message):
        SpatiallyEmbeddedRNN(num_areas=1, area_kwargs={"in_channels": 1})
