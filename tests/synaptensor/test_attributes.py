import pytest
from torch import nn

from synaptensor.attributes import get_attribute, has_attribute, set_attribute


@pytest.fixture
def model():
    return nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4)))


def test_follows_a_dotted_path_through_containers(model):
    assert get_attribute(model, "1.0.weight") is model[1][0].weight
    assert get_attribute(model, "training") is True


def test_returns_the_default_for_a_missing_link(model):
    assert get_attribute(model, "1.nothing.weight", None) is None
    assert get_attribute(model, "0.nothing", 3) == 3


@pytest.mark.parametrize("path", ["nothing", "0.nothing", "nothing.weight", ""])
def test_a_missing_link_without_default_raises(model, path):
    with pytest.raises(AttributeError):
        get_attribute(model, path)


def test_refuses_two_defaults(model):
    with pytest.raises(TypeError, match="at most one default, got 2"):
        get_attribute(model, "training", 1, 2)


def test_sets_at_the_end_of_a_path(model):
    new = nn.Parameter(model[0].weight.detach() * 2)
    set_attribute(model, "0.weight", new)
    assert model[0].weight is new
    set_attribute(model, "label", "net")
    assert model.label == "net"


def test_setting_needs_the_links_before(model):
    with pytest.raises(AttributeError, match="nothing"):
        set_attribute(model, "nothing.weight", 1)


def test_tells_whether_a_path_exists(model):
    assert has_attribute(model, "0.bias")
    assert not has_attribute(model, "2.bias")
    model.label = None
    assert has_attribute(model, "label")
