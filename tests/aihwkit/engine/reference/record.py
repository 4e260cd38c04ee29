"""Record device responses and pulse counts of a reference installation.

    python tests/aihwkit/engine/reference/record.py /path/to/reference/bin/python

starts that interpreter, in which `aihwkit` must be the reference, and writes `recording.npz` beside
this file.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
TILES = 20
REPETITIONS = 20000


def record(path):
    """Measure the installed package and write the file."""
    import numpy as np

    sys.path.insert(0, str(HERE))
    import workload

    data = {}
    for name in workload.DEVICES:
        parts, hidden_parts = [], []
        for _ in range(TILES):
            states, hidden = workload.device_curve(name)
            parts.append(workload.curve_statistics(states))
            rows = np.stack(list(hidden.values()))
            hidden_parts.append(np.concatenate([rows.mean(axis=1), rows.var(axis=1)]))
        data[f"{name}/hidden names"] = np.array(list(hidden))
        for key, values in (("curve", parts), ("hidden", hidden_parts)):
            stacked = np.stack(values)
            data[f"{name}/{key}"] = stacked.mean(axis=0)
            data[f"{name}/{key} error"] = stacked.std(axis=0, ddof=1) / np.sqrt(TILES)
        print(name, data[f"{name}/curve"][:6].round(4))
    for rate in workload.RATES:
        for managed in (True, False):
            for kind in workload.RANDOM_TYPES:
                counts = workload.pulse_counts(kind, rate, managed, REPETITIONS)
                key = f"{kind}/{rate}/{managed}"
                data[key], data[f"{key} error"] = workload.count_moments(counts)
            for kind in workload.COUNTED_TYPES:
                data[f"{kind}/{rate}/{managed}"] = workload.pulse_counts(kind, rate, managed, 1)[0]
    np.savez_compressed(path, **data)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    import recorder

    recorder.run(__file__, record, HERE / "recording.npz", __doc__)
