"""Record checkpoints of models that a reference installation has trained for three steps.

    python tests/aihwkit/simulator/legacy/reference/record.py /path/to/reference/bin/python

starts that interpreter, in which `aihwkit` must be the reference, and writes `checkpoints.pt.xz`
beside this file.
"""

import argparse
import io
import lzma
import os
import subprocess
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


def main():
    """Start the reference interpreter on this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="interpreter of the reference, or 'this'")
    parser.add_argument("--out", default=str(HERE / "checkpoints.pt.xz"))
    arguments = parser.parse_args()
    if arguments.python == "this":
        record(arguments.out)
        return
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [arguments.python, __file__, "this", "--out", arguments.out]
    subprocess.run(command, check=True, env=environment)


if __name__ == "__main__":
    main()
