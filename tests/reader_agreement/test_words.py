"""What a page and a terminal say of an analysis."""

from __future__ import annotations

import pytest

from reader_agreement.graded import analysed, spine, three_readers, two_by_two
from reader_agreement.test_scatter import ASKING, placed, two_readers
from spinegrade.agreement import WEIGHT_NAMES
from spinegrade.errors import FormatError
from spinegrade.reader_agreement import MEASURES, analyse_landmarks, words
from spinegrade.reader_agreement.groupings import read_groups


def said(analysis):
    """Return the summary as one text."""
    return " ".join(words.summary(analysis, WEIGHT_NAMES))


class TestSummary:
    def test_of_grades(self):
        text = said(analysed("grade", *three_readers(), random_readers=True, reference="R1"))
        assert "3 readers read 72 vertebrae of 18 patients; 72 were read by two or more." in text
        assert "agree on the grade in 83.3 %" in text
        assert "For other readers than these, Fleiss' kappa, linear weights lies in" in text
        assert "Against R1, all readers together have a sensitivity of 100.0 %" in text

    def test_of_who_reads_high_and_who_reads_low(self):
        """R3 is a grade higher at T12 of every second patient, so by an eighth."""
        spines = [
            spine(f"P{n:02}", reader, (0, 0, 1 if reader == "R3" and n % 2 else 0, 1))
            for n in range(20)
            for reader in ("R1", "R2", "R3")
        ]
        text = said(analysed("grade", *spines))
        assert "R3 reads higher than the others who read the same, by 0.125 grades (0.0" in text
        assert "That took 3 comparisons, each with an interval of 95%; nothing is allowed for" in text
        assert "R1 reads lower than the others who read the same, by 0.062 grades (0.0" in text
        alike = [
            spine(f"P{n}", r, (0, n % 2, int(r == f"R{n % 2}"), 1)) for n in range(16) for r in ("R0", "R1")
        ]
        assert "No reader is clearly above or below the others who read the same." in said(
            analysed("grade", *alike)
        )

    def test_of_levels_names_only_those_of_enough_patients(self):
        """T10 and L1 were read of 20 patients, T12, on which readers agree least, of 14."""
        spines = [
            spine(
                f"P{n:02}",
                reader,
                (n % 2, None, (n + (reader == "R2")) % 2 if n < 14 else None, int(n + (reader == "R2") > 9)),
            )
            for n in range(20)
            for reader in ("R1", "R2")
        ]
        made = analysed("grade", *spines)
        (sentence,) = [one for one in words.summary(made, WEIGHT_NAMES) if one.startswith("By level")]
        assert sentence.startswith("By level, agreement is lowest at L1 (")
        assert "By level" not in said(analysed("grade", *three_readers(14)))

    def test_of_patients_whom_only_one_reader_read(self):
        alone = [spine(f"Q{n}", "R1", (0, 0, 0, 0)) for n in range(3)]
        text = said(analysed("grade", *three_readers(), *alone))
        assert "84 vertebrae of 21 patients; 72, of 18 patients, were read by two or more" in text

    def test_of_heights(self):
        text = said(analysed("anterior", *three_readers()))
        assert "Readings of one item by different readers have an SD of" in text
        assert " px " in text

    def test_of_landmarks(self):
        text = said(analyse_landmarks(placed(*two_readers()), ASKING))
        assert "Landmarks of different readers scatter with an SD of 1.41 px" in text
        assert "Grading takes that as --point-sd 1.41px." in text

    def test_of_spines(self):
        worst = analysed("grade", *two_by_two(), by="patient")
        assert "Two readers of one spine agree on the worst grade in 100.0 %" in said(worst)
        assert "2 readers read 2 spines of 2 patients" in said(
            analysed("fracture", *two_by_two(), by="patient")
        )

    def test_of_one_reader(self):
        spines = [spine("A", "R1", (0, 1, 2, 0), occasion=n) for n in (1, 2)]
        text = said(analysed("grade", *spines))
        assert text.startswith("1 reader read 4 vertebrae of 1 patient; 0 were read by two or more.")
        assert "Readers with themselves, on another occasion: Cohen's kappa, linear weights 1.000" in text

    def test_of_what_has_no_value_gives_the_reason(self):
        spines = [spine(p, r, (0, 0, 0, 0)) for p in "AB" for r in ("R1", "R2")]
        text = said(analysed("grade", *spines, random_readers=True))
        assert "Fleiss' kappa, linear weights has no value: every rating is in one category" in text
        assert "For other readers than these there is no interval" in text

    def test_of_nothing_in_common(self):
        text = said(analysed("height-loss", spine("A", "R1", (0, 1, 0, 0)), spine("B", "R2", (0, 0, 0, 0))))
        assert "0 were read by two or more." in text
        assert "ICC" not in text


class TestTitles:
    def test_every_statistic_has_one_without_underscores(self):
        for measure in ("grade", "fracture", "shape", "height-loss"):
            made = analysed(measure, *three_readers(), reference="R1" if MEASURES[measure].positive else None)
            for _, _, estimates in made.scopes():
                names = [words.title(one, made.measure) for one in estimates]
                assert not [name for name in names if "_" in name]

    def test_of_all_readers_are_all_different(self):
        for measure in ("grade", "fracture", "shape", "height-loss"):
            made = analysed(measure, *three_readers())
            names = [words.title(one, made.measure) for one in made.between if one.readers is None]
            assert len(names) == len(set(names))

    def test_numbers_have_no_minus_zero(self):
        assert words.number(-0.0001) == "0.000"
        assert words.number(-0.01, 1) == "0.0"
        assert words.number(-0.5, 1) == "-0.5"
        assert words.number(None) == "-"

    def test_reasons_speak_of_patients(self):
        made = analysed("grade", *two_by_two()[:2])
        assert ("all items come from one patient, which says nothing about others") in dict(
            words.reasons(made)
        )


class TestGroups:
    def test_are_read_from_a_table_of_exams(self, tmp_path):
        (tmp_path / "g.csv").write_text("exam,quality,film\nE1,good,a\nE2,,b\n", encoding="utf-8")
        assert read_groups(tmp_path / "g.csv") == {"quality": {"E1": "good"}, "film": {"E1": "a", "E2": "b"}}

    @pytest.mark.parametrize(
        ("text", "words_of"),
        [
            ("exam\nE1\n", "expected exam and a property such as quality, got exam"),
            ("film,quality\nE1,good\n", "expected exam and a property"),
            ("exam,level\nE1,good\n", "expected another name for a property than level"),
            ("exam,quality\nE1,good\nE1,poor\n", "expected every exam once, got E1 more often"),
            ("", "expected a CSV of exams"),
        ],
    )
    def test_tables_of_something_else_are_refused(self, tmp_path, text, words_of):
        (tmp_path / "g.csv").write_text(text, encoding="utf-8")
        with pytest.raises(FormatError, match=words_of):
            read_groups(tmp_path / "g.csv")

    def test_a_table_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(FormatError, match="expected a CSV of exams, got"):
            read_groups(tmp_path / "none.csv")
