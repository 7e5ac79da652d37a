"""Cumulative glucocorticoids between bounds, and what a sum of them lacks."""

from __future__ import annotations

import pytest

from patients.clinic import classified, one

HEAD = "patient,exposure,agent,mg_per_day,prednisone_mg_per_day,start_date,end_date,months"
CHILD = "birth_date,date,height_cm,weight_kg,exposures_complete"
BORN = "2016-01-01,2026-01-01,140,36,yes"
"""Of 1.1832 m2 by Mosteller: the root of 140 x 36 / 3600 = 1.4."""


def summed(folder, *rows, child=BORN):
    return one(folder, CHILD, child, exposures=[HEAD, *(f"P1,{row}" for row in rows)])


def grams(row):
    return row["glucocorticoid_g_low"], row["glucocorticoid_g_high"]


@pytest.mark.parametrize(
    ("rows", "low", "high"),
    [
        ((), 0, 0),
        (("glucocorticoid,prednisone,40,,2025-01-01,2025-12-31,",), 14.6, 14.6),  # 365 days
        (("glucocorticoid,prednisone,40,,2025-01-01,2025-01-01,",), 0.04, 0.04),  # a single day
        (("glucocorticoid,prednisone,40,,,,12",), 14.61, 14.61),  # 12 months of 30.4375 days
        (("glucocorticoid,prednisone,40,,2025-12-03,2026-12-31,",), 1.2, 1.2),  # 30 days up to the assessment
        (("glucocorticoid,prednisone,40,,2025-12-03,,6",), 1.2, 1.2),
        (("glucocorticoid,prednisone,40,,2026-02-01,,",), 0, 0),  # begins later
        (("glucocorticoid,prednisone,40,,2025-01-01,,",), 0, 14.64),  # may have ended at once, or go on
        (("glucocorticoid,prednisone,40,,,2016-01-30,",), 0, 1.2),  # at most since birth
        (("glucocorticoid,prednisone,40,,,,",), 0, 146.16),  # at most a life, 3654 days
        (("glucocorticoid,prednisone,0,,,,",), 0, 0),
        (("glucocorticoid,dexamethasone,4,,2025-01-01,2025-12-31,",), 0, None),  # no factor is guessed
        (("glucocorticoid,dexamethasone,4,26,2025-01-01,2025-12-31,",), 9.49, 9.49),
        (("glucocorticoid,prednisone,,,2025-01-01,2025-12-31,",), 0, None),
        (("glucocorticoid,prednisone,40,,2025-12-31,2025-01-01,",), 0, None),  # contradicts itself
        ((",prednisone,40,,2025-01-01,2025-12-31,",), 0, 14.6),  # perhaps no glucocorticoid
        (("drug,Prednisone,40,,2025-01-01,2025-12-31,",), 0, 14.6),
        (("irradiation,,,,,,",), 0, 0),
        (
            (
                "glucocorticoid,prednisone,40,,2025-01-01,2025-12-31,",
                "glucocorticoid,prednisolone,10,,2024-01-01,2024-01-10,",
            ),
            14.7,
            14.7,
        ),
    ],
)
def test_dose_times_days(tmp_path, rows, low, high):
    row = summed(tmp_path, *rows)
    assert grams(row) == (pytest.approx(low), None if high is None else pytest.approx(high))
    assert row["body_surface_m2"] == pytest.approx(1.18322, abs=1e-5)
    assert row["glucocorticoid_g_m2_low"] == pytest.approx(low / 1.1832159566)


def test_without_an_assessment_a_course_has_no_end(tmp_path):
    row = summed(tmp_path, "glucocorticoid,prednisone,40,,2025-01-01,,", child="2016-01-01,,140,36,yes")
    assert grams(row) == (0, None)


def test_without_dates_a_course_is_no_longer_than_a_life(tmp_path):
    """An age of 9 may be one of nearly 10."""
    lines = [HEAD, "P1,glucocorticoid,prednisone,10,,,,"]
    assert grams(one(tmp_path, "age,exposures_complete", "9,yes", exposures=lines)) == (0, 36.525)
    assert grams(one(tmp_path, "exposures_complete", "yes", exposures=lines)) == (0, None)


