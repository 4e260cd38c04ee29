import re
from pathlib import Path

import pytest
import torch

README = Path(__file__).parents[2] / "packages" / "inferno" / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_the_read_me_run(program):
    namespace = {}
    exec(compile(program, str(README), "exec"), namespace)
    weight = namespace["connection"].weight
    assert torch.isfinite(weight).all()
    assert namespace["spikes"].shape == (1, 100)


def test_there_is_a_program():
    assert PROGRAMS
