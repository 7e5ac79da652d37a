"""The header of a landmark table, and its cells in the types that the rest of the program expects."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from spinegrade.errors import FormatError
from spinegrade.io.columns import (
    OPTIONAL,
    REQUIRED,
    ROW,
    SCHEMA,
    TABLE_COLUMNS,
    UNIT,
    cast_columns,
    check_header,
    check_types,
)


class TestCheckHeader:
    def test_takes_the_required_columns_in_any_order(self):
        check_header([*reversed(REQUIRED)], "t.csv", ignore_unknown=False)

    def test_takes_every_optional_column(self):
        check_header([*OPTIONAL, *REQUIRED], "t.csv", ignore_unknown=False)

    def test_names_the_one_column_that_is_missing(self):
        columns = [name for name in REQUIRED if name != "reader"]
        wanted = r"^t\.csv: header: expected column 'reader', got patient, exam, .* \(16 columns\)$"
        with pytest.raises(FormatError, match=wanted):
            check_header(columns, "t.csv", ignore_unknown=True)

    def test_counts_further_missing_columns(self):
        wanted = r"^t\.csv: header: expected column 'reader' and 14 more, got patient, exam$"
        with pytest.raises(FormatError, match=wanted):
            check_header(["patient", "exam"], "t.csv", ignore_unknown=False)

    def test_shows_six_columns_and_counts_more(self):
        with pytest.raises(FormatError, match=r"got a, b, c, d, e, f$"):
            check_header([*"abcdef"], "t", ignore_unknown=False)
        with pytest.raises(FormatError, match=r"got a, b, c, d, e, f, \.\.\. \(7 columns\)$"):
            check_header([*"abcdefg"], "t", ignore_unknown=False)

    @pytest.mark.parametrize("ignore_unknown", [False, True])
    def test_refuses_a_column_that_is_there_twice(self, ignore_unknown):
        with pytest.raises(FormatError, match=r"^t: header: expected every column once, got 'level' twice$"):
            check_header([*REQUIRED, "level"], "t", ignore_unknown=ignore_unknown)

    def test_refuses_an_unknown_column_and_says_how_to_read_past_it(self):
        wanted = (
            r"^t: header: expected columns of a landmark table, got 'lvl'; --ignore-unknown reads past it$"
        )
        with pytest.raises(FormatError, match=wanted):
            check_header([*REQUIRED, "lvl"], "t", ignore_unknown=False)

    def test_reads_past_an_unknown_column_if_told(self):
        check_header([*REQUIRED, "lvl"], "t", ignore_unknown=True)


class TestCheckTypes:
    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("patient", pl.Int64()),
            ("level", pl.Categorical()),
            ("exam", pl.Enum(["E1"])),
            ("exam", pl.Date()),
            ("comment", pl.Null()),
            ("occasion", pl.UInt8()),
            ("occasion", pl.Float64()),
            ("visual_grade", pl.Int8()),
            ("superior_anterior_row", pl.Float32()),
            ("superior_anterior_row", pl.Decimal(10, 3)),
            ("superior_anterior_row", pl.String()),
            ("date", pl.Datetime("us")),
            ("date", pl.String()),
            ("evaluable", pl.Int8()),
            ("unheard_of", pl.List(pl.Int8)),
        ],
    )
    def test_takes_a_type_that_can_hold_such_values(self, name, given):
        check_types({name: given}, "t.parquet")

    @pytest.mark.parametrize(
        ("name", "given", "wanted", "got"),
        [
            ("patient", pl.List(pl.String), "text", "List"),
            ("occasion", pl.Date(), "a whole number", "Date"),
            ("occasion", pl.Boolean(), "a whole number", "Boolean"),
            ("superior_anterior_row", pl.Boolean(), "a number", "Boolean"),
            ("superior_anterior_row", pl.Struct({"x": pl.Float64}), "a number", "Struct"),
            ("date", pl.Int32(), "a date as in 2026-11-21", "Int32"),
            ("evaluable", pl.Date(), "true or false", "Date"),
        ],
    )
    def test_refuses_a_type_that_would_be_reinterpreted(self, name, given, wanted, got):
        with pytest.raises(FormatError, match=rf"^t\.parquet: column '{name}': expected {wanted}, got {got}"):
            check_types({name: given}, "t.parquet")


def _cast_one(name, value, *, decimal_comma=False, dtype=None):
    raw = pl.DataFrame({ROW: [7], "patient": ["A"]}).with_columns(pl.Series(name, [value], dtype=dtype))
    return cast_columns(raw, decimal_comma=decimal_comma)


class TestText:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("occasion", " 2 ", 2),
            ("superior_anterior_row", "1.5e2", 150.0),
            ("superior_anterior_row", " -3 ", -3.0),
            ("superior_anterior_row", "inf", float("inf")),
            ("visual_grade", "0.5", 0.5),
            ("date", " 2026-11-21", date(2026, 11, 21)),
            ("evaluable", "true", True),
            ("evaluable", " No", False),
            ("evaluable", "YES", True),
            ("evaluable", "0", False),
            ("comment", " as it is ", " as it is "),
        ],
    )
    def test_becomes_a_value(self, name, text, value):
        frame, problems = _cast_one(name, text)
        assert problems == []
        assert frame[name].to_list() == [value]

    @pytest.mark.parametrize(
        ("name", "text", "wanted"),
        [
            ("occasion", "2.5", "a whole number"),
            ("occasion", "first", "a whole number"),
            ("superior_anterior_row", "12,5", "a number"),
            ("superior_anterior_row", "12 px", "a number"),
            ("visual_grade", "mild", "a number"),
            ("row_spacing_mm", "0.1mm", "a number"),
            ("date", "21.11.2026", "a date as in 2026-11-21"),
            ("date", "2026-02-30", "a date as in 2026-11-21"),
            ("evaluable", "maybe", "true or false"),
        ],
    )
    def test_that_is_no_such_value_is_named_and_its_row_left_out(self, name, text, wanted):
        frame, problems = _cast_one(name, text)
        assert [(p.row, p.what) for p in problems] == [(7, f"{name}: expected {wanted}, got {text!r}")]
        assert frame.is_empty()

    @pytest.mark.parametrize("blank", [None, "", "  ", "nan", "NaN"])
    @pytest.mark.parametrize("name", ["superior_anterior_row", "date", "evaluable"])
    def test_that_is_blank_is_missing_and_no_problem(self, name, blank):
        frame, problems = _cast_one(name, blank, dtype=pl.String)
        assert problems == []
        assert frame[name].to_list() == [None]

    @pytest.mark.parametrize(
        ("text", "value"), [("12,5", 12.5), ("-0,25", -0.25), ("12", 12.0), ("3.5", 3.5)]
    )
    def test_may_have_decimal_commas(self, text, value):
        frame, problems = _cast_one("superior_anterior_row", text, decimal_comma=True)
        assert problems == []
        assert frame["superior_anterior_row"].to_list() == [value]

    def test_with_thousands_and_decimals_is_no_number(self):
        _, problems = _cast_one("superior_anterior_row", "1.234,5", decimal_comma=True)
        assert [p.what for p in problems] == ["superior_anterior_row: expected a number, got '1.234,5'"]


class TestOwnTypes:
    @pytest.mark.parametrize(
        ("name", "dtype", "given", "value"),
        [
            ("patient", pl.Int64, 12, "12"),
            ("occasion", pl.Float64, 2.0, 2),
            ("occasion", pl.Categorical, "2", 2),
            ("superior_anterior_row", pl.Int32, 4, 4.0),
            ("superior_anterior_row", pl.Float64, float("nan"), None),
            ("superior_anterior_row", pl.Categorical, "4.5", 4.5),
            ("date", pl.Datetime, datetime(2026, 11, 21, 9, 30), date(2026, 11, 21)),  # noqa: DTZ001
            ("evaluable", pl.Boolean, False, False),
            ("evaluable", pl.Int8, 1, True),
            ("evaluable", pl.Float64, 0.0, False),
            ("evaluable", pl.Float64, float("nan"), None),
            ("evaluable", pl.Categorical, "Yes", True),
        ],
    )
    def test_keep_their_value(self, name, dtype, given, value):
        frame, problems = _cast_one(name, given, dtype=dtype)
        assert problems == []
        assert frame[name].to_list() == [value]
        assert frame.schema[name] == SCHEMA[name]

    @pytest.mark.parametrize(
        ("name", "dtype", "given", "wanted"),
        [
            ("occasion", pl.Float64, 1.5, "a whole number"),
            ("occasion", pl.Float64, float("inf"), "a whole number"),
            ("occasion", pl.UInt64, 2**63, "a whole number"),
            ("evaluable", pl.Int64, 2, "true or false"),
            ("evaluable", pl.Float64, 0.5, "true or false"),
        ],
    )
    def test_are_not_rounded_or_bent_to_fit(self, name, dtype, given, wanted):
        frame, problems = _cast_one(name, given, dtype=dtype)
        assert [p.what for p in problems] == [f"{name}: expected {wanted}, got {given!r}"]
        assert frame.is_empty()


class TestCastColumns:
    def test_gives_every_column_of_the_table_in_its_type(self):
        frame, _ = _cast_one("level", "L1")
        assert dict(frame.schema) == {
            ROW: pl.Int64(),
            **{n: SCHEMA[n]() for n in TABLE_COLUMNS},
            UNIT: pl.String(),
        }

    def test_drops_rows_in_which_everything_is_empty_and_keeps_the_numbers_of_the_others(self):
        raw = pl.DataFrame({ROW: [0, 1, 2], "patient": ["A", None, "B"], "level": ["L1", None, None]})
        frame, problems = cast_columns(raw, decimal_comma=False)
        assert problems == []
        assert frame.select(ROW, "patient").rows() == [(0, "A"), (2, "B")]

    def test_names_every_misfit_in_the_order_of_rows_and_leaves_out_only_their_rows(self):
        raw = pl.DataFrame(
            {
                ROW: [3, 4, 5],
                "patient": ["A"] * 3,
                "occasion": ["x", "1", "1"],
                "evaluable": ["y", "yes", "?"],
            }
        )
        frame, problems = cast_columns(raw, decimal_comma=False)
        assert frame[ROW].to_list() == [4]
        assert [(p.row, p.what.split(":")[0]) for p in problems] == [
            (3, "occasion"),
            (3, "evaluable"),
            (5, "evaluable"),
        ]

    @pytest.mark.parametrize(("spacing", "unit"), [("0.2", "mm"), ("", "px"), (None, "px")])
    def test_lengths_are_in_mm_exactly_where_there_is_a_spacing(self, spacing, unit):
        frame, _ = _cast_one("row_spacing_mm", spacing, dtype=pl.String)
        assert frame[UNIT].to_list() == [unit]
