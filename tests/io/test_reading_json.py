"""Reading files: what was written is read again exactly, and anything else is refused in one line."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError
from spinegrade.io.reading_json import FORMAT, dump_reading, parse_reading, read_reading, write_reading
from spinegrade.readings import (
    CountedFrom,
    Event,
    Exam,
    ImageIdentity,
    Landmark,
    MiddlePoint,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

PATIENT = "Quasimodo"
COUPLED = "expected a not_evaluable_reason exactly where evaluable is false"
LANDMARK = "vertebrae[0].landmarks"
PLACED = "placed landmark: expected a position"
GRADES = "0.0, 0.5, 1.0, 2.0, 3.0"

READING = Reading(
    exam=Exam(PATIENT, "E1", date(2026, 11, 20)),
    reader="Esmeralda",
    occasion=2,
    image=ImageIdentity("film.dcm", "1.2.3", "1.2", "1", "0123456789abcdef" * 4, 3000, 1500),
    calibration=Calibration(CalibrationState.USER, 0.15, 0.2),
    middle_point=MiddlePoint.DEEPEST,
    counted_from=CountedFrom.T12_RIB,
    vertebrae=(
        VertebraReading(
            "T12",
            {
                "superior_anterior": Landmark(10.5, 20.25),
                "inferior_posterior": Landmark(30.0, 40.0, Status.PROPOSED),
                "inferior_middle": Landmark(status=Status.NOT_VISIBLE),
            },
            evaluable=True,
            visual_grade=0.5,
            shape="Keil, schräg",
            forms={"abq": {"q1": "yes"}},
            comment="two\nlines",
            seconds=12.5,
        ),
        VertebraReading("L1", evaluable=False, not_evaluable_reason=NotEvaluableReason.HARDWARE),
    ),
    comment="six lumbar vertebrae",
    events=(
        Event(
            datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=1))),
            "place",
            "T12",
            "superior_anterior",
            {"row": "10.5"},
        ),
    ),
)


def _data():
    return json.loads(dump_reading(READING))


def _parse(data):
    return parse_reading(json.dumps(data).encode(), "f.reading.json")


def _places(value, place=()):
    """Yield the place of every value in a structure of JSON, from the outside inwards."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*place, key))


