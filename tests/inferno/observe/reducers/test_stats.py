import pytest
import torch

from inferno.observe import CAReducer, EMAReducer


@pytest.mark.parametrize("kind", [torch.float32, torch.bool])
@pytest.mark.parametrize("inplace", [False, True])
def test_average_of_all_observations(kind, inplace):
    reducer = CAReducer(1.0, inplace=inplace)
    observed = (torch.rand(20, 3, 4) * 2).to(kind)
    for i, obs in enumerate(observed):
        reducer(obs)
        expected = observed[: i + 1].float().mean(0)
        torch.testing.assert_close(reducer.peek(), expected, rtol=0, atol=1e-6)
    assert reducer.get_extra("_count") == 20
    reducer.clear()
    assert reducer._count == 0
    reducer(observed[0])
    torch.testing.assert_close(reducer.peek(), observed[0].float())


def test_moving_average():
    reducer = EMAReducer(1.0, 0.3, 3.0)
    level = None
    for value in (1.0, 3.0, 4.0):
        reducer(torch.tensor([value]))
        level = value if level is None else 0.3 * value + 0.7 * level
        assert reducer.peek().item() == pytest.approx(level)
    assert reducer.view(0.5).item() == pytest.approx((level + 1.6) / 2)


def test_weight_of_an_observation_is_a_number_in_the_unit_interval():
    assert EMAReducer(1.0, "0.5").alpha == 0.5
    for alpha in (-0.1, 1.1):
        with pytest.raises(ValueError, match="`alpha`"):
            EMAReducer(1.0, alpha)
