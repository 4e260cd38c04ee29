"""Record checkpoints of models that a reference installation has trained for three steps.

    python tests/aihwkit/simulator/legacy/reference/record.py /path/to/reference/bin/python

starts that interpreter, in which `aihwkit` must be the reference, and writes `checkpoints.pt.xz`
beside this file.
"""

import io
import lzma
import sys
from pathlib import Path

HERE = Path(__file__).parent


def record(path):
    """Train all models and write their states, outputs and device parameters."""
    import torch

    from aihwkit.optim import AnalogSGD

    sys.path.insert(0, str(HERE))
    from models import IMAGES, MODELS

    recorded = {}
    for name, make in MODELS.items():
        torch.manual_seed(1)
        model = make()
        optimizer = AnalogSGD(model.parameters(), lr=0.01, momentum=0.9)
        optimizer.regroup_param_groups(model)
        for _ in range(3):
            optimizer.zero_grad()
            model(IMAGES).pow(2).sum().backward()
            optimizer.step()
        model.eval()
        recorded[name] = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "output": model(IMAGES).detach(),
            "hidden": {k: dict(t.get_hidden_parameters()) for k, t in model.named_analog_tiles()},
        }
    file = io.BytesIO()
    torch.save(recorded, file)
    Path(path).write_bytes(lzma.compress(file.getvalue(), preset=9))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[2]))
    import recorder

    recorder.run(__file__, record, HERE / "checkpoints.pt.xz", __doc__)
