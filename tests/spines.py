"""Landmark tables of spines whose heights are known, and the command line called as a person calls it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
from multiprocessing.connection import Connection

import numpy as np
import polars as pl
from attrs import frozen

from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.cli import main
from spinegrade.io.checks import sound_spines
from spinegrade.io.columns import COORDINATES, KEY, ROW
from spinegrade.io.landmark_table import RawRows
from spinegrade.phantom import lay_out_spine

GROWTH = (36 / 22) ** (1 / 12)
"""Normal ratio of a height to the one a level above, as design.md section 3 has it."""

DEPTH = 30.0


def heights(levels=GRADED.levels, /, **lost):
    """Return three heights by level on the normal trend (22 at T4), less the fractions lost.

    A spine without losses is what its own neighbours lead one to expect: no loss at all.
    """
    first = LEVELS.index("T4")
    return {
        level: [
            22.0 * GROWTH ** (LEVELS.index(level) - first) * (1 - fraction)
            for fraction in lost.get(level, (0.0, 0.0, 0.0))
        ]
        for level in levels
    }


def table(sides=None, *, exam="E1", spacing=None, tilt=0.0, **cells):
    """Return a landmark table of one spine with these heights, in mm where there is a spacing."""
    sides = heights() if sides is None else sides
    points = lay_out_spine(list(sides.values()), DEPTH, tilts=tilt) / (spacing or (1.0, 1.0))
    key = {"patient": "P1", "exam": exam, "reader": "R1", "occasion": 1, "level": list(sides)}
    spacing_cells = {} if spacing is None else {"row_spacing_mm": spacing[0], "column_spacing_mm": spacing[1]}
    flat = dict(zip(COORDINATES, points.reshape(-1, 12).T, strict=True))
    every = key | flat | spacing_cells | cells
    order = [*KEY, *(name for name in every if name not in KEY)]
    return pl.select(**{name: _column(every[name], len(sides)) for name in order})


def _column(cells, height):
    if isinstance(cells, list | np.ndarray):
        return pl.Series(cells)
    return pl.repeat(cells, height, dtype=pl.Int64 if isinstance(cells, int) else None)


def many(count, *, seed=1):
    """Return a landmark table of many spines, an exam each, with losses drawn by lot."""
    rng = np.random.default_rng(seed)
    sides = np.array(list(heights().values())) * (1 - 0.5 * rng.random((count, len(GRADED.levels), 3)) ** 4)
    flat = lay_out_spine(sides, DEPTH).reshape(-1, 12)
    number = np.repeat(np.arange(count), len(GRADED.levels))
    return pl.DataFrame(
        {
            "patient": [f"P{n}" for n in number],
            "exam": [f"E{n}" for n in number],
            "reader": "R1",
            "occasion": 1,
            "level": [*GRADED.levels] * count,
        },
        schema_overrides={"occasion": pl.Int64},
    ).with_columns(pl.Series(name, flat[:, place]) for place, name in enumerate(COORDINATES))


def shuffled(frame, *, seed=1):
    """Return the rows in another order, so that the rows of a spine lie apart."""
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)


def sound(*frames):
    """Return the rows of landmark tables as arrays; all of them have to be usable."""
    rows = pl.concat(frames, how="diagonal").with_row_index(ROW).cast({ROW: pl.Int64})
    loaded, misfits = RawRows(rows).load()
    spines, problems = sound_spines(loaded)
    assert misfits + problems == []
    return spines


class Kept:
    """A writer that keeps the frames that a run writes."""

    def __init__(self):
        self.frames = []

    def write(self, frame):
        self.frames.append(frame)

    def close(self):
        self.frame = pl.concat(self.frames)

    def abort(self):
        self.frames.clear()


@frozen
class Said:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self):
        """The lines on standard error."""
        return self.err.splitlines()


class _Stream(io.TextIOWrapper):
    terminal = False

    def isatty(self):
        return self.terminal


def invoke(*arguments, terminal=False):
    """Call the command line in this process, and return its exit code and what it wrote."""
    out, err = (_Stream(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    out.terminal = err.terminal = terminal
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Said(code, *texts)


@contextlib.contextmanager
def started(*arguments, **options):
    """Give the command line as a process in a session of its own, none of which is left afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "spinegrade", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def double(number):
    """Work for a process of a pool."""
    return 2 * number


def fail(words):
    """Work that fails, in a process of a pool."""
    raise ValueError(words)


def die():
    """Work that ends its process as the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_answering():
    """Work whose process ends when half of its answer has been sent."""

    def send_half(connection, answer):
        connection._send(struct.pack("!i", len(answer)) + bytes(answer[: len(answer) // 2]))
        die()

    Connection._send_bytes = send_half
    return bytes(10_000)
