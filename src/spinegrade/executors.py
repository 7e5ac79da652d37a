"""Where work is done: in this process, in a pool of processes, or on a dask cluster."""

from __future__ import annotations

import logging
import os
import signal
import threading
import traceback
import warnings
from contextlib import ExitStack, contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from attrs import field, frozen, validators

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from distributed import Client

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
    """Give a function that hands calls to processes, each with a pipe of its own.

    So a process that is killed is noticed at once, even amid its answer; the pipe that a
    `ProcessPoolExecutor` shares among its workers would be waited on for ever.
    """
    from concurrent.futures import ThreadPoolExecutor

    threads = ThreadPoolExecutor(workers)
    free: SimpleQueue[Connection] = SimpleQueue()
    started: list[SpawnProcess] = []
    try:
        for _ in range(workers):
            with _deaf_to_ctrl_c():
                process, connection = _start_worker()
                started.append(process)
            free.put(connection)
        yield lambda *call: threads.submit(_answer, free, call).result
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.kill()
            process.join()
        threads.shutdown()


def _start_worker() -> tuple[SpawnProcess, Connection]:
    from multiprocessing import get_context

    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Put Ctrl-C off until the end; a process started meanwhile never hears it, where there are masks."""
    heard: list[int] = []
    with ExitStack() as at_end:
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
            at_end.callback(signal.signal, signal.SIGINT, before)
        if hasattr(signal, "pthread_sigmask"):
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # would lift the mask if it had yet to start
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            at_end.callback(signal.pthread_sigmask, signal.SIG_SETMASK, mask)
        yield
    if heard:
        signal.raise_signal(signal.SIGINT)


def _answer(free: SimpleQueue[Connection], call: tuple[Any, ...]) -> object:
    """Return what a free process makes of a call, or raise what it raised."""
    connection = free.get()
    try:
        connection.send(call)
        fine, answer = connection.recv()
    except (EOFError, OSError) as error:
        msg = "workers: expected every process to work to the end, got one that was killed (memory?)"
        raise SpinegradeError(msg) from error
    finally:
        free.put(connection)
    if fine:
        return answer
    raise answer


def _serve(connection: Connection) -> None:
    """Answer calls until there is nobody to answer to.

    Leaves Ctrl-C to the parent, which ends its workers, and the other cores to the other workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"
    with suppress(EOFError, OSError):
        while True:
            function, *arguments = connection.recv()
            try:
                answer = (True, function(*arguments))
            except Exception as error:  # noqa: BLE001  raised again in the process that asked
                error.add_note(traceback.format_exc())
                answer = (False, error)
            connection.send(answer)


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
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # we say it ourselves
        yield lambda *call: _ask_cluster(client, address, call)


def _ask_cluster(client: Client, address: str, call: tuple[Any, ...]) -> Callable[[], Any]:
    """Hand a call to the cluster and return a way to its result."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")  # a batch is meant to travel
        future = client.submit(*call, pure=False)

    def result() -> object:
        try:
            return future.result()
        except (CancelledError, KilledWorker, OSError) as error:
            msg = f"--cluster: expected {address} to work to the end, got: {' '.join(f'{error}'.split())}"
            raise SpinegradeError(msg) from error

    return result
