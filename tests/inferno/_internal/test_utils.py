import copy
from types import SimpleNamespace as Namespace

import pytest

from inferno._internal import (
    MapAccessor,
    Proxy,
    fzip,
    getitem,
    rgetattr,
    rgetitem,
    rsetattr,
    unique,
)


def test_nested_attributes_are_read_and_written():
    root = Namespace(a=Namespace(b=Namespace(c=1)))
    assert rgetattr(root, "a.b.c") == 1
    rsetattr(root, "a.b.c", 2)
    rsetattr(root, "d", 3)
    assert (root.a.b.c, root.d) == (2, 3)
    assert rgetattr(root, "a.x.c", None) is None
    for path in ("a.x.c", ""):
        with pytest.raises(AttributeError):
            rgetattr(root, path)


def test_items_with_defaults():
    data = {"a": {"b": None}}
    assert getitem(data, "a") == {"b": None}
    assert getitem(data, "x", 0) == 0
    assert rgetitem(data, ("a", "b"), 1) is None
    assert rgetitem(data, ()) is data
    assert rgetitem(data, ("a", "x"), 1) == 1
    with pytest.raises(KeyError, match="x"):
        getitem(data, "x")
    with pytest.raises(KeyError, match="depth=1"):
        rgetitem(data, ("a", "x"))


def test_fzip_maps_each_element():
    assert list(fzip([1, 2], str, float)) == [(1, "1", 1.0), (2, "2", 2.0)]
    assert list(fzip([1], str, identity=False)) == [("1",)]


def test_unique_by_identity_or_equality():
    first, second = [1], [1]
    assert list(unique([first, second, first])) == [first, second]
    assert list(unique([1, 1.0, 2], ids=False)) == [1, 2]


def test_proxy_appends_its_accessors():
    root = Namespace(a=Namespace(x=Namespace(p=Namespace(y=5))))
    assert Proxy(root, "x").a is root.a.x
    assert Proxy(root, "").a is root.a
    assert Proxy(root, "x", "y").a.p == 5
    with pytest.raises(AttributeError):
        _ = Proxy(root, "x").b
    proxy = Proxy(root, "x")
    proxy.a = 1
    assert not isinstance(root.a, int)
    assert copy.deepcopy(Proxy(root, "x")).a.p.y == 5


def test_map_accessor_reads_items_as_attributes():
    accessor = MapAccessor({"one": 1, "keys": 2})
    assert accessor.one == accessor["one"] == 1
    assert list(accessor) == ["one", "keys"]
    assert len(accessor) == 2
    assert callable(accessor.keys)
    assert accessor["keys"] == 2
    with pytest.raises(AttributeError, match="two"):
        _ = accessor.two
    with pytest.raises(TypeError):
        accessor["one"] = 3
