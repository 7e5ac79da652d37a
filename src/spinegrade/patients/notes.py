"""What is said of rows that contradict something: in which words, and of which rows."""

from __future__ import annotations

import polars as pl

Found = list[pl.DataFrame]
"""Tables of ``patient, contradiction``."""

_SHOWN = 3
"""Rows that a contradiction names; of more it says how many."""
_LONGEST = 40
"""Letters of a drug in somebody's own words."""


def note(found: Found, frame: pl.DataFrame, where: pl.Expr, words: str, of: pl.Expr | None = None) -> None:
    """Add what is wrong with the rows ``where`` it is, once a patient where rows are named.

    ``of`` names a row.  The first ones stand in brackets after the words, before their colon if they have
    one, with how many more there are; rows that have one name are one.
    """
    rows = frame.filter(where.fill_null(value=False))
    if rows.is_empty():
        return
    if of is None:
        found.append(rows.select(pl.col("patient").cast(pl.String), pl.lit(words).alias("contradiction")))
        return
    named = rows.select("patient", of.replace("", None).alias("of")).unique(maintain_order=True)
    every = named.group_by("patient", maintain_order=True).agg(pl.col("of").drop_nulls())
    shown = pl.col("of").list.head(_SHOWN).list.join("), (")
    more = pl.col("of").list.len().cast(pl.Int64) - _SHOWN
    said, _, ending = words.partition(":")
    text = pl.concat_str(
        pl.lit(said),
        pl.when(shown != "").then(pl.format(" ({})", shown)).otherwise(pl.lit("")),
        pl.when(more > 0).then(pl.format(" and {} more", more)).otherwise(pl.lit("")),
        pl.lit(f":{ending}" if ending else ""),
    )
    found.append(every.select(pl.col("patient").cast(pl.String), text.alias("contradiction")))


def _record(*parts: pl.Expr) -> pl.Expr:
    """Return what a row is known by; what is not said is left out."""
    return pl.concat_str(*parts, separator=", ", ignore_nulls=True)


def fracture_named() -> pl.Expr:
    """Return which fracture of the ledger a row is: site, age and date."""
    age = pl.format("age {}", pl.col("age_at").round(2).cast(pl.String).str.strip_suffix(".0"))
    return _record(pl.col("site"), age, pl.col("date").cast(pl.String))


def scan_named() -> pl.Expr:
    """Return which scan a row is: site and date."""
    return _record(pl.col("site"), pl.col("date").cast(pl.String))


def exposure_named() -> pl.Expr:
    """Return which exposure a row is: the drug, else the kind, and its dates or months.

    A drug is in somebody's own words, which are kept short and without the signs that part results.
    """
    agent = pl.col("agent").str.replace_all(r"[\s;|()]+", " ").str.strip_chars().str.slice(0, _LONGEST)
    begin, end = (pl.col(name).cast(pl.String) for name in ("start_date", "end_date"))
    when = pl.concat_str(
        pl.format("from {}", begin), pl.format("to {}", end), separator=" ", ignore_nulls=True
    )
    months = pl.format("{} months", pl.col("months").round(2).cast(pl.String).str.strip_suffix(".0"))
    return _record(pl.coalesce(agent.replace("", None), "exposure"), when.replace("", None), months)
