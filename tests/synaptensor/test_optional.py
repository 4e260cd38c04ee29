import sys

import pytest

from synaptensor.optional import is_installed, require


def test_returns_an_installed_module():
    import json.decoder

    assert require("json.decoder", extra="plot", package="inferno") is json.decoder


def test_a_missing_module_names_the_extra():
    with pytest.raises(ImportError, match=r"pip install inferno\[plot\]") as caught:
        require("surely_not_there.pyplot", extra="plot", package="inferno")
    assert "'surely_not_there.pyplot'" in str(caught.value)
    assert caught.value.name == "surely_not_there"


def test_an_installed_module_that_lacks_its_own_dependency_is_not_masked(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import surely_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "half_installed", raising=False)
    with pytest.raises(ModuleNotFoundError, match="surely_not_there") as caught:
        require("half_installed", extra="plot", package="inferno")
    assert "pip install" not in str(caught.value)


def test_tells_what_is_installed_without_importing_it():
    assert is_installed("json")
    assert not is_installed("surely_not_there")
    assert not is_installed("surely_not_there.at_all")
