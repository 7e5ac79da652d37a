"""From readings to statistics: worked cases, independent programs' numbers on real readings, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reader_agreement.graded import (
    FEW,
    MOSMED,
    SAMPLES,
    analysed,
    compared,
    from_files,
    spine,
    three_readers,
    two_by_two,
    value,
)
from reader_agreement.test_scatter import ASKING, placed
from spinegrade.agreement import Plan
from spinegrade.assess import Method
from spinegrade.reader_agreement import Asking, analyse_landmarks, as_json, as_rows, headline, pick
from spinegrade.reader_agreement.analysis import analyse
from spinegrade.reader_agreement.result import COLUMNS, Provenance

FROZEN = json.loads((Path(__file__).parents[1] / "oracles" / "mosmed.json").read_text(encoding="utf-8"))

MADE = Provenance(
    command="spinegrade agree SOURCE...",
    files=1,
    sha256="0" * 64,
    rules="genant-1993 revision 1 sha256:1",
    reference="own",
    levels="T4-L4",
    resamples=100,
    seed=0,
    confidence=0.95,
    versions={"spinegrade": "0"},
)

real = pytest.mark.skipif(
    not MOSMED.exists(),
    reason="the MosMed readings are not there: their licence forbids a copy in the tree",
)


class TestWorked:
    def test_a_two_by_two_table(self):
        """7 of 8 alike; by chance 36 of 64; kappa 20/28."""
        made = analysed("fracture", *two_by_two())
        assert (made.items, made.compared, made.patients, made.readers) == (8, 8, 2, ("R1", "R2"))
        assert value(made.between, "percent_agreement") == pytest.approx(7 / 8)
        assert value(made.between, "cohen_kappa", readers=("R1", "R2")) == pytest.approx(20 / 28)
        assert value(made.between, "prevalence", about="1") == pytest.approx(2.5 / 8)
        assert made.confusions[1].counts == ((5, 0), (1, 2))
        assert made.confusions[0].counts == ((10, 1), (1, 4))

    def test_who_reads_high(self):
        """R3 is one grade higher at one level of four, so by a quarter."""
        made = analysed("grade", *three_readers())
        biases = {one.readers[0]: one.value for one in made.against_rest}
        assert biases == {"R1": pytest.approx(-0.125), "R2": pytest.approx(-0.125), "R3": pytest.approx(0.25)}

    def test_levels_are_analysed_one_by_one(self):
        """At T12 nobody agrees with R3, elsewhere all agree."""
        made = analysed("grade", *three_readers())
        found = {
            group.name: value(group.estimates, "percent_agreement")
            for group in made.groups
            if group.by == "level"
        }
        assert found == {"T10": 1.0, "T11": 1.0, "T12": pytest.approx(1 / 3), "L1": 1.0}

    def test_groups_of_films(self):
        quality = {f"P{n:02}-film": "good" if n < 9 else "poor" for n in range(18)}
        made = analysed("fracture", *three_readers(), groups={"quality": quality})
        found = {group.name: group.items for group in made.groups if group.by == "quality"}
        assert found == {"good": 36, "poor": 36}

    def test_shapes_are_a_grouping_but_not_of_themselves(self):
        assert {one.by for one in analysed("grade", *three_readers()).groups} == {"level", "shape"}
        assert {one.by for one in analysed("shape", *three_readers()).groups} == {"level"}

    def test_readers_with_themselves(self):
        first, second = (0, 1, 2, 0), (0, 1, 1, 0)
        spines = [
            spine(patient, reader, seen, occasion=occasion)
            for patient in "ABC"
            for reader in ("R1", "R2")
            for occasion, seen in ((1, first), (2, second if reader == "R1" else first))
        ]
        made = analysed("grade", *spines)
        assert value(made.within, "percent_agreement", readers=("R1", "R1")) == pytest.approx(3 / 4)
        assert value(made.within, "percent_agreement", readers=("R2", "R2")) == 1
        assert value(made.within, "percent_agreement") == pytest.approx(7 / 8)
        assert value(made.between, "percent_agreement") == 1

    def test_three_occasions(self):
        spines = [spine("A", "R1", (0, 1, 2, n % 2), occasion=n) for n in (1, 2, 3)]
        made = analysed("grade", *spines, *[spine("B", "R1", (0, 1, 2, 0), occasion=n) for n in (1, 2, 3)])
        assert value(made.within, "percent_agreement", readers=("R1", "R1")) == pytest.approx((7 + 1 / 3) / 8)
        assert made.between == ()

    def test_measurements(self):
        made = analysed("height-loss", *three_readers())
        names = {one.statistic for one in made.between if one.readers is None}
        assert {"icc_1", "icc_a1", "icc_c1", "icc_ak", "krippendorff_alpha", "rms_sd", "rms_cv"} <= names
        assert {one.statistic for one in made.between if one.readers == ("R1", "R2")} >= {"bias", "limit_low"}
        assert value(made.between, "bias", readers=("R1", "R2")) == 0
        assert made.components.items > 0
        assert made.confusions == ()

    def test_repeated_measurements(self):
        spines = [spine(patient, "R1", (0, 1, 2, n - 1), occasion=n) for patient in "ABC" for n in (1, 2)]
        made = analysed("wedge-ratio", *spines)
        assert made.between == ()
        assert {one.readers for one in made.within} == {None, ("R1", "R1")}
        assert value(made.within, "bias") == pytest.approx(0.17 / 4)

    def test_three_repeated_measurements_have_no_limits(self):
        spines = [spine(patient, "R1", (0, 1, 2, n - 1), occasion=n) for patient in "AB" for n in (1, 2, 3)]
        made = analysed("wedge-ratio", *spines)
        assert {one.statistic for one in made.within} == {
            "icc_1",
            "rms_sd",
            "rms_cv",
            "least_significant_change",
        }

    def test_intervals_for_other_readers(self):
        for measure in ("grade", "height-loss"):
            made = analysed(measure, *three_readers(), random_readers=True)
            statistic, _, weights = headline(made, ("linear",))
            mine, others = (pick(some, statistic, weights) for some in (made.between, made.random_readers))
            assert others.value == mine.value
            assert others.high - others.low > mine.high - mine.low
        assert analysed("grade", *three_readers()).random_readers == ()

    def test_spines_by_patient(self):
        made = analysed("fracture", *two_by_two(), by="patient")
        assert (made.items, made.by) == (2, "patient")
        assert value(made.between, "percent_agreement") == 1
        assert made.groups == ()

    def test_weights_are_those_asked_for(self):
        made = analysed("grade", *two_by_two(), weights=("quadratic",))
        assert {one.weights for one in made.between if one.statistic == "fleiss_kappa"} == {"quadratic"}
        made = analysed("fracture", *two_by_two(), weights=("quadratic",))
        assert {one.weights for one in made.between if one.statistic == "fleiss_kappa"} == {"unweighted"}

    def test_progress_is_told_from_nothing_to_all(self):
        told = []
        analyse(compared("fracture", *two_by_two()), lambda done, of: told.append((done, of)))
        assert told[0][0] == 0
        assert told[-1][0] == told[-1][1] == len(told) - 1


class TestDegenerate:
    """Bad input ends in words, not in numbers that mean nothing."""

    def all_have_words(self, made):
        for _, _, estimates in made.scopes():
            for one in estimates:
                assert one.reason or None not in (one.value, one.low, one.high)

    def test_no_item_read_by_two(self):
        made = analysed("grade", spine("A", "R1", (0, 1, 0, 0)), spine("B", "R2", (0, 0, 0, 0)))
        assert made.compared == 0
        assert any("No item was read by two readers" in one for one in made.warnings)
        assert value(made.between, "fleiss_kappa", weights="linear") is None
        assert made.confusions == ()
        self.all_have_words(made)

    def test_no_measurement_read_by_two(self):
        made = analysed("height-loss", spine("A", "R1", (0, 1, 0, 0)), spine("B", "R2", (0, 0, 0, 0)))
        self.all_have_words(made)

    def test_one_patient(self):
        made = analysed("grade", *two_by_two()[:2])
        assert made.warnings[0].startswith("Only 1 patient: with fewer than 15")
        assert pick(made.between, "fleiss_kappa", "linear").low is None
        self.all_have_words(made)

    def test_all_grades_equal(self):
        made = analysed("grade", *[spine(p, r, (0, 0, 0, 0)) for p in "AB" for r in ("R1", "R2")])
        kappa = pick(made.between, "fleiss_kappa", "unweighted")
        assert kappa.value is None
        assert "one category" in kappa.reason
        assert value(made.between, "percent_agreement") == 1
        assert any(one.startswith("100.0 % of readings are in one category") for one in made.warnings)
        self.all_have_words(made)

    def test_a_reader_who_repeats_nothing(self):
        made = analysed("grade", spine("A", "R1", (0, 0, 0, 1)), spine("B", "R1", (0, 0, 0, 1), occasion=2))
        assert any("R1 read no item twice" in one for one in made.warnings)
        assert made.within == ()

    def test_a_single_common_item(self):
        made = analysed(
            "height-loss", spine("A", "R1", (1, 0, None, None)), spine("A", "R2", (None, 0, 1, 0))
        )
        assert made.compared == 1
        self.all_have_words(made)

    @pytest.mark.parametrize("measure", ["grade", "height-loss"])
    def test_patients_are_those_with_an_item_that_counts(self, measure):
        """Ten more patients whom R1 alone read add nothing to compare."""
        alone = [spine(f"Q{n}", "R1", (0, 1, 0, 0)) for n in range(10)]
        made = analysed(measure, *three_readers(8), *alone, random_readers=True)
        assert (made.patients, made.patients_compared) == (18, 8)
        assert made.warnings[0].startswith("Only 8 patients: with fewer than 15")
        for scope, _, estimates in made.scopes():
            if scope in {"between", "random_readers", "by_level"}:
                assert {one.clusters for one in estimates} == {8}
        whole = next(one for one in made.between if one.low is not None)
        assert [one for one in whole.warnings if "only 8 clusters" in one]

    def test_patients_of_repeats_are_those_read_twice(self):
        spines = [spine(p, "R1", (0, 1, 2, 0), occasion=n) for p in "ABCDEFGH" for n in (1, 2)]
        made = analysed("grade", *spines, *[spine(f"Q{n}", "R1", (0, 0, 0, 0)) for n in range(9)])
        assert {one.clusters for one in made.within} == {8}
        assert made.warnings[0].startswith("Only 8 patients")

    def test_very_few_patients_have_no_interval_by_resampling(self):
        for patients, interval in ((5, False), (6, True)):
            made = analysed("height-loss", *three_readers(patients))
            (bias,) = [one for one in made.between if (one.statistic, one.readers) == ("bias", ("R1", "R3"))]
            spread = pick(made.between, "rms_sd")
            assert (bias.low is not None) == (spread.low is not None) == interval
            assert spread.analytic is not None
            if not interval:
                assert bias.reason == spread.reason == "fewer than 6 patients"
                assert (spread.method, spread.resamples) == ("none", 0)
            self.all_have_words(made)

    def test_losses_have_no_precision_in_relation_to_their_mean(self):
        for measure in ("height-loss", "area-loss", "wedge-ratio"):
            made = analysed(measure, *three_readers())
            for estimates in (made.between, made.groups[0].estimates):
                cv = pick(estimates, "rms_cv", about="of the item's mean")
                assert (cv.value is None) == (measure != "wedge-ratio")
                assert cv.value is not None or "values may be 0" in cv.reason

    def test_readers_whose_names_differ_in_capitals_are_warned_of(self):
        spines = [spine("A", reader, (0, 1, 0, 0)) for reader in ("Kim", "kim ", "Lee")]
        words = "Readers Kim and kim  differ only in capitals or spaces"
        assert any(one.startswith(words) for one in analysed("grade", *spines).warnings)
        assert any(one.startswith(words) for one in analyse_landmarks(placed(*spines), ASKING).warnings)
        assert not [one for one in analysed("grade", *three_readers()).warnings if "capitals" in one]

    def test_exams_without_a_group_and_groups_without_an_exam_are_counted(self):
        quality = {f"P{n:02}-film": "good" if n < 9 else "poor" for n in range(2, 21)}
        made = analysed("fracture", *three_readers(), groups={"quality": quality})
        assert made.warnings == (
            "Groups by quality: 3 exams of the table not among readings, 2 exams of the readings without a "
            "group.",
        )
        asking = Asking(plan=FEW, groups={"quality": quality})
        assert (
            "Landmarks are not compared by group." in analyse_landmarks(placed(*two_by_two()), asking).notes
        )

    def test_few_patients_are_warned_of_and_many_are_not(self):
        assert analysed("fracture", *three_readers(14)).warnings[0].startswith("Only 14 patients")
        assert analysed("fracture", *three_readers(15)).warnings == ()

    def test_notes_say_who_repeated_nothing(self):
        spines = [spine("A", "R1", (0, 0, 0, 1), occasion=n) for n in (1, 2)]
        made = analysed("grade", *spines, spine("A", "R2", (0, 0, 0, 1)))
        assert "Within readers: R2 read nothing twice." in made.notes


@pytest.fixture(scope="module")
def grades():
    """Give the analysis of the grades of seven readers."""
    return from_files(MOSMED, "grade", method=Method(reference="own"))


@pytest.fixture(scope="module")
def wedges():
    """Give that of their wedge ratios."""
    return from_files(MOSMED, "wedge-ratio", method=Method(reference="own"), plan=Plan(method="linear"))


@real
class TestReal:
    """The MosMed readings beside what irrCAC, krippendorff, scikit-learn and lme4 made of the same."""

    def test_counts(self, grades):
        assert (grades.items, grades.compared, grades.patients) == (488, 481, 50)
        assert grades.readers == tuple(f"R{n}" for n in range(7))

    def test_coefficients_of_irrcac(self, grades):
        for method, name in (("fleiss", "fleiss_kappa"), ("conger", "conger_kappa"), ("gwet", "gwet_ac")):
            for frozen, weights in (("identity", "unweighted"), ("linear", "linear")):
                expected = pytest.approx(FROZEN[f"{method} {frozen}"], abs=2e-12)
                assert value(grades.between, name, weights=weights) == expected

    def test_alphas_of_krippendorff(self, grades, wedges):
        for metric in ("nominal", "ordinal", "interval"):
            expected = pytest.approx(FROZEN[f"alpha {metric}"], abs=1e-12)
            assert value(grades.between, "krippendorff_alpha", weights=metric) == expected
        for metric in ("interval", "ratio"):
            expected = pytest.approx(FROZEN[f"alpha wedge {metric}"], abs=1e-10)
            assert value(wedges.between, "krippendorff_alpha", weights=metric) == expected

    def test_pairs_of_scikit_learn(self, grades):
        """All 21 pairs, each a kappa of its own."""
        found = [one for one in grades.between if one.statistic == "cohen_kappa" and one.weights == "linear"]
        assert len(found) == 21
        for one in found:
            name = "linear kappa " + "".join(reader[1] for reader in one.readers)
            assert one.value == pytest.approx(FROZEN[name], abs=1e-12)

    def test_variances_of_lme4(self, wedges):
        frozen, found = FROZEN["wedge variances"], wedges.components
        assert (found.items, found.readers, found.rest) == pytest.approx(
            (frozen["item"], frozen["reader"], frozen["rest"]), rel=2e-5
        )
        whole = frozen["item"] + frozen["reader"] + frozen["rest"]
        assert value(wedges.between, "icc_a1") == pytest.approx(frozen["item"] / whole, rel=1e-5)

    def test_every_level_has_numbers_or_words(self, grades):
        levels = [group for group in grades.groups if group.by == "level"]
        assert [group.name for group in levels] == [*(f"T{n}" for n in range(4, 13)), "L1", "L2", "L3"]
        assert sum(group.items for group in levels) == 481
        for group in levels:
            assert all(one.value is not None or one.reason for one in group.estimates)


class TestJson:
    KEYS = ("statistic", "weights", "readers", "value", "low", "high", "level", "n", "method")

    @pytest.mark.parametrize("measure", ["grade", "shape", "height-loss"])
    def test_is_strict_and_has_what_the_design_promises(self, measure):
        made = analysed(measure, *three_readers(), random_readers=True)
        plain = json.loads(json.dumps(as_json(made, MADE), allow_nan=False))
        assert {"measure", "items", "patients", "readers", "estimates"} <= set(plain)
        assert (plain["measure"], plain["items"], plain["patients"]) == (measure, 72, 18)
        assert plain["readers"] == ["R1", "R2", "R3"]
        for one in plain["estimates"]:
            assert set(self.KEYS) <= set(one)
            assert one["readers"] is None or len(one["readers"]) == 2
            assert one["level"] == 0.95

    def test_estimates_between_readers_are_there_once(self):
        """Of levels, of other readers and within readers they stand elsewhere."""
        plain = as_json(analysed("grade", *three_readers(), random_readers=True), MADE)
        keys = [
            (one["statistic"], one["weights"], one["about"], tuple(one["readers"] or ()))
            for one in plain["estimates"]
        ]
        assert len(keys) == len(set(keys))

    def test_rows_have_the_columns(self):
        rows = list(as_rows(analysed("grade", *three_readers())))
        assert all(tuple(row) == COLUMNS for row in rows)
        assert {row["scope"] for row in rows} == {"between", "against_rest", "by_level", "by_shape"}


class TestSamples:
    def test_two_occasions_of_the_sample_readers(self):
        made = from_files(SAMPLES, "visual-grade")
        assert (made.readers, made.occasions, made.patients) == (("R1", "R2", "R3"), (1, 2), 8)
        assert {one.readers for one in made.within} == {None, ("R1", "R1"), ("R2", "R2")}
        assert "Weights go by the rank of a grade: 0, 0.5, 1, 2, 3 are five steps of one." in made.notes
        assert made.warnings[0].startswith("Only 8 patients")

    def test_evaluability(self):
        """R3 gave up more behind the shoulder."""
        made = from_files(SAMPLES, "evaluable")
        assert made.items == 117
        high = {one.readers[0]: one.value for one in made.against_rest}
        assert high["R3"] < 0 < high["R1"]

    def test_same_seed_same_numbers(self):
        one, other = (from_files(SAMPLES, "fracture", plan=FEW) for _ in range(2))
        assert one.between == other.between
