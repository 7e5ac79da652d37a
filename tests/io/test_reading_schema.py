"""The JSON Schema of reading files says what the program writes and reads, no more and no less."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError
from spinegrade.io.reading_json import FORMAT, dump_reading, parse_reading, reading_schema
from spinegrade.readings import (
    VISUAL_GRADES,
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

SAMPLES = sorted((Path(__file__).parents[2] / "sample_images").rglob("*.reading.json"))
SCHEMA = reading_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
RECORDS = {
    "exam": Exam,
    "image": ImageIdentity,
    "calibration": Calibration,
    "vertebra": VertebraReading,
    "landmark": Landmark,
    "event": Event,
}
READING = Reading(
    exam=Exam("A", "E", date(2026, 11, 20)),
    reader="R",
    image=ImageIdentity("a.dcm", "1.2", "1.2", "1.2", "0f" * 32, 10, 20),
    calibration=Calibration(CalibrationState.USER, 0.15, 0.2, 0.75),
    vertebrae=(
        VertebraReading(
            "T12",
            {
                "superior_anterior": Landmark(1.0, 2.0),
                "superior_middle": Landmark(1.0, 2.0, Status.PROPOSED),
                "superior_posterior": Landmark(status=Status.NOT_VISIBLE),
                "inferior_anterior": Landmark(status=Status.OUTSIDE_IMAGE),
            },
            evaluable=False,
            not_evaluable_reason=NotEvaluableReason.NOISE,
            visual_grade=0.5,
            shape="wedge",
            forms={"abq": {"q1": "yes"}},
            comment="c",
            seconds=1.5,
        ),
        VertebraReading("L1", evaluable=True),
        VertebraReading("L2"),
    ),
    comment="c",
    events=(
        Event(datetime(2026, 11, 21, 9, 30, tzinfo=UTC), "place", "T12", "superior_anterior", {"a": "b"}),
    ),
)


def _data():
    return json.loads(dump_reading(READING))


def _parsed(data):
    """Return whether the program reads it."""
    try:
        parse_reading(json.dumps(data).encode(), "f")
    except FormatError:
        return False
    return True


def _objects(schema, place="#"):
    """Yield every part of the schema that describes an object, and where it stands."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield place, schema
        for key, value in schema.items():
            yield from _objects(value, f"{place}/{key}")


class TestItself:
    def test_is_a_schema_of_its_draft(self):
        assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(SCHEMA)

    def test_names_no_other_host_and_needs_no_network(self):
        text = json.dumps(SCHEMA)
        assert re.findall(r"\w+://[^/\"]+", text) == ["https://json-schema.org"]
        assert {ref[:8] for ref in re.findall(r'"\$ref": "([^"]+)"', text)} == {"#/$defs/"}

    def test_has_a_title_for_every_record_and_a_word_on_every_value(self):
        for place, schema in _objects(SCHEMA):
            if "properties" in schema:
                assert schema["title"], place
                assert schema["description"], place
                for name, value in schema["properties"].items():
                    known = value if "$ref" not in value else SCHEMA["$defs"][value["$ref"][8:]]
                    assert len(known["description"]) > 10, (place, name)

    def test_leaves_no_object_open(self):
        found = dict(_objects(SCHEMA))
        assert len(found) >= 10
        for place, schema in found.items():
            if "properties" in schema:
                assert schema["additionalProperties"] is False, place
            else:
                assert schema["additionalProperties"], place
                assert schema["propertyNames"], place


class TestAgainstTheRecords:
    @pytest.mark.parametrize("name", RECORDS)
    def test_has_their_fields_and_requires_those_without_default(self, name):
        part, fields = SCHEMA["$defs"][name], attrs.fields(RECORDS[name])
        assert list(part["properties"]) == [field.name for field in fields]
        assert part.get("required", []) == [one.name for one in fields if one.default is attrs.NOTHING]

    def test_has_the_fields_of_a_reading_below_the_format(self):
        fields = attrs.fields(Reading)
        assert list(SCHEMA["properties"]) == ["format", *(field.name for field in fields)]
        assert SCHEMA["properties"]["format"]["const"] == FORMAT
        assert SCHEMA["required"] == ["format", *(f.name for f in fields if f.default is attrs.NOTHING)]

    @pytest.mark.parametrize(
        ("part", "name", "values"),
        [
            ("calibration", "state", CalibrationState),
            ("landmark", "status", Status),
            ("vertebra", "not_evaluable_reason", [*NotEvaluableReason, None]),
            ("vertebra", "visual_grade", [*VISUAL_GRADES, None]),
        ],
    )
    def test_has_their_choices(self, part, name, values):
        assert SCHEMA["$defs"][part]["properties"][name]["enum"] == list(values)

    def test_has_the_choices_of_a_reading(self):
        assert SCHEMA["properties"]["middle_point"]["enum"] == list(MiddlePoint)
        assert SCHEMA["properties"]["counted_from"]["enum"] == list(CountedFrom)

    def test_has_their_levels_and_landmarks(self):
        assert SCHEMA["$defs"]["level"]["enum"] == list(LEVELS)
        assert SCHEMA["$defs"]["vertebra"]["properties"]["landmarks"]["propertyNames"]["enum"] == list(
            LANDMARKS
        )

    @pytest.mark.parametrize(
        ("part", "name", "default"),
        [
            ("calibration", "state", Calibration().state),
            ("landmark", "status", Landmark(1, 2).status),
        ],
    )
    def test_has_their_defaults(self, part, name, default):
        assert SCHEMA["$defs"][part]["properties"][name]["default"] == default