def _changed(place, value):
    """Return the data of `READING` with another value in one place; ``...`` takes it out."""
    data = inner = copy.deepcopy(_data())
    for key in place[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return data


class TestRoundTrip:
    @given(reading=...)
    def test_gives_back_any_reading_exactly(self, reading: Reading):
        text = dump_reading(reading)
        again = parse_reading(text.encode(), "f")
        assert again == reading
        assert dump_reading(again) == text

    def test_gives_back_every_kind_of_value(self):
        again = _parse(_data())
        assert again == READING
        assert again.events[0].at.utcoffset() == timedelta(hours=1)
        assert again.vertebrae[0].landmarks["inferior_middle"].status is Status.NOT_VISIBLE

    def test_through_a_file(self, tmp_path):
        path = tmp_path / "a.reading.json"
        write_reading(READING, path)
        assert read_reading(path) == READING
        assert [one.name for one in tmp_path.iterdir()] == ["a.reading.json"]


class TestText:
    def test_begins_with_the_format(self):
        assert next(iter(_data().items())) == ("format", "spinegrade-reading/1")

    def test_has_the_letters_themselves_and_a_line_end(self):
        text = dump_reading(READING)
        assert "schräg" in text
        assert text.endswith("}\n")

    def test_says_missing_as_null(self):
        data = json.loads(dump_reading(Reading(Exam("A", "E"), "R")))
        assert data["exam"]["date"] is None
        assert data["image"] == dict.fromkeys(data["image"])

    def test_of_half_a_character_is_not_written_and_leaves_the_earlier_file(self, tmp_path):
        path = tmp_path / "a.reading.json"
        path.write_text("earlier")
        with pytest.raises(UnicodeEncodeError):
            write_reading(evolve(READING, comment="\ud800"), path, force=True)
        assert path.read_text() == "earlier"


class TestFiles:
    def test_that_exist_are_replaced_only_if_forced(self, tmp_path):
        path = tmp_path / "a.reading.json"
        write_reading(READING, path)
        other = evolve(READING, comment="later")
        with pytest.raises(FormatError, match=r"a\.reading\.json: expected a new file, got one that exists"):
            write_reading(other, path)
        assert read_reading(path) == READING
        write_reading(other, path, force=True)
        assert read_reading(path) == other

    def test_that_are_not_there_are_named(self, tmp_path):
        wanted = r"a\.reading\.json: expected a reading file, got: No such file or directory$"
        with pytest.raises(FormatError, match=wanted):
            read_reading(tmp_path / "a.reading.json")

    def test_in_utf8_with_a_mark_are_read(self):
        assert parse_reading(dump_reading(READING).encode("utf-8-sig"), "f") == READING

    @pytest.mark.parametrize("content", ["{}", '{"format": 1'])
    def test_are_named_in_front_of_what_is_wrong(self, tmp_path, content):
        path = tmp_path / "a.reading.json"
        path.write_text(content)
        with pytest.raises(FormatError) as caught:
            read_reading(path)
        assert str(caught.value).startswith(f"{path}: ")


class TestDefaults:
    def test_stand_for_what_is_left_out(self):
        data = {"format": FORMAT, "exam": {"patient": "A", "id": "E"}, "reader": "R"}
        assert _parse(data) == Reading(Exam("A", "E"), "R")

    def test_of_a_landmark_is_placed(self):
        vertebra = {"level": "L1", "landmarks": {"superior_middle": {"row": 1, "column": 2}}}
        data = {"format": FORMAT, "exam": {"patient": "A", "id": "E"}, "reader": "R", "vertebrae": [vertebra]}
        assert _parse(data).vertebrae[0].landmarks == {"superior_middle": Landmark(1.0, 2.0)}

    @pytest.mark.parametrize(
        ("place", "step"),
        [
            (("exam",), "exam"),
            (("exam", "patient"), "exam.patient"),
            (("exam", "id"), "exam.id"),
            (("reader",), "reader"),
            (("vertebrae", 1, "level"), "vertebrae[1].level"),
            (("events", 0, "at"), "events[0].at"),
            (("events", 0, "did"), "events[0].did"),
        ],
    )
    def test_do_not_exist_for_what_makes_a_reading(self, place, step):
        with pytest.raises(FormatError) as caught:
            _parse(_changed(place, ...))
        assert str(caught.value) == f"f.reading.json: {step}: expected a value, got none"


class TestNoReading:
    @given(st.data())
    def test_cut_off_anywhere_is_refused_as_such(self, data):
        content = dump_reading(READING).encode()
        cut = data.draw(st.integers(0, len(content) - 3))
        with pytest.raises(
            FormatError, match=r"^f: (line \d+: expected JSON, got|expected JSON in UTF-8, got)"
        ):
            parse_reading(content[:cut], "f")

    @pytest.mark.parametrize("cut", [0, 1, 10, 60, -3])
    def test_cut_off_says_so_and_on_which_line(self, cut):
        text = dump_reading(READING)[:cut]
        line = text.count("\n") + 1
        with pytest.raises(FormatError) as caught:
            parse_reading(text.encode(), "f")
        assert str(caught.value) == f"f: line {line}: expected JSON, got the end of the file; it is cut off"

    def test_with_a_slip_says_on_which_line(self):
        text = dump_reading(READING).replace('"reader":', '"reader";')
        line = text[: text.index('"reader";')].count("\n") + 1
        with pytest.raises(
            FormatError, match=rf"^f: line {line}: expected JSON, got Expecting ':' delimiter$"
        ):
            parse_reading(text.encode(), "f")

    @pytest.mark.parametrize(
        ("content", "got"),
        [
            (b"[]", "a reading, got list"),
            (b'"spinegrade-reading/1"', "a reading, got str"),
            (b"null", "a reading, got NoneType"),
            (b"\xff\xfe{\x00}\x00", "JSON in UTF-8, got 'utf-8' codec can't decode byte 0xff"),
            (b'{"format": NaN}', "JSON in UTF-8, got NaN, which is no JSON number"),
            (b'{"format": -Infinity}', "JSON in UTF-8, got -Infinity, which is no JSON number"),
            (b"[" * 100_000, "JSON in UTF-8, got maximum recursion depth exceeded"),
            (b'{"format": "\\ud800"}', r"JSON in UTF-8, got 'utf-8' codec can't encode character '\ud800'"),
        ],
    )
    def test_is_refused_for_what_it_is(self, content, got):
        with pytest.raises(FormatError) as caught:
            parse_reading(content, "f")
        assert str(caught.value).startswith(f"f: expected {got}")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("given", "got"),
        [
            ("spinegrade-reading/2", "'spinegrade-reading/2', written by a newer spinegrade"),
            ("spinegrade-reading/10", "'spinegrade-reading/10', written by a newer spinegrade"),
            ("spinegrade-reading/0", "'spinegrade-reading/0'"),
            ("spinegrade-reading/²", "'spinegrade-reading/²'"),
            ("spinegrade-reading", "'spinegrade-reading'"),
            ("another-program/2", "'another-program/2'"),
            (1, "1"),
            (None, "None"),
        ],
    )
    def test_of_another_format_or_version_is_refused(self, given, got):
        with pytest.raises(FormatError) as caught:
            _parse(_changed(("format",), given))
        assert str(caught.value) == f"f.reading.json: format: expected 'spinegrade-reading/1', got {got}"

    def test_of_another_format_is_shown_no_longer_than_a_line(self):
        with pytest.raises(FormatError) as caught:
            _parse(_changed(("format",), "x" * 10_000))
        assert len(str(caught.value)) < 200


