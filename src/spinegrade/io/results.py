"""Tables written frame by frame, as CSV, JSON or Parquet, in bounded memory."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Protocol

import polars as pl

from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Schema = Mapping[str, type[pl.DataType]]


class Writer(Protocol):
    """Takes frames one after another, in the columns that it was opened with."""

    def write(self, frame: pl.DataFrame) -> None:
        """Write the rows of a frame."""

    def close(self) -> None:
        """Finish the file."""

    def abort(self) -> None:
        """Let go of the file, half written as it is."""


class CsvWriter:
    """Rows as comma-separated values in UTF-8; null is an empty field."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._file = path.open("wb")
        self._columns = list(schema)
        self._file.write(",".join(schema).encode() + b"\n")

    def write(self, frame: pl.DataFrame) -> None:
        """Write the rows of a frame."""
        frame.select(self._columns).write_csv(self._file, include_header=False)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def abort(self) -> None:
        """Let go of the file, half written as it is."""
        with contextlib.suppress(OSError):
            self._file.close()


class JsonWriter:
    """Rows as an array of objects, one a line; null is null."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._file = path.open("wb")
        self._columns = list(schema)
        self._between = b"[\n"

    def write(self, frame: pl.DataFrame) -> None:
        """Write the rows of a frame."""
        if frame.is_empty():
            return
        lines = frame.select(self._columns).write_ndjson().encode().rstrip(b"\n")
        self._file.write(self._between + lines.replace(b"\n", b",\n"))
        self._between = b",\n"

    def close(self) -> None:
        """Finish the file."""
        self._file.write(b"[]\n" if self._between == b"[\n" else b"\n]\n")
        self._file.close()

    def abort(self) -> None:
        """Let go of the file, half written as it is."""
        with contextlib.suppress(OSError):
            self._file.close()


class ParquetWriter:
    """Rows as Parquet.  A thread of its own encodes them, as polars wants to pull what we push."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._columns = list(schema)
        self._waiting: queue.Queue[pl.DataFrame | None] = queue.Queue(maxsize=2)
        self._error: BaseException | None = None
        self._aborted = False
        self._thread = threading.Thread(target=self._sink, args=(path, dict(schema)), daemon=True)
        self._thread.start()

    def write(self, frame: pl.DataFrame) -> None:
        """Hand the rows of a frame to the encoder."""
        self._put(frame.select(self._columns))

    def close(self) -> None:
        """Finish the file."""
        self._put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def abort(self) -> None:
        """Let go of the file, half written as it is."""
        self._aborted = True
        while self._thread.is_alive():
            try:
                self._waiting.put(None, timeout=0.1)
            except queue.Full:
                continue
            self._thread.join(timeout=0.1)

    def _put(self, frame: pl.DataFrame | None) -> None:
        while self._thread.is_alive():
            try:
                self._waiting.put(frame, timeout=0.1)
            except queue.Full:
                continue
            return
        if self._error is not None:
            raise self._error

    def _sink(self, path: Path, schema: dict[str, type[pl.DataType]]) -> None:
        from polars.io.plugins import register_io_source

        def pull(*_: object) -> Iterator[pl.DataFrame]:
            while (frame := self._waiting.get()) is not None:
                yield frame
            if self._aborted:
                msg = "stopped"
                raise FormatError(msg)

        try:
            register_io_source(pull, schema=schema).sink_parquet(path)
        except BaseException as error:  # noqa: BLE001  raised again in the thread that writes
            self._error = _of_the_disk(error)


def _of_the_disk(error: BaseException) -> BaseException:
    """Return what the disk said where polars wraps it up, as other writers raise it, or the error itself."""
    _, wrapped, said = str(error).partition("IO error: ")
    if wrapped and isinstance(error, pl.exceptions.PolarsError):
        return OSError(said.splitlines()[0])
    return error
