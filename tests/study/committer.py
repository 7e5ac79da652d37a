"""A process that commits film after film until nothing is left, or until it is killed."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from spinegrade.study.pack_session import PackSession
from spinegrade.study.sessions import ReaderSession
from study.making import Clock, answered


def main(where, reader, start):
    """Wait for a word, then commit everything and say each film once its commit has returned."""
    clock = Clock(datetime.fromisoformat(start))
    pack = Path(where) / "pack.json"
    with (
        PackSession.open(Path(where), reader, clock=clock)
        if pack.exists()
        else ReaderSession.open(where, reader, clock=clock)
    ) as session:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        while (item := session.next()) is not None:
            reading = answered(session.blank(item))
            session.save(item, reading)
            session.commit(item, reading)
            print(item.film, item.occasion, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
