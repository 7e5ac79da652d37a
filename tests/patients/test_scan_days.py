"""What is known of a person on the day of a scan."""

from __future__ import annotations

import pytest

from patients.clinic import write
from spinegrade.bmd_scans import OnTheDay, describe_scans
from spinegrade.patients.reading import read_patients


def scan(folder, header, cells, on):
    tables = {
        "patients": [f"patient,{header}", f"P1,{cells}"],
        "bmd": ["patient,site,date", f"P1,spine,{on}"],
    }
    frame = describe_scans(read_patients(write(folder, **tables)), OnTheDay())
    return frame.select("age", "why_no_age").row(0)


@pytest.mark.parametrize(
    ("header", "cells", "on", "age", "why"),
    [
        ("age,date", "9.5,2024-01-01", "2025-01-01", 10.5, None),  # whole years on the day, as in assess
        ("age,date", "9,2010-06-01", "2025-06-01", 24.0, None),
        ("birth_date", "1015-06-01", "2025-06-01", None, "age over 130 at the scan"),
        ("age,date", "80,1925-06-01", "2025-06-01", None, "age over 130 at the scan"),
        ("birth_date", "2015-06-01", "2962-06-01", None, "scan dated after today"),
        ("birth_date", "2016-06-01", "2015-06-01", None, "scan dated before the birth"),
    ],
)
def test_age_on_the_day(tmp_path, header, cells, on, age, why):
    assert scan(tmp_path, header, cells, on) == (age, why)