class TestWrongValues:
    @pytest.mark.parametrize(
        ("place", "value", "said"),
        [
            (("exam", "patient"), "", "exam: patient: expected a length >= 1, got 0"),
            (("exam", "date"), "20.11.2026", 'exam.date: expected a date as in 2026-11-21, got "20.11.2026"'),
            (("exam", "date"), "2026-02-30", 'exam.date: expected a date as in 2026-11-21, got "2026-02-30"'),
            (("reader",), 7, "reader: expected str, got 7"),
            (("occasion",), 0, "occasion: expected >= 1, got 0"),
            (("occasion",), 1.0, "occasion: expected int, got 1.0"),
            (("occasion",), True, "occasion: expected int, got true"),
            (("occasion",), 2**53, f"occasion: expected < {2**53}, got {2**53}"),
            (("image", "sha256"), "ABC", "image: sha256: expected regex '[0-9a-f]{64}', got 'ABC'"),
            (("image", "rows"), 0, "image: rows: expected >= 1, got 0"),
            (("image", "rows"), "3000", 'image.rows: expected int, got "3000"'),
            (
                ("calibration", "state"),
                "ruler",
                f'calibration.state: expected one of {", ".join(CalibrationState)}, got "ruler"',
            ),
            (
                ("calibration", "row_spacing_mm"),
                0,
                "calibration: row_spacing_mm: expected a size above 0, got 0.0",
            ),
            (
                ("calibration", "row_spacing_mm"),
                None,
                "calibration: calibration: expected a row and a column spacing, got one of them",
            ),
            (("middle_point",), None, "middle_point: expected one of mid_chord, deepest, got null"),
            (("counted_from",), "C1", 'counted_from: expected one of L5/S1, T12 rib, C2, unknown, got "C1"'),
            (("vertebrae",), {}, "vertebrae: expected list, got {}"),
            (("events",), "", 'events: expected list, got ""'),
            (("vertebrae", 1, "level"), "T12", "vertebrae: expected every level once, got T12 2 times"),
            (
                ("vertebrae", 0, "visual_grade"),
                4,
                f"vertebrae[0]: visual_grade: expected one of {GRADES}, got 4.0",
            ),
            (
                ("vertebrae", 0, "visual_grade"),
                True,
                "vertebrae[0].visual_grade: expected a number, got true",
            ),
            (("vertebrae", 0, "seconds"), -1, "vertebrae[0]: seconds: expected >= 0, got -1.0"),
            (("vertebrae", 0, "evaluable"), "yes", 'vertebrae[0].evaluable: expected bool, got "yes"'),
            (("vertebrae", 0, "evaluable"), 1, "vertebrae[0].evaluable: expected bool, got 1"),
            (
                ("vertebrae", 0, "evaluable"),
                False,
                f"vertebrae[0]: T12: {COUPLED}, got evaluable False and reason None",
            ),
            (
                ("vertebrae", 0, "landmarks", "superior_anterior", "row"),
                "10.5",
                'vertebrae[0].landmarks.superior_anterior.row: expected a number, got "10.5"',
            ),
            (
                ("vertebrae", 0, "landmarks", "superior_anterior", "row"),
                None,
                f"{LANDMARK}.superior_anterior: {PLACED}, got row None and column 20.25",
            ),
            (
                ("vertebrae", 0, "landmarks", "inferior_middle", "status"),
                "placed",
                f"{LANDMARK}.inferior_middle: {PLACED}, got row None and column None",
            ),
            (("vertebrae", 0, "forms", "abq", "q1"), 1, "vertebrae[0].forms.abq.q1: expected str, got 1"),
            (
                ("events", 0, "at"),
                "noon",
                'events[0].at: expected a datetime as in 2026-11-21T09:30:00+00:00, got "noon"',
            ),
            (("events", 0, "did"), "", "events[0]: did: expected a length >= 1, got 0"),
            (
                ("exam",),
                ["A", "E"],
                "exam: expected what the JSON Schema of readings says, got another kind of value",
            ),
        ],
    )
    def test_are_named_by_place_and_by_what_was_expected_and_got(self, place, value, said):
        with pytest.raises(FormatError) as caught:
            _parse(_changed(place, value))
        assert str(caught.value) == f"f.reading.json: {said}"

    @pytest.mark.parametrize(
        ("inside", "step"),
        [
            ((), ""),
            (("exam",), "exam: "),
            (("image",), "image: "),
            (("calibration",), "calibration: "),
            (("vertebrae", 1), "vertebrae[1]: "),
            (
                ("vertebrae", 0, "landmarks", "superior_anterior"),
                "vertebrae[0].landmarks.superior_anterior: ",
            ),
            (("events", 0), "events[0]: "),
        ],
    )
    def test_may_be_keys_that_nobody_knows(self, inside, step):
        with pytest.raises(FormatError) as caught:
            _parse(_changed((*inside, "zygoma"), 1))
        assert str(caught.value) == f"f.reading.json: {step}expected no key 'zygoma'"

    def test_may_be_a_landmark_that_nobody_knows(self):
        place = ("vertebrae", 0, "landmarks", "superior_left")
        with pytest.raises(
            FormatError, match=r"T12: landmarks: expected superior_anterior, .*got 'superior_left'$"
        ):
            _parse(_changed(place, {"row": 1, "column": 2}))

    def test_may_be_numbers_larger_than_any(self):
        text = dump_reading(READING).replace("10.5,", "1e999,", 1)
        with pytest.raises(FormatError, match=r"superior_anterior\.row: expected a number, got Infinity$"):
            parse_reading(text.encode(), "f")

    @pytest.mark.parametrize(
        "value",
        [None, True, 0, -1, 1.5, "", "two\nlines", [], [1], {}, {"a": 1}, ["a"], 10**400, ...],
        ids=repr,
    )
    def test_of_any_kind_in_any_place_give_one_line_that_tells_no_more_than_it_must(self, value):
        """And nothing but an error of ours: no reading file ends in a traceback."""
        for place in _places(_data()):
            if not place:
                continue
            try:
                _parse(_changed(place, value))
            except FormatError as error:
                said = str(error)
                assert "\n" not in said, place
                assert "expected " in said, place
                assert PATIENT not in said, place
                assert len(said) < 400, place
