"""Readers judged by one of them, or by the others' consensus."""

from __future__ import annotations

import pytest

from reader_agreement.graded import analysed, compared, spine, three_readers, two_by_two, value
from spinegrade.errors import ReadingError
from spinegrade.reader_agreement import CONSENSUS, check_judged, find_measure
from spinegrade.reader_agreement.reference import judge


def accuracy(made, reader, reference):
    """Return sensitivity and specificity of a reader."""
    return tuple(
        value(made.accuracy, name, readers=(reader, reference)) for name in ("sensitivity", "specificity")
    )


class TestReader:
    def test_of_a_two_by_two_table(self):
        """R1 calls 3 fractured, R2 two of them and no other."""
        made = analysed("fracture", *two_by_two(), reference="R1")
        assert accuracy(made, "R2", "R1") == (pytest.approx(2 / 3), 1.0)
        made = analysed("fracture", *two_by_two(), reference="R2")
        assert accuracy(made, "R1", "R2") == (1.0, pytest.approx(5 / 6))
        (test,) = made.mcnemar
        assert (test.readers, test.first_only, test.second_only) == (("R1", "R2"), 1, 0)

    def test_grades_count_as_positive_from_1(self):
        by_grade, by_fracture = (
            analysed(name, *three_readers(), reference="R1") for name in ("grade", "fracture")
        )
        assert [one.value for one in by_grade.accuracy] == [one.value for one in by_fracture.accuracy]
        assert "Positive is 1 or more." in by_grade.notes
        assert "Positive is yes." in by_fracture.notes

    def test_shapes_count_as_positive_where_there_is_one(self):
        made = analysed("shape", *three_readers(), reference="R1")
        assert accuracy(made, "R2", "R1") == (1.0, 1.0)
        assert "Positive is any shape other than none." in made.notes

    def test_the_reference_is_not_judged_by_itself(self):
        made = analysed("grade", *three_readers(), reference="R3")
        assert {one.readers[0] for one in made.accuracy if one.readers} == {"R1", "R2"}

    def test_alone_has_nobody_to_judge(self):
        spines = [spine("A", "R1", (0, 1, 0, 0), occasion=n) for n in (1, 2)]
        judged = judge(compared("grade", *spines, reference="R1"))
        assert judged.accuracy == []
        assert "R1 is the only reader, so there is nobody to judge." in judged.notes


class TestConsensus:
    def test_is_that_of_the_others(self):
        """R3 calls T12 fractured always; R1 and R2 in two thirds. Against R1 and R2, R3 is never too low."""
        made = analysed("fracture", *three_readers(), reference=CONSENSUS)
        sensitivity, specificity = accuracy(made, "R3", CONSENSUS)
        assert sensitivity == 1
        assert specificity < 1
        assert len(made.mcnemar) == 3
        assert {one.readers for one in made.accuracy} == {*((f"R{n}", CONSENSUS) for n in (1, 2, 3)), None}

    def test_ties_have_none_and_are_counted(self):
        """Where R1 and R2 say no and R3 yes, R1 is judged by a tie of R2 and R3."""
        spines = [spine("A", reader, (1 if reader == "R3" else 0, 0, 0, 0)) for reader in ("R1", "R2", "R3")]
        made = analysed("fracture", *spines, reference=CONSENSUS)
        assert any("(2 readings)" in note and "in 0 readings" in note for note in made.notes)

    def test_of_one_other_is_counted(self):
        made = analysed("fracture", *two_by_two(), reference=CONSENSUS)
        assert any(
            "in 16 readings the consensus is that of a single other reader" in note for note in made.notes
        )

    def test_pooled_is_the_mean_over_readings(self):
        """Of 2 readers each the other's reference, 2 + 2 of 3 + 2 positives are found."""
        made = analysed("fracture", *two_by_two(), reference=CONSENSUS)
        assert value(made.accuracy, "sensitivity") == pytest.approx(4 / 5)


class TestRefuses:
    def test_a_reader_that_is_not_there(self):
        with pytest.raises(ReadingError, match="expected one of R1, R2, or consensus, got 'R9'"):
            compared("grade", *two_by_two(), reference="R9")

    def test_measurements_alone(self):
        measures = [find_measure(name) for name in ("height-loss", "anterior", "fracture")]
        with pytest.raises(
            ReadingError, match="expected a measure with categories, as fracture, got height-loss, anterior"
        ):
            check_judged(measures[:2])
        check_judged(measures)


class TestMeasurements:
    def test_beside_categories_are_not_judged_and_it_is_said(self):
        made = analysed("height-loss", *two_by_two(), reference=CONSENSUS)
        assert (made.accuracy, made.mcnemar, made.reference) == ((), (), None)
        assert "Readers are not judged by consensus: height loss is no yes or no." in made.notes
