from inferno.extra import identity, tuplewrap, varidentity


def test_inputs_are_passed_on():
    value = object()
    assert identity(value, unused=1) is value
    assert varidentity(value, 2, unused=1) == (value, 2)
    assert tuplewrap(value, unused=1) == (value,)
