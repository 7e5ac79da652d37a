"""Feed broken films to the film reader, and see what comes out: a film, one of our errors, nothing else.

``python benchmarks/fuzz_films.py FOLDER`` takes the DICOM films of a folder as a beginning, cuts them down
to a few pixels in every transfer syntax that can be written here, adds pictures, and breaks them.  Every
input is read in a process whose memory is limited, and displayed where it can be read; its header is read as
in the listing of a folder.  Bad are: an end of the process, any error but a SpinegradeError, more than ten
seconds, more memory than the limit, and a planted name in a message or a log.  Input N of a seed is always
the same: ``--only N`` reads one again and shows what happens.
"""

from __future__ import annotations

import argparse
import collections
import logging
import multiprocessing
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from film_mutations import mutate
from film_seeds import CANARY, film_seeds, picture_seeds
from spinegrade.errors import SpinegradeError
from spinegrade.io.film import open_film
from spinegrade.io.film_header import read_header

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

_SLOW = 10.0
_PATIENCE = 60.0
_MIB = 2**20


def main() -> int:
    """Run the inputs on worker processes, print what became of them, and return 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of DICOM films")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", type=int, default=700, help="MiB that reading one may take")
    parser.add_argument("--match", default="", help="only seeds whose name has this")
    parser.add_argument("--only", type=int, help="one input, with its traceback")
    parser.add_argument("--keep", type=Path, help="folder to keep bad inputs in")
    given = parser.parse_args()
    every = film_seeds(given.folder) | picture_seeds()
    seeds = {name: content for name, content in every.items() if given.match in name}
    if given.only is not None:
        return _again(seeds, given.seed, given.only)
    begin = time.perf_counter()
    runs = [_Run(seeds, given, worker) for worker in range(given.workers)]
    while any(run.step() for run in runs):
        pass
    counts = sum((run.counts for run in runs), collections.Counter())
    seconds = time.perf_counter() - begin
    print(f"{sum(counts.values()):,} inputs of {len(seeds)} films, seed {given.seed}, {seconds:.0f} s")
    for what, count in counts.most_common():
        print(f"  {count:>8,}  {what}")
    print(f"  most memory that reading one added: {max(run.peak for run in runs):,.0f} MiB")
    return int(any(what.startswith("BAD") for what in counts))


def broken_film(seeds: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """Return the name of the film that input ``number`` was made of, and its bytes."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311
    names = sorted(seeds)
    name, other = rng.choice(names), rng.choice(names)
    return name, mutate(seeds[name], seeds[other], rng)


class _Run:
    """The share of one worker process, and the process, started again where it ended."""

    def __init__(self, seeds: dict[str, bytes], given: argparse.Namespace, worker: int) -> None:
        self._seeds, self._given = seeds, given
        self._numbers = iter(range(worker, given.inputs, given.workers))
        self._number: int | None = None
        self.counts: collections.Counter[str] = collections.Counter()
        self.peak = 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        self._process: ForkProcess = context.Process(
            target=_work, args=(theirs, self._seeds, self._given.seed, self._given.memory), daemon=True
        )
        self._process.start()
        theirs.close()
        self._ours: Connection = ours
        self._sent = time.monotonic()

    def step(self) -> bool:
        """Take the answer to the last input if it is there and send the next; False once all is done."""
        if self._number is not None:
            if not self._ours.poll(0.0005):
                if time.monotonic() - self._sent > _PATIENCE:
                    self._process.kill()
                return True
            try:
                self._count(*self._ours.recv())
            except EOFError:
                self._process.join()
                self._count(f"BAD process ended with {self._process.exitcode}", 0.0)
                self._start()
        self._number = next(self._numbers, None)
        if self._number is None:
            self._ours.close()
            return False
        self._sent = time.monotonic()
        self._ours.send(self._number)
        return True

    def _count(self, what: str, peak: float) -> None:
        self.counts[what] += 1
        self.peak = max(self.peak, peak)
        if what.startswith("BAD") and self._number is not None:
            name, content = broken_film(self._seeds, self._given.seed, self._number)
            print(f"{what}: input {self._number} of {name}", flush=True)
            if self._given.keep:
                (self._given.keep / f"{self._number}-{name}").write_bytes(content)


def _work(theirs: Connection, seeds: dict[str, bytes], seed: int, memory: int) -> None:
    """Answer every number with what became of that input and the memory that it took."""
    logs = _Logs()
    logging.getLogger().addHandler(logs)
    begin = _address_space()
    resource.setrlimit(resource.RLIMIT_AS, (begin + memory * _MIB, resource.RLIM_INFINITY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        while True:
            try:
                number = theirs.recv()
            except EOFError:
                return
            name, content = broken_film(seeds, seed, number)
            path = Path(folder) / f"film{Path(name).suffix}"
            path.write_bytes(content)
            logs.said.clear()
            what = _became(path, logs)
            theirs.send((what, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _became(path: Path, logs: _Logs) -> str:
    """Return in a few words what became of an input."""
    begin = time.monotonic()
    header = said = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            header = _header_error(path)
            film = open_film(path)
            film.shown()
        what, said = "read and displayed", " ".join(film.notes)
    except SpinegradeError as error:
        what, said = "refused", str(error)
    except BaseException as error:  # noqa: BLE001  whatever it is, it is bad
        return f"BAD {type(error).__name__} at {_place(error)}"
    if any(CANARY in words for words in (header, said, *logs.said)):
        return "BAD the name was told"
    if "\n" in header + said:
        return "BAD more than a line was said"
    return what if time.monotonic() - begin < _SLOW else "BAD slow"


def _header_error(path: Path) -> str:
    """Read the header alone, and return what is said of it."""
    try:
        read_header(path)
    except SpinegradeError as error:
        return str(error)
    return ""


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "spinegrade" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"


class _Logs(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the words of a record."""
        self.said.append(record.getMessage())


def _again(seeds: dict[str, bytes], seed: int, number: int) -> int:
    """Read one input in this process and let its error be seen."""
    name, content = broken_film(seeds, seed, number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film{Path(name).suffix}"
        path.write_bytes(content)
        print(f"{name}, {len(content)} bytes")
        film = open_film(path)
        print(film.facts, film.notes, film.shown().shape)
    return 0


if __name__ == "__main__":
    sys.exit(main())
