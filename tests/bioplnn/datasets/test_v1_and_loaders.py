"""The cortical sheet, loaders, and the worm."""

import inspect
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import transforms

from bioplnn.datasets import MNIST_V1, V1Dataset, load_c_elegans
from bioplnn.datasets.c_elegans import c_elegans_transmitters
from bioplnn.datasets.generators import generate_mazes, generate_qclevr, generate_retina
from bioplnn.utils import dataloaders, initialize_dataloader, rescale_to_range
from bioplnn.utils.dataloaders import (
    get_image_classification_dataloaders,
    get_v1_dataloaders,
    seed_worker,
)

DIGITS = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def retina(tmp_path_factory):
    path = tmp_path_factory.mktemp("retina") / "retina.pt"
    generate_retina(path)
    return path


def test_digits_on_the_sheet(retina):
    data = MNIST_V1(DIGITS, retina, transform=transforms.ToTensor())
    cortex, label = data[0]
    assert cortex.shape == (45000,)
    assert 0 < cortex.max() <= 1
    assert int(label) == int(data.targets[0])
    assert len(data) == len(data.images)
    again = pickle.loads(pickle.dumps(data))
    torch.testing.assert_close(again[0][0], cortex)


def test_only_neurons_of_the_retina_see(retina):
    sheet = V1Dataset(retina, 150, 300, 80)
    seen = torch.load(retina, weights_only=True)
    cortex = sheet.image_to_cortex(torch.ones(2, 8, 8))
    assert cortex.shape == (2, 150, 300)
    expected = torch.zeros(150, 300)
    expected[seen[0], seen[1]] = 1
    torch.testing.assert_close(cortex[0], expected)
    assert sheet.image_to_cortex(torch.ones(3, 1, 8, 8)).shape == (3, 1, 150, 300)


def test_the_fovea_is_magnified(retina):
    sheet = V1Dataset(retina, 150, 300, 80)
    spot = torch.zeros(2, 1, 41, 41)
    # x of the visual field runs along rows here; the fovea is at the first of them.
    spot[0, :, 0:4, 18:23] = 1
    spot[1, :, 36:40, 18:23] = 1
    near, far = (sheet.image_to_cortex(image).sum() for image in spot.transpose(2, 3))
    near_t, far_t = (sheet.image_to_cortex(image).sum() for image in spot)
    assert max(near, near_t) > 2 * max(far, far_t)


def test_bad_retinas(tmp_path):
    with pytest.raises(FileNotFoundError, match="generate_retina"):
        V1Dataset(tmp_path / "none.pt", 4, 4, 2)
    torch.save(torch.tensor([[0, 9], [1, 1]]), tmp_path / "far.pt")
    with pytest.raises(ValueError, match=r"got \(9, 1\) at entry 1"):
        V1Dataset(tmp_path / "far.pt", 4, 4, 2)
    torch.save(torch.zeros(3), tmp_path / "flat.pt")
    with pytest.raises(ValueError, match=r"\(2, K\)"):
        V1Dataset(tmp_path / "flat.pt", 4, 4, 2)


def test_loaders_of_digits_repeat_for_a_seed():
    def labels(seed):
        train, val = initialize_dataloader(dataset="mnist", root=DIGITS, batch_size=50, seed=seed)
        x, y = next(iter(train))
        assert x.shape == (50, 1, 28, 28)
        assert not val.sampler.__class__.__name__.startswith("Random")
        return y.tolist()

    assert labels(1) == labels(1)
    assert labels(1) != labels(2)


@pytest.mark.parametrize("dataset", ["mnist", "cifar10", "cifar100"])
def test_loaders_of_one_data_set_take_the_arguments_of_the_general_ones(dataset):
    for general, special in (
        (get_image_classification_dataloaders, f"get_{dataset}_dataloaders"),
        (get_v1_dataloaders, f"get_{dataset}_v1_dataloaders"),
    ):
        expected = list(inspect.signature(general).parameters.values())[1:]
        found = inspect.signature(getattr(dataloaders, special)).parameters.values()
        assert [(p.name, p.default) for p in found] == [(p.name, p.default) for p in expected]
        assert getattr(dataloaders, special).args == (dataset,)


