"""How a CSV file is written, found out from the file itself."""

from __future__ import annotations

import codecs

import pytest

from spinegrade.errors import FormatError
from spinegrade.io import csv_text
from spinegrade.io.csv_text import as_utf8, read_dialect, record_lines

KNOWN = ("patient", "level", "row", "comment")
NUMERIC = ("row",)


@pytest.fixture
def dialect(csv_file):
    """Give a function that writes a text and returns how it is written."""
    return lambda text, encoding="utf-8": read_dialect(csv_file(text, encoding=encoding), KNOWN, NUMERIC)


class TestSeparator:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_is_the_one_that_splits_the_header_into_known_columns(self, dialect, separator):
        found = dialect(separator.join(KNOWN) + "\nA\n")
        assert found.separator == separator
        assert found.columns == list(KNOWN)

    def test_is_not_misled_by_another_one_in_a_quoted_name(self, dialect):
        found = dialect('patient;"a,b,c,d,e";level\n')
        assert (found.separator, found.columns) == (";", ["patient", "a,b,c,d,e", "level"])

    def test_is_a_comma_where_a_single_column_leaves_the_choice(self, dialect):
        assert dialect("patient\n").separator == ","


class TestHeader:
    def test_is_found_below_blank_lines(self, dialect):
        found = dialect("\r\n , ,\r\n\r\npatient,level\r\nA,L1\r\n")
        assert (found.columns, found.header_lines) == (["patient", "level"], 4)

    def test_loses_blanks_round_its_names(self, dialect):
        assert dialect(" patient , level\n").columns == ["patient", "level"]

    def test_loses_empty_names_at_its_end_but_not_between(self, dialect):
        assert dialect("patient,,level,, ,\n").columns == ["patient", "", "level"]

    def test_of_something_else_is_refused_with_its_beginning(self, dialect, tmp_path):
        with pytest.raises(
            FormatError, match=r"readings\.csv: expected a header with column names, got 'a,b'$"
        ):
            dialect("a,b\n1,2\n")

    def test_without_an_end_is_refused_in_one_line(self, dialect):
        with pytest.raises(FormatError, match=r"column names, got 'x{60}'$"):
            dialect("x" * 200_000)

    @pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", " \n;;;\n\t\n", "\ufeff", ",,,,"])
    def test_is_missed_in_an_empty_file(self, dialect, text):
        with pytest.raises(
            FormatError, match=r"readings\.csv: expected a table with a header, got an empty file$"
        ):
            dialect(text)


class TestDecimalComma:
    @pytest.mark.parametrize(
        "text",
        [
            "patient;row\nA;12,5\n",
            "patient\trow\nA\t-0,25\n",
            'patient,row\nA,"12,5"\n',
            "patient;row\nA;1\nB; ,5 \n",
        ],
    )
    def test_is_seen_in_a_column_of_numbers(self, dialect, text):
        assert dialect(text).decimal_comma

    @pytest.mark.parametrize(
        "text",
        [
            "patient;row\nA;12.5\n",
            'patient,comment\nA,"12,5"\n',
            'patient,row\nA,"1,234.5"\n',
            "patient,row\nA,12,5\n",
            "patient;row\n",
        ],
    )
    def test_is_not_seen_elsewhere(self, dialect, text):
        assert not dialect(text).decimal_comma

    def test_is_looked_for_up_to_a_field_without_end(self, dialect):
        quoted = 'patient;row\nA;1\nB;"' + "x" * 200_000 + '"\nC;1,5\n'
        assert not dialect(quoted).decimal_comma


class TestEncoding:
    @pytest.mark.parametrize(
        ("written", "found"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("utf-16", "utf-16"),
            ("cp1252", "cp1252"),
        ],
    )
    def test_is_found_out(self, dialect, written, found):
        at = dialect("patient,level\nMüller,L1\n", encoding=written)
        assert (at.encoding, at.columns) == (found, ["patient", "level"])

    def test_of_big_endian_utf16_is_found_out(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_bytes(codecs.BOM_UTF16_BE + "patient,level\nMüller,L1\n".encode("utf-16-be"))
        assert read_dialect(path, KNOWN, NUMERIC).columns == ["patient", "level"]

    def test_is_judged_by_the_whole_file_and_not_by_its_beginning(self, dialect, monkeypatch):
        monkeypatch.setattr(csv_text, "_CHUNK", 8)
        assert dialect("patient,level\n" + "A,L1\n" * 50 + "é,", encoding="utf-8").encoding == "utf-8"
        assert dialect("patient,level\n" + "A,L1\n" * 50 + "é,", encoding="cp1252").encoding == "cp1252"

    @pytest.mark.parametrize("start", range(8))
    def test_is_not_misjudged_by_a_letter_across_two_chunks(self, dialect, monkeypatch, start):
        monkeypatch.setattr(csv_text, "_CHUNK", 8)
        assert dialect("patient" + " " * start + ",level\n€€€€€€\n").encoding == "utf-8"

    def test_is_told_by_the_first_letter_and_by_the_last(self, dialect, tmp_path):
        assert dialect("é,patient\nA,B\n").columns == ["é", "patient"]
        path = tmp_path / "t.csv"
        path.write_bytes(b"patient\nA\xc3")
        assert read_dialect(path, KNOWN, NUMERIC).encoding == "cp1252"

    def test_that_is_none_of_them_is_refused(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_bytes(b"patient,level\n\x81\xff\n")
        wanted = r"t\.csv: expected text, got bytes that are neither UTF-8, UTF-16 nor cp1252$"
        with pytest.raises(FormatError, match=wanted):
            read_dialect(path, KNOWN, NUMERIC)


class TestAsUtf8:
    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_keeps_every_letter_and_every_line_end(self, csv_file, tmp_path, monkeypatch, encoding):
        monkeypatch.setattr(csv_text, "_CHUNK", 3)
        text = 'patient\r\nMüller\n"a\rb"\r\n'
        as_utf8(csv_file(text, encoding=encoding), encoding, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes() == text.encode()

    def test_refuses_a_file_that_is_cut_off_in_a_letter(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_bytes("patient\nA".encode("utf-16")[:-1])
        with pytest.raises(FormatError, match=r"t\.csv: expected text in utf-16, got bytes that are none: "):
            as_utf8(path, "utf-16", tmp_path / "out.csv")


class TestRecordLines:
    """Against the line numbers that an editor shows."""

    def lines(self, path):
        return list(record_lines(path, read_dialect(path, KNOWN, NUMERIC)))

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_count_from_the_header(self, csv_file, eol):
        assert self.lines(csv_file(eol.join(["patient,level", "A,L1", "B,L2", ""]))) == [2, 3]

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_step_over_the_lines_of_a_quoted_field(self, csv_file, eol):
        text = eol.join(["", "patient,comment", 'A,"a', "", 'b"', "B,", '"C', '",', "D,"])
        assert self.lines(csv_file(text)) == [3, 6, 7, 9]

    @pytest.mark.parametrize("eol", ["\n", "\r\n"])
    def test_count_an_empty_line_as_a_record(self, csv_file, eol):
        assert self.lines(csv_file(eol.join(["patient,level", "A,L1", "", "", "B,L2"]))) == [2, 3, 4, 5]

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
    def test_are_the_same_in_every_encoding(self, csv_file, encoding):
        text = 'patient,comment\nA,"é\né"\nB,é\n'
        assert self.lines(csv_file(text, encoding=encoding)) == [2, 4]

    def test_end_before_a_field_without_end(self, csv_file):
        assert self.lines(csv_file('patient,comment\nA,x\nB,"' + "y" * 200_000 + '"\nC,\n')) == [2]
