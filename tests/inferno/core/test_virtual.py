import copy
import gc
import pickle
import weakref

import pytest
import torch

from inferno import Module, VirtualTensor


def doubled(owner, dtype, device):
    return torch.full((2,), 2.0 * owner.number)


class Owner(Module):
    def __init__(self, materializer="tripled", **kwargs):
        super().__init__()
        self.number = 1
        VirtualTensor.create(self, "x", materializer, **kwargs)

    def tripled(self, dtype, device):
        return torch.full((2,), 3.0 * self.number, dtype=dtype, device=device)


@pytest.mark.parametrize(("materializer", "factor"), [("tripled", 3), (doubled, 2)])
def test_value_is_computed_at_each_access(materializer, factor):
    module = Owner(materializer)
    assert module.x.value.tolist() == [factor, factor]
    module.number = 5
    assert module.x.value.tolist() == [5 * factor, 5 * factor]
    with pytest.raises(AttributeError):
        module.x.value = torch.zeros(2)


@pytest.mark.parametrize("materializer", ["tripled", doubled])
def test_type_follows_the_reference(materializer):
    module = Owner(materializer)
    for change in (
        lambda: module.x.to(torch.float64),
        lambda: setattr(module.x, "dtype", torch.float16),
        lambda: module.to(torch.bfloat16),
    ):
        change()
        assert module.x.value.dtype == module.x.dtype == module._x_ref.dtype != torch.float32
    module.x.device = "meta"
    assert module.x.value.is_meta
    assert module.x.device.type == "meta"


def test_bool_stays_bool():
    module = Owner(dtype=torch.bool).double()
    assert module.x.value.dtype == torch.bool


def test_reference_is_saved_on_request():
    assert "_x_ref" not in Owner().state_dict()
    assert "_x_ref" in Owner(persist=True).state_dict()
    assert Owner().x.attributes._asdict() == {"ref": "_x_ref"}


@pytest.mark.parametrize(
    ("name", "materializer", "error"),
    [
        (1, doubled, TypeError),
        ("a.b", doubled, ValueError),
        ("y", "missing", AttributeError),
        ("y", "number", TypeError),
        ("y", 3, TypeError),
    ],
)
def test_arguments_are_checked(name, materializer, error):
    module = Owner()
    with pytest.raises(error):
        VirtualTensor(module, name, materializer)
    assert not hasattr(module, "_y_ref")


@pytest.mark.parametrize("materializer", ["tripled", doubled])
def test_handle_and_reference_go_together(materializer):
    module = Owner(materializer)
    handle = weakref.ref(module.x)
    gc.disable()
    try:
        del module.x
        assert handle() is None
        assert not hasattr(module, "_x_ref")
    finally:
        gc.enable()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("materializer", ["tripled", doubled])
def test_copies_compute_from_themselves(copied, materializer):
    module = Owner(materializer)
    twin = copied(module)
    twin.number = 0
    assert twin.x.value.tolist() == [0, 0]
    assert module.x.value.tolist() != [0, 0]