def test_what_is_not_said_to_be_complete_has_no_upper_end(tmp_path):
    row = summed(
        tmp_path, "glucocorticoid,prednisone,40,,2025-01-01,2025-12-31,", child=BORN.replace("yes", "")
    )
    assert grams(row) == (pytest.approx(14.6), None)
    assert row["I1"] == "met"


class TestInformation:
    """9 g/m2 are quoted; they make no diagnosis."""

    DAYS = "glucocorticoid,prednisone,40,,2025-01-01,{},"

    @pytest.mark.parametrize(("end", "answer"), [("2025-12-31", "met"), ("2025-09-01", "not met")])
    def test_above_nine(self, tmp_path, end, answer):
        row = summed(tmp_path, self.DAYS.format(end))
        assert (row["I1"], row["diagnosis"], row["cautions"]) == (answer, None, None)
        assert (row["information"] or "").startswith("I1 cumulative" if answer == "met" else "")
        assert row["classification"] == summed(tmp_path)["classification"]

    @pytest.mark.parametrize(
        ("rows", "child", "missing"),
        [
            (("glucocorticoid,prednisone,40,,2025-01-01,,",), BORN, "exposures (start_date and end_date)"),
            (("glucocorticoid,dexamethasone,4,,,,3",), BORN, "exposures (dose as prednisone)"),
            ((DAYS.format("2025-12-31"),), "2016-01-01,2026-01-01,140,,yes", "height_cm and weight_kg"),
            ((), "2016-01-01,2026-01-01,140,36,", "exposures_complete"),
        ],
    )
    def test_what_would_decide_it(self, tmp_path, rows, child, missing):
        row = summed(tmp_path, *rows, child=child)
        assert (row["I1"], row["I1_missing"]) == ("indeterminate", missing)
        assert row["missing"] is None or "I1" not in row["missing"]

    def test_nothing_needs_no_surface(self, tmp_path):
        assert summed(tmp_path, child="2016-01-01,2026-01-01,,,yes")["I1"] == "not met"

    def test_an_adult(self, tmp_path):
        row = summed(tmp_path, self.DAYS.format("2025-12-31"), child="1956-01-01,2026-01-01,160,60,yes")
        assert row["I1"] == "not met"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            "glucocorticoid,prednisone,5,,2015-01-01,2025-01-01,",
            "exposure dated before the birth (prednisone, from 2015-01-01 to 2025-01-01)",
        ),
        (
            "glucocorticoid,prednisone,5,,2025-01-01,2024-01-01,",
            "exposure that ends before it begins (prednisone, from 2025-01-01 to 2024-01-01)",
        ),
        (
            "glucocorticoid,prednisone,5,,2024-01-01,2024-12-31,3",
            "exposure whose months and dates differ by more than a month (prednisone, from 2024-01-01 to "
            "2024-12-31, 3 months)",
        ),
        ("drug,Dexamethasone,5,,,,3", "glucocorticoid listed as another exposure (Dexamethasone, 3 months)"),
    ],
)
def test_contradictions(tmp_path, cells, words):
    row = summed(tmp_path, cells)
    assert row["contradictions"] == words
    assert row["glucocorticoid_g_low"] == 0
    assert row["glucocorticoid_g_high"] is None


def test_months_are_those_of_the_calendar(tmp_path):
    """January to March is three months, though it has 90 days."""
    head = "age,sex,postmenopausal,height_loss_cm,self_reported_vertebral_fracture,exposures_complete"
    course = "P1,glucocorticoid,prednisone,5,,2025-01-01,2025-03-31,"
    lines = {"bmd": ["patient,site,t", "P1,spine,-1.1"], "exposures": [HEAD, course]}
    assert one(tmp_path, head, "60,F,yes,4,no,yes", **lines)["A9"] == "met"
    lines["exposures"][1] = course.replace("03-31", "03-30")
    assert one(tmp_path, head, "60,F,yes,4,no,yes", **lines)["A9"] == "not met"


def test_of_somebody_without_any(tmp_path):
    rows = classified(
        tmp_path,
        patients=["patient,exposures_complete", "P1,yes", "P2,"],
        exposures=[HEAD, "P3,glucocorticoid,prednisone,10,,,,1"],
    )
    assert [grams(rows[name]) for name in ("P1", "P2")] == [(0, 0), (0, None)]
    assert grams(rows["P3"]) == (pytest.approx(0.304375), None)
