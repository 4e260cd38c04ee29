"""Data sets from an empty disk: what the generators write, the data sets read."""

import json
import random

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision import transforms

from bioplnn.datasets import (
    CABCDataset,
    CocoDots,
    CorrelatedDots,
    Mazes,
    QCLEVRDataset,
    make_stimulus,
)
from bioplnn.datasets.generators import (
    generate_cabc,
    generate_cocodots,
    generate_mazes,
    generate_qclevr,
)
from bioplnn.datasets.qclevr_tables import COLOR_VALUES, COLORS, CONJUNCTIONS


@pytest.fixture(scope="module")
def mazes(tmp_path_factory):
    return generate_mazes(tmp_path_factory.mktemp("mazes"), train=40, val=4)


@pytest.fixture(scope="module")
def qclevr(tmp_path_factory):
    return generate_qclevr(tmp_path_factory.mktemp("data") / "qclevr", 6, 3, 2, size=64)


@pytest.fixture(scope="module")
def cocodots(tmp_path_factory):
    return generate_cocodots(tmp_path_factory.mktemp("cocodots"), 12)


def test_a_path_joins_the_cues_of_a_maze_exactly_if_the_label_says_so(mazes):
    data = Mazes(mazes)
    assert len(data) == 40
    for image, same in data:
        assert image.shape == (4, 48, 48)
        assert image[3].sum() == 8
        parts, _ = ndimage.label(image[0].numpy())
        cues, count = ndimage.label(image[3].numpy())
        assert count == 2
        ends = [np.unique(parts[cues == k]).tolist() for k in (1, 2)]
        assert all(len(end) == 1 and end[0] > 0 for end in ends)
        assert (ends[0] == ends[1]) == bool(same)


def test_metadata_pictures_and_subsets_of_mazes(mazes):
    sample = Mazes(mazes, train=False, return_metadata=True)[1]
    assert set(sample) == {
        "image", "label", "id", "index", "cue_x", "cue_y", "fixation_x", "fixation_y"
    }  # fmt: skip
    assert sample["image"][3, sample["cue_y"], sample["cue_x"]] == 1
    picture = Mazes.tensor_to_image(sample["image"])
    assert picture.dtype == torch.int32
    assert picture[sample["cue_y"], sample["cue_x"]].tolist() == [255, 0, 0]
    random.seed(0)
    labels = [same for _, same in Mazes(mazes, subset=0.5)]
    assert (len(labels), sum(labels)) == (20, 10)


def test_annotations_crop_turn_and_block_a_maze(tmp_path):
    picture = np.ones((1, 3, 48, 48), dtype=np.float32)
    picture[0, :, 0, 0] = (1, 0, 0)
    picture[0, :, 0, 1] = 0
    record = {
        "id": 0, "same": 1, "row_start": 0, "row_stop": 10, "col_start": 0, "col_stop": 20,
        "horizontal_flip": True, "vertical_flip": False, "rotation_k": 1,
        "blocks_x": [4], "blocks_y": [5], "cue_top_y": 18, "cue_left_x": 21,
        "fixation_top_y": 0, "fixation_left_x": 0,
    }  # fmt: skip
    np.save(tmp_path / "mazes_train.npy", picture)
    (tmp_path / "mazes_train.json").write_text(json.dumps({"serrelab_anns": [record]}))
    image, _ = Mazes(tmp_path)[0]
    assert image.shape == (4, 26, 16)
    # Turned from (3, 21), where the flip brings it, to row 25 - 21 and column 3.
    assert image[0, 4, 3] == 0
    assert image[0, 3, 3] == 1
    assert image[0, 5, 4] == 0
    assert image[3].nonzero().tolist() == [
        [0, 0], [0, 1], [1, 0], [1, 1], [6, 7], [6, 8], [7, 7], [7, 8]
    ]  # fmt: skip


def test_letters(tmp_path):
    root = generate_cabc(tmp_path, 10, size=64)
    train, val = CABCDataset(root, transforms.ToTensor()), CABCDataset(root, train=False)
    assert (len(train), len(val)) == (8, 2)
    image, label = train[0]
    assert image.shape == (1, 64, 64)
    assert image.max() == 1
    assert sorted([*train.labels, *val.labels]) == [0] * 5 + [1] * 5
    assert label in (0, 1)


@pytest.mark.parametrize("mode", ["color", "shape", "conjunction", "every"])
def test_cues_and_counts(qclevr, mode):
    data = QCLEVRDataset(qclevr, mode=mode, use_cache=False, return_metadata=True)
    assert len(data) == (18 if mode == "every" else 6)
    for (cue, image), count, path, kind, name in data:
        assert cue.size == image.size == (64, 64)
        assert 1 <= count <= 6
        assert path.endswith(".png")
        if kind == "color":
            assert cue.getpixel((0, 0)) == COLOR_VALUES[name]
        elif kind == "conjunction":
            assert name in CONJUNCTIONS
            found = (
                set(cue.get_flattened_data())
                if hasattr(cue, "get_flattened_data")
                else set(cue.getdata())
            )
            assert found <= {(0, 0, 0), COLOR_VALUES[name.split("_")[1]]}


def test_the_count_is_the_number_of_things_of_the_cued_colour(qclevr):
    data = QCLEVRDataset(qclevr, mode="color", use_cache=False, return_metadata=True)
    for (_, image), count, _, _, name in data:
        mask = (np.asarray(image) == COLOR_VALUES[name]).all(-1)
        # An outline can cut a pixel off a thing.
        parts, number = ndimage.label(mask)
        sizes = ndimage.sum(mask, parts, range(1, number + 1))
        assert (sizes > 20).sum() == count


