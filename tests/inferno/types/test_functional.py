import typing

import pytest

from inferno import types


@pytest.mark.parametrize("name", types.__all__)
def test_protocols_are_generic(name):
    protocol = getattr(types, name)
    assert typing.is_protocol(protocol) if hasattr(typing, "is_protocol") else protocol._is_protocol
    count = 2 if name.endswith("Method") else 1
    assert len(protocol.__parameters__) == count
    assert protocol[(int,) * count]
    assert protocol.__call__.__doc__
