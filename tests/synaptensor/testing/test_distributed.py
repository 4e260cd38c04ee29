import os
import time

import pytest
import torch
import torch.distributed as dist

from synaptensor.testing import DistributedError, run_distributed


def summed(rank, value):
    tensor = torch.tensor([float(value + rank)])
    dist.all_reduce(tensor)
    return rank, os.getpid(), tensor


def second_rank_fails(rank):
    if rank == 1:
        raise ValueError(f"rank {rank} has a bad day")
    dist.barrier()


def sleeps(rank, seconds):
    time.sleep(seconds)


def dies(rank):
    if rank == 0:
        os._exit(3)


def test_results_come_by_rank_from_processes_that_are_joined():
    results = run_distributed(summed, 10)
    assert [rank for rank, _, _ in results] == [0, 1]
    assert len({os.getpid(), *(pid for _, pid, _ in results)}) == 3
    for _, _, tensor in results:
        assert torch.equal(tensor, torch.tensor([21.0]))


def test_processes_are_kept_for_the_next_call():
    first, second = run_distributed(summed, 1), run_distributed(summed, 2)
    assert [pid for _, pid, _ in first] == [pid for _, pid, _ in second]
    assert [t.item() for _, _, t in second] == [5.0, 5.0]


def test_an_exception_comes_back_with_its_traceback_and_the_next_call_works():
    start = time.monotonic()
    with pytest.raises(DistributedError, match="rank 1 has a bad day") as caught:
        run_distributed(second_rank_fails)
    assert "in second_rank_fails" in str(caught.value)
    assert time.monotonic() - start < 30
    with pytest.raises(DistributedError, match="the process died without an answer"):
        run_distributed(dies)
    with pytest.raises(TimeoutError, match="rank 0, 1 did not answer within 1 s"):
        run_distributed(sleeps, 600, timeout=1.0)
    assert run_distributed(summed, 0)[0][2].item() == 1.0
