"""SAS transport files: read whole, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from norms.norm_files import write_xpt
from spinegrade.errors import FormatError
from spinegrade.norms.transport import read_transport

pytest.importorskip("pandas")

PEOPLE = 23


def columns(count):
    """Return so many columns of numbers that are not blank in any byte."""
    numbers = np.random.default_rng(0).uniform(1, 2, (count, PEOPLE))
    return {f"C{place}": one for place, one in enumerate(numbers)}


@pytest.mark.parametrize("count", [1, 3, 10, 11, 40])
def test_every_number_comes_back(tmp_path, count):
    """Rows shorter than a record of 80 bytes, as long, and longer."""
    given = columns(count)
    write_xpt(tmp_path / "whole.xpt", given)
    frame = read_transport(tmp_path / "whole.xpt", ("C0",))
    assert frame.columns == list(given)
    assert pytest.approx(np.stack(list(given.values())), rel=1e-12) == frame.to_numpy().T


@pytest.mark.parametrize("count", [1, 3, 11, 40])
def test_a_file_cut_off_anywhere_is_refused_unless_it_ends_with_a_row(tmp_path, count):
    """What is read of any part are the first rows of the whole; most parts are refused by name."""
    given = columns(count)
    whole, part = tmp_path / "whole.xpt", tmp_path / "part.xpt"
    write_xpt(whole, given)
    content = whole.read_bytes()
    first_row = content.index(b"HEADER RECORD*******OBS") + 80
    refused = 0
    for size in (*range(0, first_row + 81, 37), *range(first_row, len(content), 80), len(content) - 1):
        part.write_bytes(content[:size])
        try:
            frame = read_transport(part, ("C0",))
        except FormatError as error:
            refused += 1
            assert str(error).startswith(f"{part}: expected a ")  # noqa: PT017
            continue
        assert size % 80 == 0
        assert (size - first_row) % (8 * count) == 0
        assert frame["C0"].to_list() == pytest.approx(given["C0"][: frame.height])
    assert refused > 0


@pytest.mark.parametrize("size", [19_040, 3_000])
def test_the_words_name_the_file_and_its_length(tmp_path, size):
    path = tmp_path / "DXXT9_H.XPT"
    write_xpt(path, columns(40) | {f"D{place}": np.ones(PEOPLE) * 1.1 for place in range(60)})
    path.write_bytes(path.read_bytes()[:size])
    words = f"DXXT9_H.XPT: expected a whole SAS .*, got one of {size:,} bytes .*: cut off in download"
    with pytest.raises(FormatError, match=words):
        read_transport(path, ("C0",))


@pytest.mark.parametrize("content", [b"", b"<html>Page not found</html>", b"HEADER RECORD" + b" " * 67])
def test_what_is_no_transport_file(tmp_path, content):
    path = tmp_path / "none.xpt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"none.xpt: expected a (whole )?SAS transport file, got"):
        read_transport(path, ())


def test_a_header_that_says_nothing_of_columns(tmp_path):
    path = tmp_path / "odd.xpt"
    write_xpt(path, columns(2))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0000000002000000", b"0000000000000000"))
    with pytest.raises(FormatError, match=r"odd.xpt: expected a SAS transport file, got"):
        read_transport(path, ())