def test_held_out_cues_and_the_cache(qclevr):
    cues = QCLEVRDataset(qclevr, use_cache=False).cues
    held = cues[0]
    train = QCLEVRDataset(qclevr, holdout=[held], use_cache=False)
    assert train.cues == [cue for cue in cues if cue != held]
    again = QCLEVRDataset(qclevr, holdout=[held], use_cache=True)
    assert again.files == train.files
    with pytest.raises(FileNotFoundError, match="use_cache=False"):
        QCLEVRDataset(qclevr, holdout=["white", "black"], use_cache=True)


def test_tables_of_qclevr():
    assert sorted(COLORS) == sorted(COLOR_VALUES)
    assert len(set(CONJUNCTIONS)) == 48
    assert CONJUNCTIONS[16:20] == ["sphere_gray", "sphere_red", "sphere_blue", "sphere_green"]


def test_dots_lie_on_things_as_the_label_says(cocodots):
    data = CocoDots(cocodots / "annotations.json", cocodots / "images")
    assert len(data) == 12
    for sample in data:
        image = sample["image"]
        assert image.shape == (4, 150, 150)
        assert image[3, sample["cue_y"], sample["cue_x"]] == 1
        assert image[3].sum() == 2
        assert data.tensor_to_image(image).shape == (150, 150, 3)
    assert sum(sample["label"] for sample in data) == 6
    half = CocoDots(cocodots / "annotations.json", cocodots / "images", size=(75, 50), subset=0.5)
    assert len(half) == 6
    assert half[0]["image"].shape == (4, 75, 50)


def test_conditions_of_a_stimulus():
    picture = np.full((20, 20, 3), 7, dtype=np.uint8)
    square = [np.array([[5, 5], [14, 5], [14, 14], [5, 14]])]
    found = {
        condition: make_stimulus(picture, [square], 1, condition)
        for condition in ("Color_NoBackground", "WhiteOutline", "BlackOutline", "Color+Background")
    }
    points = {"outside": (0, 0), "line": (5, 10), "inside": (10, 10)}
    values = {
        name: {where: int(image[at][0]) for where, at in points.items()}
        for name, image in found.items()
    }
    assert values == {
        "Color_NoBackground": {"outside": 255, "line": 7, "inside": 7},
        "WhiteOutline": {"outside": 0, "line": 255, "inside": 0},
        "BlackOutline": {"outside": 255, "line": 0, "inside": 255},
        "Color+Background": {"outside": 7, "line": 7, "inside": 7},
    }
    with pytest.raises(ValueError, match="condition"):
        make_stimulus(picture, [square], 1, "Outline")


def test_recorded_dots():
    torch.manual_seed(0)
    frames, direction = CorrelatedDots(resolution=(16, 20), n_frames=4, n_dots=5)[0]
    assert int(direction) == 2
    assert frames.shape == (4, 1, 16, 20)
    assert frames[0, 0].nonzero().tolist() == [[5, 2], [5, 15], [8, 6], [8, 9], [12, 1]]


@pytest.mark.parametrize("resolution", [[16, 20], np.array([16, 20]), torch.tensor([16, 20])])
def test_a_resolution_may_be_any_pair(resolution):
    assert CorrelatedDots(resolution=resolution).resolution == (16, 20)
    with pytest.raises(ValueError, match=r"resolution must be \(height, width\)"):
        CorrelatedDots(resolution=resolution[:1])


def test_dots_stay_in_the_picture_whatever_rounding_does():
    data = CorrelatedDots(resolution=(3, 5), n_frames=200, n_dots=50, correlation=0.5)
    torch.manual_seed(0)
    for i in range(5):
        frames, _ = data[i]
        assert frames.sum((1, 2, 3)).min() >= 1


@pytest.mark.parametrize(
    "build",
    [
        lambda path: Mazes(path),
        lambda path: CABCDataset(path),
        lambda path: QCLEVRDataset(path / "none"),
        lambda path: CocoDots(path / "annotations.json", path),
    ],
    ids=["mazes", "cabc", "qclevr", "cocodots"],
)
def test_missing_files_are_named_together_with_what_makes_them(tmp_path, build):
    with pytest.raises(FileNotFoundError, match=r"no such file or folder: .*generate_\w+\(") as got:
        build(tmp_path)
    assert isinstance(got.value, ValueError)  # what Q-CLEVR is documented to raise


def test_a_missing_picture_is_no_secret(cocodots, tmp_path):
    data = CocoDots(cocodots / "annotations.json", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"000000\.png"):
        data[0]


def test_bad_arguments(qclevr):
    for kwargs, name in (
        ({"split": "validation"}, "split"),
        ({"mode": "size"}, "mode"),
        ({"primitive": False}, "cue_assets_root"),
        ({"shape_cue_color": "beige"}, "shape_cue_color"),
    ):
        with pytest.raises(ValueError, match=name):
            QCLEVRDataset(qclevr, **kwargs)
    with pytest.raises(ValueError, match="radius must be given"):
        QCLEVRDataset.draw_shape((64, 64), "sphere")
    with pytest.raises(ValueError, match="image_size"):
        QCLEVRDataset.draw_shape((64, 64), "cube", size=100)
    with pytest.raises(ValueError, match="correlation"):
        CorrelatedDots(correlation=1.5)
