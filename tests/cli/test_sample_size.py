"""``spinegrade sample-size``: what a precision needs."""

from __future__ import annotations

import csv
import io
import json

import pytest

from spinegrade.agreement import Aim, items_for_icc, items_for_kappa
from spines import invoke


def found(*arguments):
    """Return what a run says, by name."""
    said = invoke("sample-size", *arguments, "--format", "json")
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def test_patients_for_a_kappa():
    expected = items_for_kappa(0.6, (0.85, 0.15), Aim(0.1, 0.95, 2.0, 13), 3)
    options = ("--readers", 3, "--prevalence", "0.85,0.15", "--items-per-patient", 13, "--design-effect", 2)
    made = found("kappa", 0.6, *options)
    assert (made["patients"], made["vertebrae"], made["readers"]) == (expected.patients, expected.items, 3)


def test_weights_and_confidence_count():
    shares = ("--prevalence", "0.7,0.2,0.1")
    plain = found("kappa", 0.6, *shares)["patients"]
    assert found("kappa", 0.6, *shares, "--weights", "quadratic")["patients"] != plain
    assert found("kappa", 0.6, *shares, "--confidence", 0.99)["patients"] > plain


def test_patients_and_readers_for_a_correlation():
    assert found("icc", 0.8, "--readers", 3)["patients"] == items_for_icc(0.8, Aim(0.1), 3).items
    assert found("icc", 0.7, "--patients", 50)["readers"] == 6


def test_simulated():
    made = found(
        "kappa",
        0.6,
        "--simulate",
        "--studies",
        20,
        "--items-per-patient",
        5,
        "--readers",
        3,
        "--reads-per-item",
        2,
    )
    assert made["vertebrae"] == 5 * made["patients"]
    assert made["simulated_half_width"] == pytest.approx(0.1, abs=0.02)
    assert made["method"] == "simulation of 20 studies, seed 0"


def test_as_a_table_and_as_csv():
    said = invoke("sample-size", "icc", 0.8, "--format", "table")
    assert "patients              55\n" in said.out
    rows = list(csv.DictReader(io.StringIO(invoke("sample-size", "icc", 0.8).out)))
    assert rows[0]["patients"] == "55"
    assert invoke("sample-size", "icc", 0.8, terminal=True).out == said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("kappa", 1.2), "kappa: expected 0 or more and less than 1, got 1.2"),
        (("kappa", 0.5, "--prevalence", "0.5,0.1"), "prevalence: expected shares above 0 that add up to 1"),
        (("kappa", 0.6, "--patients", 3), "they are too few even for 30 readers"),
    ],
)
def test_what_cannot_be_is_an_error_of_one_line(arguments, words):
    said = invoke("sample-size", *arguments)
    assert (said.code, said.out, len(said.lines)) == (1, "", 1)
    assert words in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("kappa", 0.5, "--prevalence", "most"),
        ("kappa", 0.5, "--half-width", 0),
        ("icc", 0.5, "--simulate", "--patients", 9),
        ("alpha", 0.5),
        ("icc", 0.5, "--patients", 9, "--readers", 3),
    ],
)
def test_a_wrong_use(arguments):
    said = invoke("sample-size", *arguments)
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "option", "words"),
    [
        (("kappa", 0.6, "--reads-per-item", 2), "--reads-per-item", "needs --simulate"),
        (("kappa", 0.6, "--within-patient", 0.3), "--within-patient", "needs --simulate"),
        (("icc", 0.6, "--readers-differ", 0.1), "--readers-differ", "needs --simulate"),
        (("kappa", 0.6, "--studies", 20), "--studies", "needs --simulate"),
        (("kappa", 0.6, "--items-per-patient", 13), "--items-per-patient", "needs --design-effect"),
        (("icc", 0.8, "--prevalence", "0.9,0.1"), "--prevalence", "is of a kappa"),
        (("icc", 0.8, "--simulate", "--weights", "linear"), "--weights", "is of a kappa"),
        (("kappa", 0.6, "--simulate", "--design-effect", 2), "--design-effect", "is of the formula"),
        (("kappa", 0.6, "--patients", 90, "--readers", 3), "--readers", "is what --patients asks for"),
    ],
)
def test_options_that_would_not_count_are_refused(arguments, option, words):
    said = invoke("sample-size", *arguments)
    assert (said.code, said.out) == (2, "")
    assert f"{option}: {words}" in said.err


def test_a_design_effect_of_1_is_an_answer():
    one = found("kappa", 0.6, "--items-per-patient", 13, "--design-effect", 1)
    two = found("kappa", 0.6, "--items-per-patient", 13, "--design-effect", 2)
    assert one["patients"] < two["patients"]
