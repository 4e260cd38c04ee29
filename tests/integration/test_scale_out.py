"""The programs for several processes: same as one process, the same after a stop or a kill."""

import argparse
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from tests.integration.states import assert_equal

from synaptensor.testing import run_distributed

PROGRAMS = Path(__file__).parents[2] / "docs" / "distributed"
NAMES = (
    "analog",
    "similarity",
    "similarity --shard",
    "spatial",
    "spatial --shard",
    "spiking",
    "surrogate",
    "surrogate --shard",
)


def run_program(rank, name, steps, folder=None, every=3):
    """Run a program in the process group that exists, and return its tensors and plain data."""
    sys.path.insert(0, str(PROGRAMS))
    name, _, shard = name.partition(" ")
    try:
        program = __import__(name)
        options = argparse.Namespace(steps=steps, every=every, folder=folder, shard=bool(shard))
        state = program.main(options).state_dict()
    finally:
        sys.path.remove(str(PROGRAMS))
        for module in ("checkpointed", name):
            sys.modules.pop(module, None)
    return {key: full(value) for key, value in state.items()}


def full(value):
    value = value.full_tensor() if hasattr(value, "full_tensor") else value
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def run_all(rank, folder):
    """Run every program to the end, and again with a stop after four of its six steps."""
    states = {}
    for name in NAMES:
        whole = run_program(rank, name, 6)
        run_program(rank, name, 4, folder / name)  # the checkpoint is after three steps
        states[name] = whole, run_program(rank, name, 6, folder / name)
    return states


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What both processes have after whole and after resumed runs, by program."""
    return run_distributed(run_all, tmp_path_factory.mktemp("checkpoints"))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_stopped_goes_on_as_if_it_had_not(name, runs):
    for whole, resumed in (run[name] for run in runs):
        assert_equal(resumed, whole)


@pytest.fixture
def one_process():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "analog"])
def test_two_processes_learn_what_one_learns(name, runs, one_process):
    alone = run_program(0, name.split()[0], 6)
    first, second = (run[name][0] for run in runs)
    weights = [key for key in alone if key.endswith(("weight", "bias", "weight_", "tau.0"))]
    assert weights
    for key in weights:
        assert_equal(second[key], first[key])
        torch.testing.assert_close(first[key], alone[key], rtol=1e-4, atol=1e-4)


def test_devices_stay_the_same_in_all_processes(runs):
    first, second = (run["analog"][0] for run in runs)
    tiles = [key for key in first if key.endswith("analog_tile_state")]
    assert len(tiles) == 2
    for key in tiles:
        for part in ("analog_tile_weights", "analog_tile_hidden_parameters"):
            assert_equal(second[key][part], first[key][part])


def start(rank, port, *words):
    """Start one of two processes, with what torchrun would tell it."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    environment = {key: str(value) for key, value in place.items()}
    environment |= {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(PROGRAMS / "analog.py"), *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )  # fmt: skip


def resumed_and_whole(rank, steps, folder):
    """Go on from what lies in a folder, and run from the start."""
    return run_program(rank, "analog", steps, folder), run_program(rank, "analog", steps)


def test_a_run_that_was_killed_resumes_to_the_same_devices(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ("--steps", "100000", "--every", "2", "--folder", str(tmp_path))
    processes = [start(rank, port, *words) for rank in (0, 1)]
    try:
        seen = any(line.startswith("step 7:") for line in processes[0].stdout)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert seen
    found = {int(re.match(r"step(\d+)-rank\d\.pt$", f.name)[1]) for f in tmp_path.glob("*.pt")}
    assert max(found) >= 6

    for resumed, whole in run_distributed(resumed_and_whole, max(found) + 4, tmp_path):
        assert_equal(resumed, whole)
