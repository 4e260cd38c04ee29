"""Classification by rates."""

import math
import pickle

import numpy as np
import pytest
import torch

from inferno import learn


def trained(**options) -> learn.MaxRateClassifier:
    classifier = learn.MaxRateClassifier((2, 2), 3, **options)
    inputs = torch.tensor([[4.0, 0, 1, 0], [0, 3.0, 1, 0], [2.0, 0, 0, 0]]).view(3, 2, 2)
    classifier(inputs, torch.tensor([0, 1, 0]))
    return classifier


def test_neurons_are_assigned_to_the_class_they_fire_for() -> None:
    classifier = trained()
    assert classifier.rates[0, 0].tolist() == [3.0, 0.0, 0.0]
    assert classifier.rates[1, 0].tolist() == [0.5, 1.0, 0.0]
    assert classifier.assignments.flatten().tolist() == [0, 1, 1, 0]
    assert classifier.occurrences.tolist() == [2, 2, 0]
    assert classifier.proportions[1, 0].tolist() == pytest.approx([1 / 3, 2 / 3, 0.0])


def test_logits_are_weighted_means_over_the_neurons_of_a_class() -> None:
    classifier = trained()
    inputs = torch.tensor([[1.0, 0.0, 3.0, 2.0]]).view(1, 2, 2)
    labels, logits = classifier(inputs, None, logits=True)
    assert logits[0].tolist() == pytest.approx([0.5, 1.0, 0.0])
    assert labels.tolist() == [1]
    assert classifier.regress(inputs, proportional=False)[0].tolist() == [1.5, 1.5, 0.0]


def test_silent_neurons_can_stay_without_class() -> None:
    classifier = trained(assign_silent=False)
    assert classifier.assignments.flatten().tolist() == [0, 1, 1, -1]
    assert classifier.occurrences.tolist() == [1, 2, 0]


def test_former_samples_decay_with_every_sample_of_their_class() -> None:
    classifier = trained(decay=0.1)
    classifier(torch.ones(2, 2, 2), torch.tensor([0, 0]))
    expected = 3.0 * math.exp(-0.2) + 1.0
    assert classifier.rates[0, 0, 0].item() == pytest.approx(expected)
    assert classifier.rates[0, 1, 1].item() == pytest.approx(3.0)


def test_prediction_precedes_learning_and_time_is_averaged() -> None:
    classifier = learn.MaxRateClassifier(2, 2)
    spikes = torch.zeros(4, 1, 2, dtype=torch.bool)
    spikes[::2, :, 1] = True
    assert classifier(spikes, torch.tensor([1])).tolist() == [0]
    assert classifier.rates[1].tolist() == [0.0, 0.5]
    assert classifier(spikes, None).tolist() == [1]
    assert classifier(spikes, torch.tensor([1]), logits=None) is None


def test_saved_rates_restore_the_assignments() -> None:
    classifier = trained()
    other = learn.MaxRateClassifier((2, 2), 3)
    other.load_state_dict(classifier.state_dict())
    assert torch.equal(other.assignments, classifier.assignments)
    third = pickle.loads(pickle.dumps(classifier))
    assert torch.equal(third.proportions, classifier.proportions)


@pytest.mark.parametrize("shape", [[2, 2], np.array([2, 2]), torch.tensor([2, 2]), iter((2, 2.0))])
def test_shapes_of_all_kinds_become_tuples(shape) -> None:
    assert learn.MaxRateClassifier(shape, 3).shape == (2, 2)
    assert learn.MaxRateClassifier(np.int64(4), 3).shape == (4,)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(TypeError, match="shape"):
        learn.MaxRateClassifier("ab", 3)
    with pytest.raises(ValueError, match="num_classes"):
        learn.MaxRateClassifier((2,), 0)
    classifier = trained()
    before = classifier.rates.clone()
    with pytest.raises(ValueError, match="labels"):
        classifier(torch.ones(1, 2, 2), torch.tensor([3]))
    with pytest.raises(ValueError, match="inputs"):
        classifier(torch.ones(2, 2, 2), torch.tensor([1]))
    assert torch.equal(classifier.rates, before)
