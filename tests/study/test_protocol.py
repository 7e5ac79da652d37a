"""Protocols as a coordinator writes them, right and wrong."""

from __future__ import annotations

import pytest

from spinegrade.errors import StudyError
from spinegrade.readings import MiddlePoint
from spinegrade.study.protocol import Asked, Hidden, Mask, example_protocol, parse_protocol, read_protocol
from study.making import protocol

LEAST = 'title = "a"\nfilms = ["films"]\nreaders = ["R1"]\nseed = 1\n'


class TestSaid:
    def test_least(self):
        made = parse_protocol(LEAST, "p.toml")
        assert (made.levels, made.occasions, made.washout_days) == ("T4-L4", 1, 28)
        assert made.asked == (Asked.LANDMARKS,)
        assert made.hidden == tuple(Hidden)
        assert made.middle_point is MiddlePoint.MID_CHORD
        assert made.everyone == ("R1",)

    def test_the_example_is_one(self):
        made = parse_protocol(example_protocol(), "example")
        assert made.everyone == ("R1", "R2", "R3")
        assert made.for_readers.level_range.levels[0] == "T4"

    def test_masks(self):
        made = parse_protocol(LEAST + '[[mask]]\nfilm = "a.dcm"\nrows = [0, 9]\n', "p.toml")
        assert made.mask == (Mask("a.dcm", (0, 9)),)

    def test_age_and_sex_may_be_shown(self):
        hidden = [str(one) for one in Hidden if one not in (Hidden.SEX, Hidden.AGE_BAND, Hidden.COMPUTED)]
        assert Hidden.SEX not in protocol(hidden=hidden).hidden

    def test_a_file_is_read_with_its_text(self, tmp_path):
        (tmp_path / "p.toml").write_text(LEAST)
        assert read_protocol(tmp_path / "p.toml") == (parse_protocol(LEAST, ""), LEAST)


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ('readers = ["R1", "R1"]', "readers: expected every one once, got 'r1' twice"),
            ('readers = ["R1", "r1"]', "got 'r1' twice"),
            ('readers = ["R1"]\nadjudicators = ["R1"]', "got 'r1' twice"),
            ('readers = [" R1"]', "names of 1 to 60 letters on one line, got ' R1'"),
            ('readers = ["R\\n1"]', "names of 1 to 60 letters"),
            ('readers = [""]', "names of 1 to 60 letters"),
            ('readers = ["Consensus"]', "a name that is the reader's own, got 'Consensus'"),
            ('readers = ["R1"]\nadjudicators = ["CONSENSUS"]', "reader's own, got 'CONSENSUS'"),
            ('readers = ["coordinator"]', "reader's own, got 'coordinator'"),
            ('readers = ["a/b"]', "names that a file can have, got 'a/b' with / in it"),
            ('readers = ["a\\\\b"]', "names that a file can have"),
            ('readers = [".."]', "names that a file can have, got '..' with .. in it"),
            ('readers = ["R\\u00071"]', "names of 1 to 60 letters on one line"),
            ("seed = 1\nseeed = 2", "expected no key 'seeed', or 'seed'"),
            ("readers = []", "readers: expected a length >= 1, got 0"),
            ('readers = "R1"', r"readers: expected a list, as in readers = \[\"...\"\], got 'R1'"),
            ('films = ["a", "a"]', "films: expected every one once, got 'a' twice"),
            ('levels = "L4-T4"', "expected the upper level first, got 'L4-T4'"),
            ('levels = "T4"', "expected two levels as in T4-L4"),
            ("occasions = 0", "occasions: expected >= 1, got 0"),
            ("washout_days = -1", "washout_days: expected >= 0, got -1"),
            ("seed = -1", "seed: expected >= 0, got -1"),
            ("seed = 1.5", "seed: expected int, got 1.5"),
            ("asked = []", "asked: expected a length >= 1, got 0"),
            ('asked = ["grade"]', r"asked\[0\]: expected one of landmarks, visual_grade, quality, form, got"),
            ('hidden = ["sex"]', "hidden: expected identity among them"),
            ('hidden = ["colour"]', r"hidden\[0\]: expected one of identity"),
            ("blinded = true", "expected no key 'blinded'"),
            ("[[mask]]", r"mask\[0\]: expected rows, columns or both, got neither"),
            (
                "[[mask]]\nrows = [3, 2]",
                r"rows: expected the first and the last, counted from 0, got \[3, 2\]",
            ),
            ("[[mask]]\nrows = [3]", r"rows: expected the first and the last, counted from 0, got \[3\]"),
            ("[[mask]]\ncolumns = [-1, 2]", r"columns: expected the first and the last"),
            ("[mask]\nrows = [1, 2]", r"mask: expected tables that begin with \[\[mask\]\]"),
            ("title = ", "expected TOML, got"),
        ],
    )
    def test_what_cannot_be(self, line, words):
        name = line.split(" = ")[0]
        kept = "".join(one + "\n" for one in LEAST.splitlines() if one.split(" = ")[0] != name)
        with pytest.raises(StudyError, match=words) as error:
            parse_protocol(kept + line, "p.toml")
        assert str(error.value).startswith("p.toml: ")
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("name", ["title", "films", "readers", "seed"])
    def test_what_is_missing(self, name):
        kept = "".join(one + "\n" for one in LEAST.splitlines() if not one.startswith(name))
        with pytest.raises(StudyError, match=f"{name}: expected a value, got none"):
            parse_protocol(kept, "p.toml")

    def test_a_misspelt_key_is_named_before_the_one_that_is_missing(self):
        with pytest.raises(StudyError, match=r"p\.toml: expected no key 'seeed'"):
            parse_protocol(LEAST.replace("seed", "seeed"), "p.toml")

    def test_no_file(self, tmp_path):
        with pytest.raises(StudyError, match="expected a protocol, got No such file"):
            read_protocol(tmp_path / "p.toml")

    def test_no_text(self, tmp_path):
        (tmp_path / "p.toml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(StudyError, match="expected TOML in UTF-8"):
            read_protocol(tmp_path / "p.toml")
