"""Where work is done: in this process, in a pool of processes, or on a dask cluster."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import field, frozen, validators

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    Submit = Callable[..., Callable[[], Any]]

UNDER_WAY = 4
"""Batches that may be waiting for an answer, beside the one that is being read."""

_CONNECT_SECONDS = 15


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@frozen
class Where:
    """``workers`` processes of this machine, or the dask scheduler at an address."""

    workers: int = field(factory=cores, validator=validators.ge(1))
    cluster: str | None = None

    @contextmanager
    def submitter(self, *, much: bool) -> Iterator[Submit]:
        """Give a function that takes a function and its arguments and returns a way to its result.

        Without ``much`` to do the work is done here, as starting processes takes longer.
        """
        if self.cluster is not None:
            with _on_cluster(self.cluster) as submit:
                yield submit
        elif much and self.workers > 1:
            with _on_processes(self.workers) as submit:
                yield submit
        else:
            yield lambda function, *arguments: lambda: function(*arguments)


@contextmanager
def _on_processes(workers: int) -> Iterator[Submit]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin_worker)
    try:
        yield _submit_to(pool)
    except BrokenProcessPool as error:
        msg = f"workers: expected {workers} processes to the end, got one that was killed (memory?)"
        raise SpinegradeError(msg) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers, and the other cores to the other workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"


@contextmanager
def _on_cluster(address: str) -> Iterator[Submit]:
    try:
        from distributed import Client
    except ImportError as error:
        msg = "--cluster: expected the extra 'cluster' (pip install 'spinegrade[cluster]'), got none"
        raise SpinegradeError(msg) from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        msg = f"--cluster: expected a dask scheduler at {address}, got none: {error}"
        raise SpinegradeError(msg) from error
    with client:
        if not client.scheduler_info()["workers"]:
            msg = f"--cluster: expected workers at {address}, got a scheduler without any"
            raise SpinegradeError(msg)
        yield lambda *call: client.submit(*call, pure=False).result


def _submit_to(executor: Executor) -> Submit:
    return lambda *call: executor.submit(*call).result