class TestWhatTheProgramWrites:
    @given(reading=...)
    def test_is_valid(self, reading: Reading):
        VALIDATOR.validate(json.loads(dump_reading(reading)))

    def test_is_valid_with_every_kind_of_value(self):
        VALIDATOR.validate(_data())

    def test_has_every_property(self):
        """No property of the schema is there for nothing."""
        written = _data()
        assert list(written) == list(SCHEMA["properties"])
        assert list(written["vertebrae"][0]) == list(SCHEMA["$defs"]["vertebra"]["properties"])

    @pytest.mark.skipif(not SAMPLES, reason="no sample readings have been made")
    @pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
    def test_is_valid_in_the_samples(self, path):
        VALIDATOR.validate(json.loads(path.read_text(encoding="utf-8")))


VALUES = (..., None, True, False, 0, -1, 1, 1.5, "", "x", [], [1], ["a"], {}, {"a": 1}, {"a": "b"})


def _places(value, place=()):
    if place:
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*place, key))


def _changed(place, value):
    data = inner = copy.deepcopy(_data())
    for key in place[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return data


class TestWhatTheProgramReads:
    @pytest.mark.parametrize("place", list(_places(_data())), ids=lambda place: ".".join(map(str, place)))
    def test_is_valid_and_only_that_whatever_stands_in_one_place(self, place):
        for value in VALUES:
            data = _changed(place, value)
            assert VALIDATOR.is_valid(data) == _parsed(data), value

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("format",), "spinegrade-reading/2"),
            (("zygoma",), 1),
            (("exam", "zygoma"), 1),
            (("image", "zygoma"), None),
            (("calibration", "zygoma"), 1),
            (("vertebrae", 0, "zygoma"), 1),
            (("vertebrae", 0, "landmarks", "superior_anterior", "zygoma"), 1),
            (("events", 0, "zygoma"), 1),
            (("exam", "date"), "20.11.2026"),
            (("exam", "date"), "2026-13-01"),
            (("exam", "date"), "2026-02-30"),
            (("exam", "date"), "2026-11-20T09:30:00"),
            (("occasion",), 2**53),
            (("image", "sha256"), "0F" * 32),
            (("image", "sha256"), "0f" * 31),
            (("image", "sha256"), "0f" * 32 + "\n"),
            (("calibration", "state"), "ruler"),
            (("calibration", "row_spacing_mm"), -0.1),
            (("calibration", "row_spacing_mm"), None),
            (("calibration", "pixel_aspect_ratio"), 0),
            (("calibration",), {"state": "user"}),
            (("calibration",), {"state": "none", "row_spacing_mm": 0.1}),
            (("calibration",), {"column_spacing_mm": 0.1, "row_spacing_mm": None}),
            (("middle_point",), "middle"),
            (("counted_from",), "L5"),
            (("vertebrae", 0, "level"), "L7"),
            (("vertebrae", 0, "level"), "l1"),
            (("vertebrae", 0, "level"), "L1"),
            (("vertebrae", 2, "level"), "T12"),
            (("vertebrae", 0, "landmarks", "superior_left"), {"row": 1, "column": 2}),
            (("vertebrae", 0, "landmarks", "superior_anterior"), {}),
            (("vertebrae", 0, "landmarks", "superior_anterior"), {"row": 1}),
            (("vertebrae", 0, "landmarks", "superior_anterior", "status"), "not_visible"),
            (("vertebrae", 0, "landmarks", "superior_anterior", "status"), "lost"),
            (("vertebrae", 0, "landmarks", "superior_posterior", "status"), "proposed"),
            (("vertebrae", 0, "landmarks", "superior_posterior", "row"), 1.0),
            (("vertebrae", 0, "landmarks", "inferior_anterior", "column"), 1.0),
            (("vertebrae", 0, "not_evaluable_reason"), "fog"),
            (("vertebrae", 0, "not_evaluable_reason"), None),
            (("vertebrae", 0, "evaluable"), None),
            (("vertebrae", 1, "not_evaluable_reason"), "noise"),
            (("vertebrae", 2, "not_evaluable_reason"), "noise"),
            (("vertebrae", 1, "evaluable"), False),
            (("vertebrae", 0, "visual_grade"), 4),
            (("vertebrae", 0, "visual_grade"), 1.5),
            (("vertebrae", 0, "seconds"), -0.5),
            (("events", 0, "at"), "21.11.2026"),
            (("events", 0, "at"), "2026-11-21T25:00:00+00:00"),
            (("events", 0, "at"), "2026-13-21T09:30:00+00:00"),
        ],
    )
    def test_is_none_of_these_contradictions(self, place, value):
        data = _changed(place, value)
        assert not _parsed(data)
        assert not VALIDATOR.is_valid(data)

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("calibration",), {}),
            (("calibration",), {"state": "unknown", "row_spacing_mm": 0.1, "column_spacing_mm": 0.1}),
            (("calibration",), {"state": "error"}),
            (("calibration",), {"pixel_aspect_ratio": 1.5}),
            (("vertebrae", 0, "landmarks", "superior_anterior"), {"row": 1, "column": 2}),
            (("vertebrae", 0, "landmarks", "superior_anterior"), {"status": "not_visible"}),
            (("vertebrae", 0, "level"), "L6"),
            (("vertebrae", 0, "visual_grade"), 3),
            (("occasion",), 2**53 - 1),
            (("events", 0, "at"), "2026-11-21T09:30:00Z"),
            (("events", 0, "at"), "2026-11-21T09:30:00.125-03:30"),
            (("events", 0, "at"), "2026-11-21T09:30:00"),
        ],
    )
    def test_may_be_written_by_others_in_these_ways(self, place, value):
        data = _changed(place, value)
        assert _parsed(data)
        VALIDATOR.validate(data)
