"""Initial states of networks of areas."""

import pytest
import torch
from tests.bioplnn.models.spatial import small_area

from bioplnn.models import SpatiallyEmbeddedRNN


def test_lists_of_initial_states():
    rnn = SpatiallyEmbeddedRNN(
        num_areas=2, area_kwargs=[small_area(), small_area(in_channels=4, in_size=(3, 4))]
    )
    given = torch.full((5, 3, 6, 5), 2.0)
    outs, states, feedbacks = rnn.init_states(None, [[given, None], None], None, 3, 5, "ones")
    assert outs[:2] == states[:2] == feedbacks[:2] == [None, None]
    assert [out.shape for out in outs[2]] == [(5, 4, 6, 5), (5, 4, 3, 4)]
    assert (outs[2][1] == 1).all()
    assert states[2][0][0] is given
    assert (states[2][0][1] == 0).all()
    assert feedbacks[2] == [None, None]
    with pytest.raises(ValueError, match="out0 must have one entry per area"):
        rnn.init_states([None], None, None, 3, 5)
