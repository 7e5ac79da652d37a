"""The daily dose of glucocorticoids that was held, over all courses of a day."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.clinic import one
from spinegrade.osteoporosis.daily_doses import held_doses
from spinegrade.patients.ages import months_between

ADULT = "age,sex,postmenopausal,height_loss_cm,self_reported_vertebral_fracture,exposures_complete"
HEAD = "patient,exposure,agent,mg_per_day,start_date,end_date,months"


def answer(folder, *courses, switches=()):
    """Return the row of a woman whose A9 hangs on her courses, each ``mg,start,end,months``."""
    lines = [HEAD, *(f"P1,glucocorticoid,prednisone,{course}" for course in courses)]
    tables = {"bmd": ["patient,site,t", "P1,spine,-1.1"], "exposures": lines}
    return one(folder, ADULT, "60,F,yes,4,no,yes", switches=switches, **tables)


@pytest.mark.parametrize(
    ("courses", "says"),
    [
        (("20,2025-01-01,2025-02-28,", "10,2025-03-01,2025-04-15,", "7.5,2025-04-16,2025-05-31,"), "met"),
        (("5,2025-01-01,2025-02-28,", "6,2025-03-01,2025-04-30,"), "met"),
        (("3,2025-01-01,2025-05-31,", "3,2025-01-01,2025-06-01,"), "met"),
        (("3,2025-01-01,2025-05-31,", "3,2025-03-01,2025-05-31,"), "met"),
        (("3,2025-01-01,2025-05-31,", "3,2025-03-02,2025-05-31,"), "not met"),
        (("5,2025-01-01,2025-02-28,", "6,2025-03-02,2025-04-30,"), "not met"),  # a day without
        (("20,2025-01-01,2025-02-15,", "4,2025-02-16,2025-06-30,"), "not met"),
        (("5,2025-01-01,,2", "5,2025-03-01,,2"), "met"),
        (("5,,2025-02-28,2", "5,2025-03-01,,1"), "met"),
        (("5,,2025-02-28,2", "4,2025-03-01,,1"), "not met"),
        # courses that are not placed in time
        (("5,,,2", "6,2025-03-01,2025-04-30,"), "indeterminate"),
        (("5,,,1", "6,2025-03-01,2025-04-10,"), "not met"),  # 71 days, wherever they lie
        (("40,,,2", "4,2025-01-01,2025-12-31,"), "not met"),  # 4 mg for all but two months
        (("3,,,2", "3,,,2.5"), "not met"),  # 13.5 mg times months come to 4.5 mg over three
        (("5,,,2", "6,,,2"), "indeterminate"),
        (("2,,,", "2,2025-01-01,,"), "not met"),
        (("2,,,", "3,2025-01-01,,"), "indeterminate"),
        # may have gone on, may be of any dose, may contradict itself
        (("5,2025-01-01,2025-02-28,", "6,2025-03-01,,"), "indeterminate"),
        (("5,2025-01-01,2025-02-28,", ",2025-03-01,2025-04-30,"), "indeterminate"),
        (("4,2025-01-01,2025-12-31,", "1,2025-04-30,2025-03-01,"), "indeterminate"),
    ],
)
def test_over_all_courses(tmp_path, courses, says):
    assert answer(tmp_path, *courses)["A9"] == says


def test_a_copy_is_possible_and_not_certain(tmp_path):
    row = answer(tmp_path, *["3,2025-01-01,2025-05-31,"] * 2)
    assert (row["A9"], row["A9_missing"].split("; ")[-1]) == ("indeterminate", "exposures (contradiction)")


def test_for_how_long_is_a_switch(tmp_path):
    courses = ("5,2025-01-01,2025-02-28,", "6,2025-03-01,2025-04-30,")
    months = {"4": "met", "4.5": "not met", "0": "met", "0.5": "met", "12": "not met"}
    for length, says in months.items():
        assert answer(tmp_path, *courses, switches=[f"glucocorticoid_months={length}"])["A9"] == says


def test_what_would_decide_it(tmp_path):
    row = answer(tmp_path, "5,,,2", "6,2025-03-01,2025-04-30,")
    assert "exposures (start_date and end_date)" in row["A9_missing"]


COURSE = st.tuples(st.integers(0, 200), st.integers(0, 120), st.sampled_from([1.0, 2.5, 3.0, 5.0, 10.0]))


def by_days(courses, months):
    """Return the highest total that stayed for months, counted day by day."""
    first, total = date(2024, 1, 1), {}
    for begin, days, dose in courses:
        for at in range(begin, begin + days + 1):
            total[at] = total.get(at, 0.0) + dose
    best = 0.0
    for at in total:
        day = first + timedelta(days=at)
        month = day.month - 1 + months
        year, month = day.year + month // 12, month % 12 + 1
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        length = (date(year, month, min(day.day, last)) - day).days
        best = max(best, min(total.get(at + more, 0.0) for more in range(length)))
    return best


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(COURSE, min_size=2, max_size=5), min_size=1, max_size=8), st.integers(1, 4))
def test_as_counted_by_days(people, months):
    rows = [
        (f"P{number}", dose, True, begin, begin + days)
        for number, courses in enumerate(people)
        for begin, days, dose in courses
    ]
    day = pl.lit(date(2024, 1, 1))
    frame = pl.DataFrame(rows, ["patient", "dose", "named", "begin", "last"], orient="row").with_columns(
        start_date=day + pl.duration(days="begin"),
        end_date=day + pl.duration(days="last"),
        birth_date=pl.lit(None, pl.Date),
        suspect=pl.lit(value=False),
        copy=pl.lit(value=False),
    )
    length = months_between(pl.col("start_date"), pl.col("end_date").dt.offset_by("1d"))
    found = held_doses(frame.with_columns(months=length), float(months)).sort("patient").fill_null(0.0)
    wanted = [by_days(courses, months) for courses in people]
    assert found["sure"].to_list() == pytest.approx(wanted)
    assert found["may"].to_list() == pytest.approx(wanted)
