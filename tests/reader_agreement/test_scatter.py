"""Landmarks that lie a known distance apart."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from reader_agreement.graded import FEW, MOSMED, SAMPLES, spine, value
from spinegrade.agreement import Plan
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method
from spinegrade.errors import ReadingError, UnitError
from spinegrade.io.columns import COORDINATES
from spinegrade.io.sources import open_sources
from spinegrade.reader_agreement import Asking, analyse_landmarks, gather_landmarks, place_landmarks
from spinegrade.repeats import find_repeats
from spines import sound

ALONG, ACROSS = "every landmark along the height", "every landmark across it"
ASKING = Asking(plan=FEW)


def moved(frame, rows=0.0, columns=0.0):
    """Return the table with all landmarks moved."""
    by = {"row": rows, "column": columns}
    return frame.with_columns(pl.col(name) + by[name.rsplit("_", 1)[1]] for name in COORDINATES)


def placed(*frames, **options):
    """Return the landmarks of tables, in the directions of their bodies."""
    return place_landmarks(sound(*frames).frame, GRADED, **options)


def two_readers(**cells):
    """Return two patients' spines by R1, and by R2 who marks everything 2 px lower and 1 px to the right."""
    for patient in "AB":
        frame = spine(patient, "R1", (0, 0, 1, 0), **cells)
        yield frame
        yield moved(frame.with_columns(reader=pl.lit("R2")), 2.0, 1.0)


class TestScatter:
    def test_of_two_is_their_distance_over_the_root_of_2(self):
        """Upright bodies have their height along the rows."""
        made = analyse_landmarks(placed(*two_readers()), ASKING)
        assert value(made.between, "point_sd", about=ALONG) == pytest.approx(2 / 2**0.5)
        assert value(made.between, "point_sd", about=ACROSS) == pytest.approx(1 / 2**0.5)
        assert made.unit == "px"

    @pytest.mark.parametrize("tilt", [30.0, -45.0])
    def test_follows_the_body_where_that_is_tilted(self, tilt):
        """A reader who marks everything 2 px farther along the tilted height."""
        frame = spine("A", "R1", (0, 0, 0, 0), tilt=tilt)
        points = frame.select(COORDINATES).to_numpy().reshape(-1, 6, 2)
        down = (points[:, 3:] - points[:, :3]).sum(axis=1)
        down /= np.linalg.norm(down, axis=1, keepdims=True)
        other = (points + 2.0 * down[:, None]).reshape(-1, 12)
        second = frame.with_columns(
            reader=pl.lit("R2"), **{name: pl.Series(other[:, n]) for n, name in enumerate(COORDINATES)}
        )
        made = analyse_landmarks(placed(frame, second), ASKING)
        assert value(made.between, "point_sd", about=ALONG) == pytest.approx(2 / 2**0.5)
        assert value(made.between, "point_sd", about=ACROSS) == pytest.approx(0, abs=1e-9)

    def test_is_in_mm_where_films_give_them(self):
        made = analyse_landmarks(placed(*two_readers(spacing=(0.5, 0.25))), ASKING)
        assert made.unit == "mm"
        assert value(made.between, "point_sd", about=ALONG) == pytest.approx(1 / 2**0.5)
        assert value(made.between, "point_sd", about=ACROSS) == pytest.approx(0.25 / 2**0.5)

    def test_is_of_each_landmark_and_each_level(self):
        made = analyse_landmarks(placed(*two_readers()), ASKING)
        abouts = [one.about for one in made.between]
        assert len(abouts) == len(set(abouts)) == 2 + 12 + 4 * 12
        assert abouts[-1].endswith(" L1")
        assert made.items == made.compared == 8

    def test_within_readers_is_by_reader_too(self):
        frames = [
            moved(spine(patient, reader, (0, 0, 0, 0), occasion=occasion), by * (occasion - 1))
            for patient, (reader, by), occasion in product("AB", (("R1", 1.0), ("R2", 3.0)), (1, 2))
        ]
        made = analyse_landmarks(placed(*frames), ASKING)
        for reader, by in (("R1", 1.0), ("R2", 3.0)):
            found = value(made.within, "point_sd", about=ALONG, readers=(reader, reader))
            assert found == pytest.approx(by / 2**0.5)
        assert value(made.within, "point_sd", about=ALONG) == pytest.approx(5**0.5 / 2**0.5)

    def test_what_was_not_evaluable_is_left_out(self):
        frames = list(two_readers())
        marked = {"evaluable": False, "not_evaluable_reason": "overlap"}
        frames[0] = frames[0].with_columns(**{name: pl.lit(what) for name, what in marked.items()})
        made = analyse_landmarks(placed(*frames), ASKING)
        assert (made.items, made.compared) == (8, 4)


class TestPointSd:
    def test_is_that_of_repeats_where_there_are_any(self):
        frames = [*two_readers()]
        assert analyse_landmarks(placed(*frames), ASKING).point_sd == "1.41px"
        frames += [moved(one.with_columns(occasion=pl.lit(2).cast(pl.Int64)), 1.0) for one in frames]
        assert analyse_landmarks(placed(*frames), ASKING).point_sd == "0.707px"

    def test_is_none_where_nobody_differs(self):
        frames = [spine("A", reader, (0, 0, 0, 0)) for reader in ("R1", "R2")]
        made = analyse_landmarks(placed(*frames), ASKING)
        assert made.point_sd is None
        assert len(made.notes) == 1

    def test_of_one_reader_alone(self):
        frames = [moved(spine("A", "R1", (0, 0, 0, 0), occasion=n), n) for n in (1, 2)]
        made = analyse_landmarks(placed(*frames), ASKING)
        assert made.between == ()
        assert made.point_sd == "0.707px"

    def test_is_near_what_grading_estimates_from_heights(self):
        """Heights lose what moves both endplates alike, so scatter of landmarks is somewhat more."""
        sources = open_sources([SAMPLES]).sources
        found = place_landmarks(gather_landmarks(sources, Method()).rows, GRADED, in_pixels=True)
        made = analyse_landmarks(found, Asking(plan=Plan(method="linear")))
        from_heights = find_repeats(open_sources([*SAMPLES.glob("*wedge*")]).sources).error.sd
        assert value(made.within, "point_sd", about=ALONG) == pytest.approx(1.54, abs=0.01)
        assert from_heights > 0

    @pytest.mark.skipif(not MOSMED.exists(), reason="the MosMed readings are not there")
    def test_on_real_readings(self):
        sources = open_sources([MOSMED]).sources
        found = place_landmarks(gather_landmarks(sources, Method()).rows, GRADED)
        made = analyse_landmarks(found, Asking(plan=Plan(method="linear")))
        assert made.compared == 481
        assert value(made.between, "point_sd", about=ALONG) < value(made.between, "point_sd", about=ACROSS)
        assert made.point_sd == "0.631px"


class TestRefuses:
    def test_positions_in_two_units(self):
        frames = [*list(two_readers())[:2], *list(two_readers(spacing=(0.5, 0.5)))[2:]]
        with pytest.raises(UnitError, match="some in mm and some in px"):
            placed(*frames)
        assert placed(*frames, in_pixels=True).unit == "px"

    def test_readings_without_landmarks(self):
        frames = [
            one.with_columns(pl.lit(None, pl.Float64).alias(name) for name in COORDINATES)
            for one in two_readers()
        ]
        with pytest.raises(ReadingError, match="landmarks: expected some of T4-L4, got none"):
            placed(*frames)
