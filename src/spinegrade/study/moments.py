"""Moments as a store holds them: text in UTC, all of one length."""

from __future__ import annotations

from datetime import UTC, datetime


def as_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one that does not say where is taken to be in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as the store holds it."""
    return as_utc(moment).isoformat(timespec="microseconds")
