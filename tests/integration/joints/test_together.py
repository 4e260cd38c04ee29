"""All four joints under one seed, in one checkpoint."""

import torch


def steps(house, digits, start, stop):
    images, labels = digits
    return [house.step(images[i : i + 20], labels[i : i + 20]) for i in range(start, stop, 20)]


def test_same_seed_same_numbers_another_seed_others(digits):
    from together import House

    first, second, other = (steps(House(seed), digits, 0, 40)[-1] for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_one_checkpoint_resumes_all_four_bit_by_bit(digits, tmp_path):
    from together import House

    house = House(0)
    steps(house, digits, 0, 60)
    house.save(tmp_path / "house.pt")
    expected = steps(house, digits, 60, 120)

    resumed = House(7)  # other weights, devices and noise, all to be replaced
    torch.rand(5)
    resumed.load(tmp_path / "house.pt")
    for got, want in zip(steps(resumed, digits, 60, 120), expected, strict=True):
        assert torch.equal(got, want)
