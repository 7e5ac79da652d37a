"""NHANES vertebral files, written here by the published layout of SAS transport files."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from norms.norm_files import write_xpt
from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.errors import FormatError
from spinegrade.norms.nhanes import is_nhanes_folder, read_nhanes

pytest.importorskip("pandas")

nan = np.nan
POINTS = [f"DXX{point}{axis}" for point in ("SP", "SM", "SA", "IA", "IM", "IP") for axis in "XY"]
L3, L4 = LEVELS.index("L3"), LEVELS.index("L4")
SEQN = [73557.0, 73558.0, 73559.0]


def bodies(rng):
    """Return six points of three bodies, (3, 6, 2), as x and y, and their heights."""
    top = np.array([[10, 0], [25, 1], [40, 0]]) + rng.uniform(100, 300, (3, 1, 2))
    heights = rng.uniform(40, 60, (3, 3))  # posterior, middle, anterior
    bottom = top + np.stack([np.zeros((3, 3)), heights], axis=-1)
    return np.concatenate([top, bottom[:, ::-1]], axis=1), heights


def level_file(folder, level, *, shifted=False, points=True, seed=0):
    """Write a level's file, ``shifted`` with the fault of L4's, and return heights in POSITIONS order."""
    placed, heights = bodies(np.random.default_rng(seed))
    heights[2] = nan
    columns = {"SEQN": SEQN, f"DXX{level}CC": [0.0, 0.0, 3.0]}
    columns |= dict(zip(("DXXPOSTH", "DXXMIDH", "DXXANTEH"), heights.T, strict=True))
    flat = list(placed.reshape(3, 12).T)
    if points:
        names = [*POINTS, "DXXPT0X", "DXXPT0Y", "DXXPT1X", "DXXPT1Y"]
        front = [[0.0, 1.0, 2.0]] * 3 if shifted else []
        values = [*front, *flat, *([[7.0, 8.0, 9.0]] * 4)][: len(names)]
        columns |= dict(zip(names, values, strict=True))
    write_xpt(folder / f"DXX{level}_H.XPT", columns)
    return heights[:, ::-1]


def people(folder):
    write_xpt(
        folder / "DEMO_H.XPT",
        {"SEQN": [*SEQN, 73560.0], "RIAGENDR": [1.0, 2.0, 2.0, 1.0], "RIDAGEYR": [69.0, 54.0, 80.0, 9.0]},
    )


def no_file_but(*levels):
    """Return the note on the levels that have no file."""
    absent = [level for level in GRADED.levels if level not in levels]
    return f"no file of {', '.join(absent)}: the norm says nothing of these levels"


def test_heights_sexes_and_ages(tmp_path):
    people(tmp_path)
    expected = level_file(tmp_path, "L3")
    found = read_nhanes(tmp_path)
    assert is_nhanes_folder(tmp_path)
    assert found.heights[:, L3] == pytest.approx(expected, nan_ok=True, rel=1e-12)
    assert found.sex.tolist() == [1, 0, 0]
    assert found.age.tolist() == [69, 54, 80]
    assert np.isnan(found.heights[:, L4]).all()
    assert found.notes == (no_file_but("L3"),)


def test_fault_of_the_l4_columns_is_found_out_from_the_data(tmp_path):
    """Three columns of scores stand where the points should begin: said, and the heights hold."""
    people(tmp_path)
    expected = level_file(tmp_path, "L4", shifted=True)
    found = read_nhanes(tmp_path)
    assert found.heights[:, L4] == pytest.approx(expected, nan_ok=True, rel=1e-12)
    fault = "L4: the six points begin three columns after the one that is named for them"
    assert found.notes == (fault, no_file_but("L4"))


def test_file_without_points(tmp_path):
    people(tmp_path)
    level_file(tmp_path, "L4", points=False)
    notes = read_nhanes(tmp_path).notes
    assert notes == ("L4: no six points to check the heights by", no_file_but("L4"))


def test_points_that_do_not_give_the_heights(tmp_path):
    people(tmp_path)
    placed, heights = bodies(np.random.default_rng(1))
    flat = dict(zip(POINTS, placed.reshape(3, 12).T, strict=True))
    sides = dict(zip(("DXXPOSTH", "DXXMIDH", "DXXANTEH"), 1.5 * heights.T, strict=True))
    write_xpt(tmp_path / "DXXL4_H.XPT", {"SEQN": SEQN, **sides, **flat})
    with pytest.raises(
        FormatError, match=r"DXXL4_H.XPT: expected the posterior points to lie the posterior height"
    ):
        read_nhanes(tmp_path)


def test_points_that_are_all_missing(tmp_path):
    people(tmp_path)
    sides = dict.fromkeys(("DXXPOSTH", "DXXMIDH", "DXXANTEH"), [50.0] * 3)
    write_xpt(tmp_path / "DXXL4_H.XPT", {"SEQN": SEQN, **sides, **dict.fromkeys(POINTS, [nan] * 3)})
    with pytest.raises(FormatError, match="expected the posterior points"):
        read_nhanes(tmp_path)


def test_only_normal(tmp_path):
    people(tmp_path)
    expected = level_file(tmp_path, "L3")
    with pytest.raises(FormatError, match=r"expected DXXVFA_H.XPT"):
        read_nhanes(tmp_path, only_normal=True)
    write_xpt(tmp_path / "DXXVFA_H.XPT", {"SEQN": SEQN, "DXXL3FX": [1.0, 0.0, nan]})
    found = read_nhanes(tmp_path, only_normal=True)
    assert found.count == 1
    assert found.heights[0, L3] == pytest.approx(expected[1])
    assert "vertebrae left out: 1 scored above 0, 1 without a score" in found.notes
    write_xpt(tmp_path / "DXXVFA_H.XPT", {"SEQN": SEQN, "DXXL4FX": [0.0] * 3})
    with pytest.raises(FormatError, match=r"DXXVFA_H.XPT: expected column DXXL3FX, got none"):
        read_nhanes(tmp_path, only_normal=True)


def many_people(folder, counts, scored=None):
    """Write for each level a file of the first so many of 40 people, whom DEMO_H has, and perhaps scores."""
    seqn = np.arange(40.0) + 73_557
    write_xpt(folder / "DEMO_H.XPT", {"SEQN": seqn, "RIAGENDR": seqn % 2 + 1, "RIDAGEYR": seqn % 40 + 40})
    for level, count in counts.items():
        sides = dict.fromkeys(("DXXPOSTH", "DXXMIDH", "DXXANTEH"), 50 + seqn[:count] % 7)
        write_xpt(folder / f"DXX{level}_H.XPT", {"SEQN": seqn[:count], **sides})
    if scored is not None:
        write_xpt(folder / "DXXVFA_H.XPT", {"SEQN": seqn[:scored], "DXXL3FX": np.zeros(scored)})


@pytest.mark.parametrize(("counts", "scored"), [({"L2": 40, "L3": 20}, None), ({"L3": 20}, 40)])
def test_a_file_cut_off_between_two_people_is_noted(tmp_path, counts, scored):
    """20 rows of 32 bytes are eight records of 80: such a file looks whole, but its people end early."""
    many_people(tmp_path, counts, scored)
    notes = read_nhanes(tmp_path).notes
    assert "of 40 people in the files, L3 has 20" in notes
    assert "L3: 20 people come after the last of its file: cut off in download?" in notes


def test_people_without_a_row_at_some_level_are_nothing_strange(tmp_path):
    many_people(tmp_path, {"L2": 40, "L3": 38})
    notes = read_nhanes(tmp_path).notes
    assert "of 40 people in the files, L3 has 38" in notes
    assert not any("cut off" in note for note in notes)


def test_people_whom_demo_does_not_have_are_noted(tmp_path):
    many_people(tmp_path, {"L3": 40})
    people(tmp_path)
    assert "DEMO_H: sex and age of 36 people are not there" in read_nhanes(tmp_path).notes


def test_heights_that_are_none_are_noted(tmp_path):
    people(tmp_path)
    sides = dict.fromkeys(("DXXPOSTH", "DXXMIDH"), [50.0] * 3)
    write_xpt(tmp_path / "DXXL3_H.XPT", {"SEQN": SEQN, "DXXANTEH": [0.0, -3.0, 50.0], **sides})
    found = read_nhanes(tmp_path)
    assert "L3: 2 heights of 0 or below left out" in found.notes
    assert np.isnan(found.heights[:, L3, 0]).tolist() == [True, True, False]


def test_a_person_who_stands_there_again(tmp_path):
    people(tmp_path)
    sides = {name: [50.0, 60.0] for name in ("DXXPOSTH", "DXXMIDH", "DXXANTEH")}
    write_xpt(tmp_path / "DXXL3_H.XPT", {"SEQN": SEQN[:1] * 2, **sides})
    with pytest.raises(FormatError, match=r"DXXL3_H.XPT: SEQN: expected every person once, got 73557 again"):
        read_nhanes(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    level_file(tmp_path, "L3")
    with pytest.raises(FormatError, match=r"expected DEMO_H.XPT, which has sex and age"):
        read_nhanes(tmp_path)
    people(tmp_path)
    write_xpt(tmp_path / "DXXL3_H.XPT", {"SEQN": SEQN, "DXXPOSTH": [50.0] * 3})
    with pytest.raises(FormatError, match=r"DXXL3_H.XPT: expected column DXXANTEH, got SEQN, DXXPOSTH"):
        read_nhanes(tmp_path)
    (tmp_path / "DXXL3_H.XPT").write_bytes(b"no transport file" * 20)
    with pytest.raises(FormatError, match=r"DXXL3_H.XPT: expected a SAS transport file"):
        read_nhanes(tmp_path)


def test_folder_of_other_things(tmp_path):
    people(tmp_path)
    assert not is_nhanes_folder(tmp_path)


def test_without_pandas(tmp_path, monkeypatch):
    people(tmp_path)
    level_file(tmp_path, "L3")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(FormatError, match="expected pandas to read SAS transport files"):
        read_nhanes(tmp_path)
