"""Versions come from what is installed."""

from importlib.metadata import version

from synaptensor.distribution import installed_version


def test_gives_the_version_in_the_metadata():
    assert installed_version("torch") == version("torch")


def test_a_source_tree_that_is_not_installed_has_an_unknown_version():
    assert installed_version("no-such-distribution") == "0+unknown"
