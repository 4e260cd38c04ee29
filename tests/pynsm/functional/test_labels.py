import pytest
import torch

from pynsm.functional import as_one_hot


def test_indices_become_one_hot():
    got = as_one_hot(torch.tensor([1, 0]), 3, torch.float64, batched=True)
    assert torch.equal(got, torch.tensor([[0.0, 1, 0], [1, 0, 0]]).double())
    single = as_one_hot(torch.tensor(2), 3, torch.float32, batched=False)
    assert torch.equal(single, torch.eye(3)[2])


def test_one_hot_and_soft_labels_are_only_converted():
    soft = torch.tensor([[0.2, 0.8]])
    assert torch.equal(as_one_hot(soft, 2, torch.float32, batched=True), soft)
    assert as_one_hot(soft, 2, torch.bfloat16, batched=True).dtype == torch.bfloat16


def test_as_many_samples_as_classes_are_not_mistaken_for_one_vector():
    got = as_one_hot(torch.tensor([2, 1, 0]), 3, torch.float32, batched=True)
    assert torch.equal(got, torch.eye(3).flip(0))
    got = as_one_hot(torch.tensor([0, 1, 0]), 3, torch.float32, batched=False)
    assert torch.equal(got, torch.tensor([0.0, 1.0, 0.0]))


@pytest.mark.parametrize("batched", [True, False])
def test_other_shapes_are_refused(batched):
    with pytest.raises(ValueError, match="one-hot labels of shape"):
        as_one_hot(torch.zeros(2, 2, 3), 3, torch.float32, batched=batched)
