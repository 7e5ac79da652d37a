"""How long a reader took, by the stated rule."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from spinegrade.readings import Event, Exam, Reading
from spinegrade.study.times import Times, reading_times
from study.making import START


def times(*gaps, levels=None):
    """Return the times of a reading whose events lie these seconds apart."""
    at, events = START, [Event(START, "place", "T8")]
    for place, gap in enumerate(gaps):
        at += timedelta(seconds=gap)
        events.append(Event(at, "place", levels[place] if levels else "T8"))
    return reading_times(Reading(Exam("F001", "F001"), "R1", events=tuple(events)))


def test_without_events_there_are_none():
    assert reading_times(Reading(Exam("F001", "F001"), "R1")) == Times()


def test_the_first_event_begins_the_counting():
    assert times() == Times()


def test_time_is_that_of_the_vertebra_it_led_to():
    assert times(5, 7, 3, levels=("T8", "T9", None)) == Times(15.0, {"T8": 5.0, "T9": 7.0})


def test_longer_than_a_minute_counts_a_minute():
    assert times(60, 61, 3600) == Times(180.0, {"T8": 180.0}, pauses=2)


def test_a_clock_that_went_back_counts_nothing():
    assert times(10, -500, 4) == Times(14.0, {"T8": 14.0}, backwards=1)


def test_zones_are_no_time():
    one = Event(START, "place", "T8")
    other = Event((START + timedelta(seconds=9)).astimezone(timezone(timedelta(hours=5))), "place", "T8")
    naive = Event((START + timedelta(seconds=12)).replace(tzinfo=None), "place", "T8")
    assert reading_times(Reading(Exam("F001", "F001"), "R1", events=(one, other, naive))).seconds == 12.0


@given(st.lists(st.floats(-1e5, 1e5), max_size=30))
def test_no_gap_counts_less_than_nothing_or_more_than_the_cut_off(gaps):
    got = times(*gaps)
    assert 0 <= got.seconds <= 60 * len(gaps) + 0.01
    assert abs(sum(got.levels.values()) - got.seconds) < 0.02
