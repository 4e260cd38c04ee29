"""Run a function in several processes joined by gloo.

The processes are started once and kept for the next call, since starting one takes seconds;
each call gets a process group of its own. After an error or a time-out they are replaced.
"""

import atexit
import datetime
import importlib
import importlib.util
import multiprocessing
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist

__all__ = ["DistributedError", "run_distributed"]

_HOST = "127.0.0.1"
_START_SECONDS = 300.0
# How long to wait for other ranks once one has failed: they may hang in a collective.
_GRACE_SECONDS = 2.0
_Location = tuple[str, str | None]


class DistributedError(RuntimeError):
    """A rank raised or died; the message holds its traceback."""


def run_distributed(
    fn: Callable[..., Any],
    *args: Any,
    world_size: int = 2,
    timeout: float = 60.0,
    modules: Iterable[str] = (),
) -> list[Any]:
    """Call ``fn(rank, *args)`` in `world_size` processes and return the results by rank.

    The processes are joined in a gloo process group on 127.0.0.1, each with one thread.

    Args:
        fn: Function at the top level of a module; test modules are found by their file.
        *args: Picklable arguments.
        world_size: Number of processes.
        timeout: Seconds for the call, and for each collective in it.
        modules: Names of further modules that `args` need.

    Raises:
        DistributedError: If a rank raised or died.
        TimeoutError: If a rank did not answer in time.
    """
    locations = [_locate(name) for name in (fn.__module__, *modules)]
    payload = pickle.dumps((fn, args))
    store = dist.TCPStore(_HOST, 0, None, True, wait_for_workers=False)
    pool = _Pool.get(world_size)
    try:
        for connection in pool.connections:
            connection.send((locations, payload, store.port, timeout))
        return pool.collect(timeout)
    except BaseException:
        pool.close()
        raise


class _Pool:
    _pools: dict[int, "_Pool"] = {}  # noqa: RUF012

    def __init__(self, world_size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connections: list[Connection] = []
        self.processes = []
        for rank in range(world_size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, rank, world_size), daemon=True)
            process.start()
            theirs.close()
            self.connections.append(ours)
            self.processes.append(process)
        for rank, connection in enumerate(self.connections):
            if not connection.poll(_START_SECONDS):
                self.close()
                raise TimeoutError(f"rank {rank} did not start within {_START_SECONDS:g} s")
            connection.recv()

    @classmethod
    def get(cls, world_size: int) -> "_Pool":
        pool = cls._pools.get(world_size)
        if pool is None:
            pool = cls._pools[world_size] = cls(world_size)
        return pool

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        for process, connection in zip(self.processes, self.connections, strict=True):
            process.join()
            connection.close()
        for size, pool in list(self._pools.items()):
            if pool is self:
                del self._pools[size]

    def collect(self, timeout: float) -> list[Any]:
        results: dict[int, Any] = {}
        failures: dict[int, str] = {}
        deadline = time.monotonic() + timeout
        waiting = dict(enumerate(self.connections))
        while waiting:
            left = deadline - time.monotonic()
            ready = multiprocessing.connection.wait(list(waiting.values()), max(left, 0.0))
            if not ready:
                break
            for rank in [rank for rank, c in waiting.items() if c in ready]:
                ok, answer = _receive(waiting.pop(rank))
                (results if ok else failures)[rank] = answer
                if not ok:
                    deadline = min(deadline, time.monotonic() + _GRACE_SECONDS)
        if failures:
            raise DistributedError(
                "\n".join(f"rank {rank} raised:\n{failures[rank]}" for rank in sorted(failures))
            )
        if waiting:
            ranks = ", ".join(str(rank) for rank in waiting)
            raise TimeoutError(f"rank {ranks} did not answer within {timeout:g} s")
        return [results[rank] for rank in sorted(results)]


def _receive(connection: Connection) -> tuple[bool, Any]:
    try:
        ok, data = connection.recv()
    except (EOFError, ConnectionError):
        return False, "the process died without an answer"
    return ok, pickle.loads(data) if ok else data


def _serve(connection: Connection, rank: int, world_size: int) -> None:
    torch.set_num_threads(1)
    if sys.platform.startswith("linux"):
        # Otherwise gloo resolves the host's name, which fails without a network.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    connection.send("ready")
    while True:
        try:
            locations, payload, port, timeout = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        answer: tuple[bool, bytes | str]
        try:
            for location in locations:
                _load(location)
            answer = True, pickle.dumps(_join_and_call(payload, rank, world_size, port, timeout))
        except Exception:  # whatever it is, it belongs to the caller
            answer = False, traceback.format_exc()
        connection.send(answer)


def _join_and_call(payload: bytes, rank: int, world_size: int, port: int, timeout: float) -> Any:
    fn, args = pickle.loads(payload)
    limit = datetime.timedelta(seconds=timeout)
    store = dist.TCPStore(_HOST, port, None, False, limit)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=world_size, timeout=limit)
    try:
        result = fn(rank, *args)
        dist.barrier()  # nobody leaves while another still needs its connection
        return result
    finally:
        dist.destroy_process_group()


def _locate(name: str) -> _Location:
    return name, getattr(sys.modules.get(name), "__file__", None)


def _load(location: _Location) -> None:
    name, file = location
    if name in sys.modules:
        return
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        # A test module: pytest imported it by its path, so no import statement finds it.
        if file is None:
            raise
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


@atexit.register
def _close_all() -> None:
    for pool in list(_Pool._pools.values()):
        pool.close()