def test_loaders_resize(retina):
    train, _ = initialize_dataloader(
        dataset="image_classification", root=DIGITS, resolution=(16, 20), batch_size=2
    )
    assert next(iter(train))[0].shape == (2, 1, 16, 20)
    train, _ = initialize_dataloader(
        dataset="mnist_v1", root=DIGITS, retina_path=retina, batch_size=2
    )
    assert next(iter(train))[0].shape == (2, 45000)


def test_loaders_of_generated_data(tmp_path):
    generate_mazes(tmp_path / "mazes", 6, 4)
    train, val = initialize_dataloader(
        dataset="mazes", root=tmp_path / "mazes", batch_size=3, resolution=(24, 24)
    )
    assert next(iter(train))[0].shape == (3, 4, 24, 24)
    assert len(val.dataset) == 4
    generate_qclevr(tmp_path / "qclevr", 4, 2, 0, size=64)
    train, _ = initialize_dataloader(
        dataset="qclevr", root=tmp_path / "qclevr", cue_assets_root=None, mode="every",
        train_batch_size=4, val_batch_size=2, seed=0,
    )  # fmt: skip
    (cue, image), count = next(iter(train))
    assert cue.shape == image.shape == (4, 3, 64, 64)
    assert -1 <= image.min() < image.max() <= 1
    assert count.shape == (4,)
    train, _ = initialize_dataloader(dataset="correlated_dots", resolution=(8, 9), batch_size=2)
    assert next(iter(train))[0].shape == (2, 10, 1, 8, 9)


def test_worker_processes_get_the_seed():
    train, _ = initialize_dataloader(
        dataset="correlated_dots", resolution=(8, 9), batch_size=2, seed=3,
        samples_per_epoch=4, num_workers=2,
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(train.worker_init_fn)) is not None
    first, second = ([d.tolist() for _, d in train] for _ in range(2))
    assert first == second
    seed_worker(1, 3)
    expected = torch.rand(2)
    torch.manual_seed(4)
    assert torch.equal(torch.rand(2), expected)


def test_names_that_are_not_known(tmp_path):
    with pytest.raises(AttributeError, match="get_digits_dataloaders"):
        initialize_dataloader(dataset="digits")
    with pytest.raises(NotImplementedError, match="dataset"):
        get_image_classification_dataloaders("digits", tmp_path)
    with pytest.raises(ValueError, match="generate_retina"):
        initialize_dataloader(dataset="mnist_v1", root=DIGITS)
    torch.testing.assert_close(
        rescale_to_range(torch.tensor([0.0, 0.5, 1])), torch.tensor([-1.0, 0, 1])
    )


def test_the_worm():
    worm = load_c_elegans()
    assert worm.num_neurons == 302
    assert worm.num_synapses == 3709
    # AVA command interneurons drive backward motor neurons, among them VA8.
    a, b = worm.index(["AVAL", "VA8"])
    assert worm.weights.to_dense()[b, a] > 0
    assert worm.weights.to_dense()[a, b] < worm.weights.to_dense()[b, a]
    signs = dict(zip(worm.names, worm.signs.tolist(), strict=True))
    assert (signs["AVAL"], signs["DD1"]) == (1, -1)
    counts = {label: worm.types.count(label) for label in set(worm.types)}
    assert counts == {
        "sensory": 83, "interneuron": 81, "motor": 116, "pharyngeal": 20, "unknown": 2
    }  # fmt: skip


def test_gap_junctions_of_the_worm_go_both_ways():
    junctions = load_c_elegans("electrical", cells="all")
    dense = junctions.weights.to_dense().numpy()
    np.testing.assert_array_equal(dense, dense.T)
    both = load_c_elegans("both", cells="all").weights.to_dense().numpy()
    np.testing.assert_array_equal(
        both, dense + load_c_elegans(cells="all").weights.to_dense().numpy()
    )
    assert junctions.num_neurons == 473
    assert "muscle" in junctions.types
    transmitters = c_elegans_transmitters()
    assert transmitters["AVAL"] == "acetylcholine"
    with pytest.raises(ValueError, match="synapses"):
        load_c_elegans("all")
