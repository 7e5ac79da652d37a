"""Who is in which file of a folder of NHANES: levels and people that are missing are named with numbers.

People without a row at some level are nothing strange: NHANES 2013-14 has 2,995 vertebrae at T4 and 3,251 at
L4.  That a file was cut off in download between two rows shows only by the run of people after its last one.
"""

from __future__ import annotations

import polars as pl

from spinegrade.anatomy import GRADED

_RUN = 5
"""People in a row who are missing at the end of a file hardly ever by chance, with one in ten missing."""


def people_notes(
    by_level: dict[str, pl.DataFrame], demo: pl.DataFrame, scores: pl.DataFrame | None
) -> list[str]:
    """Return in sentences which levels have no file, and how many people are missing in which file.

    All tables have the number of the person in ``SEQN``.
    """
    files = {level: frame["SEQN"] for level, frame in by_level.items()}
    if scores is not None:
        files["DXXVFA_H"] = scores["SEQN"]
    everybody = pl.concat(files.values()).unique()
    notes = []
    if absent := [level for level in GRADED.levels if level not in by_level]:
        notes.append(f"no file of {', '.join(absent)}: the norm says nothing of these levels")
    if fewer := [f"{name} has {len(some):,}" for name, some in files.items() if len(some) < len(everybody)]:
        notes.append(f"of {len(everybody):,} people in the files, {', '.join(fewer)}")
    for name, some in files.items():
        beyond = (everybody > some.max()).sum()
        if beyond >= _RUN:
            notes.append(f"{name}: {beyond:,} people come after the last of its file: cut off in download?")
    if strangers := (~everybody.is_in(demo["SEQN"].implode())).sum():
        notes.append(f"DEMO_H: sex and age of {strangers:,} people are not there")
    return notes
