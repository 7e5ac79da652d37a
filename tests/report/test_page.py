"""The page as a browser gets it: what it shows has to be what the readings and the films say."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date

import numpy as np
import pytest
from attrs import evolve

from films import SECRETS, write_film
from read_films import (
    GRADED_LEVELS,
    SIZE,
    SPACING,
    make_reading,
    pictures,
    read_on,
    refused,
    save,
    shadow,
    take_apart,
    vertebra,
    with_vertebra,
    write_shadow,
)
from spinegrade import __version__
from spinegrade.anatomy import POSITIONS, LevelRange
from spinegrade.assess import Method, PointSd
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError, UnitError
from spinegrade.flags import Flag
from spinegrade.genant_rule import genant_rule
from spinegrade.io.film_match import FilmFinder
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import Exam, NotEvaluableReason
from spinegrade.report import Chosen, make_page, words
from spines import invoke

OUTLINE = [0, 1, 2, 5, 4, 3]


@pytest.fixture
def reading():
    return make_reading()


@pytest.fixture
def film(tmp_path, reading):
    return write_shadow(tmp_path / "film.dcm", reading)


@pytest.fixture
def page(tmp_path):
    """Give a function that makes the page of readings and takes it apart."""

    def make(*readings, method=None, window=1, unexplained=False):
        chosen = [Chosen(one, tmp_path / "a.reading.json", unexplained) for one in readings]
        made = make_page(chosen, method or Method(), FilmFinder(), window=window)
        assert made.readings == len(readings)
        return take_apart(made.html)

    return make


def table(page):
    """Return the rows of the result table, each by the names of its columns."""
    results = page.one("table", class_="results")
    names = [cell.text for cell in results.one("thead").every("th")]
    rows = [
        [cell for cell in row.walk() if cell.tag in ("th", "td")] for row in results.one("tbody").every("tr")
    ]
    assert {len(row) for row in rows} == {len(names)}
    return [dict(zip(names, (cell.text for cell in row), strict=True)) for row in rows]


def body(page, level, figure="film-svg"):
    """Return what is drawn of a vertebra."""
    return page.one("svg", class_=figure).one("g", class_="body", data_level=level)


def view(svg):
    """Return left, top, width and height of what a drawing shows."""
    return [*map(float, svg.attributes["viewbox"].split())]


def longest_line(label):
    """Return the letters in the longer line of a label; the second begins with its own x."""
    lines = [part.text for part in label.every("tspan")]
    return max(map(len, lines)) if label.every("tspan")[-1].attributes.get("x") else len(label.text)


def lengths(outline):
    """Return the distances between all pairs of points."""
    return np.array([np.hypot(*(a - b)) for a, b in itertools.combinations(outline, 2)])


def along(outline):
    """Return points close together along a contour."""
    outline = np.array(outline)
    share = np.linspace(0, 1, 50)[:, None, None]
    return (outline + share * (np.roll(outline, 1, axis=0) - outline)).reshape(-1, 2)


def used(page):
    """Return what was used, by its names."""
    lists = [part.one("dl") for part in page.every("section") if part.attributes["class"].startswith("made")]
    return {row.one("dt").text: row.one("dd").text for one in lists for row in one.every("div")}


class TestResults:
    @pytest.mark.parametrize("point_sd", [None, "0.5mm"])
    def test_are_those_of_the_command_line(self, page, reading, tmp_path, point_sd):
        file = save(reading, tmp_path / "a.reading.json")
        options = ["--point-sd", point_sd] if point_sd else []
        graded = json.loads(invoke("grade", file, "--format", "json", *options).out)
        shown = table(page(reading, method=Method(point_sd=PointSd(0.5, "mm") if point_sd else None)))
        assert [row["Level"] for row in shown] == [row["level"] for row in graded] == [*GRADED_LEVELS]
        for cells, row in zip(shown, graded, strict=True):
            numbers = [f"{row[name]:.1f}" for name in POSITIONS] + [f"{row['height_loss'] * 100:.1f}"]
            assert [cells[name] for name in ("Ant.", "Mid.", "Post.", "Loss %")] == numbers
            assert cells["Grade"] == f"{row['grade']}{'?' if row['near_threshold'] else ''}"
            assert cells["Shape"] == (row["shape"] if row["grade"] else "")
            if point_sd:
                assert [cells[f"P{n}"] for n in range(4)] == [f"{row[f'p{n}']:.2f}" for n in range(4)]
        assert ("P0" in shown[0]) == (point_sd is not None)

    def test_in_words_are_those_of_the_spine(self, page, reading, tmp_path):
        reading = with_vertebra(reading, refused("T4"))
        file = save(reading, tmp_path / "a.reading.json")
        (spine,) = json.loads(invoke("assess", file, "--format", "json").out)
        summary = page(reading).one("section", class_="summary")
        assert (
            summary.one("p", class_="status").text
            == f"Fractured: {spine['fractured']} of 12 graded vertebrae"
        )
        between = f"(between {spine['sdi_low']} and {spine['sdi_high']}, as levels are missing)"
        assert summary.one("p", class_="index").text == f"Spinal deformity index {spine['sdi']} {between}"
        assert [item.text for item in summary.every("li")] == [
            "T12 moderate wedge, 32.0 % anterior",
            "L2 mild biconcave, 24.3 % middle, near the bound of a grade",
        ]

    def test_of_a_normal_spine(self, page):
        made = page(make_reading(lost={}))
        assert made.one("p", class_="status").text == "No vertebra graded 1 or more: 13 of 13 levels graded"
        assert made.every("li") == []

    def test_of_a_spine_that_nobody_can_read(self, page, reading):
        made = page(with_vertebra(reading, *(refused(level) for level in GRADED_LEVELS)))
        said = "Not interpretable: 0 of 13 levels graded, none of them fractured"
        assert made.one("p", class_="status").text == said
        assert "not known (between 0 and 39" in made.one("p", class_="index").text
        assert made.every("svg", class_="panel") == []

    def test_name_the_reader_s_own_grade_where_it_is_another(self, page, reading):
        points = {one.level: one.points for one in reading.vertebrae}
        graded = {"T12": 2.0, "L2": 0.0, "L3": 0.5, "L4": 1.0}
        others = (vertebra(level, points[level], visual_grade=grade) for level, grade in graded.items())
        made = page(with_vertebra(reading, *others))
        rows = {row["Level"]: row for row in table(made)}
        assert [rows[level]["Visual"] for level in ("T11", *graded)] == ["-", "2", "0", "0.5", "1"]
        disputed = [row.one("th").text for row in made.every("tr", class_="disputed")]
        assert disputed == ["L2", "L4"]  # 0.5 looks abnormal without reaching 1
        assert rows["L2"]["Remarks"] == "visual grade 0 differs"

    def test_have_the_reader_s_words_among_the_remarks(self, page, reading):
        points = reading.vertebrae[0].points
        made = page(with_vertebra(reading, vertebra("T4", points, shape="wedge", comment="old & healed")))
        said = "only one neighbour; visual shape: wedge; comment: old & healed"
        assert table(made)[0]["Remarks"] == said

    def test_of_other_levels_are_measured_and_not_graded(self, page, reading):
        made = page(reading, method=Method(levels=LevelRange("T8", "L4")))
        first = table(made)[0]
        assert (first["Grade"], first["Remarks"]) == ("-", "outside graded levels; only one neighbour")
        assert float(first["Ant."]) > 0
        assert used(made)["Levels graded"] == "T8-L4; T4, T5, T6, T7 measured only"


class TestFilm:
    def test_outlines_are_the_landmarks(self, page, reading, film):
        made = page(read_on(reading, film))
        for one in reading.vertebrae:
            expected = [(column, row) for row, column in one.points[OUTLINE]]
            np.testing.assert_allclose(body(made, one.level).one("polygon").points(), expected, atol=1e-9)
            dots = [(dot.number("cx"), dot.number("cy")) for dot in body(made, one.level).every("circle")]
            assert dots == body(made, one.level).one("polygon").points()

    def test_picture_begins_half_a_pixel_before_the_first_centre(self, page, reading, film):
        ((image, shown),) = pictures(page(read_on(reading, film)))
        box = [image.number(name) for name in ("x", "y", "width", "height")]
        assert box == [-0.5, -0.5, SIZE[1], SIZE[0]]
        assert shown.shape == SIZE

    @pytest.mark.parametrize("spacing", [(0.4, 0.4), (0.8, 0.4), (0.4, 0.8)], ids=str)
    def test_bodies_lie_on_their_shadows(self, page, tmp_path, spacing):
        """Where the outline is on the page, there the picture has to be bright, and dark beside it."""
        reading = make_reading(spacing=spacing)
        film = write_shadow(tmp_path / "film.dcm", reading, ImagerPixelSpacing=list(spacing))
        made = page(read_on(reading, film))
        ((image, shown),) = pictures(made)
        scale = np.array([shown.shape[1] / image.number("width"), shown.shape[0] / image.number("height")])
        assert np.isclose(*scale, rtol=2e-3)  # square pixels
        for one in reading.vertebrae:
            outline = np.array(body(made, one.level).one("polygon").points())
            centre = outline.mean(axis=0)
            for reach, bright in ((0.8, True), (1.25, False)):
                corners = centre + (outline[[0, 2, 3, 5]] - centre) * reach
                x, y = ((corners - (image.number("x"), image.number("y"))) * scale).astype(int).T
                assert (shown[y, x] > 128).all() == bright
                assert (shown[y, x] < 128).all() != bright

    def test_is_small_enough_for_a_page(self, page, tmp_path):
        reading = make_reading(spacing=(0.1, 0.1))
        film = write_shadow(tmp_path / "film.dcm", reading, (6400, 2800), ImagerPixelSpacing=[0.1, 0.1])
        ((image, shown),) = pictures(page(read_on(reading, film)))
        assert shown.shape == (1800, 788)
        assert image.number("height") == 6400

    @pytest.mark.parametrize("facing", [-1, 1])
    def test_labels_stand_before_the_bodies_and_over_none(self, page, tmp_path, facing):
        reading = make_reading(facing=facing)
        film = write_shadow(tmp_path / "film.dcm", reading)
        made = page(read_on(reading, film)).one("svg", class_="film-svg")
        every = np.concatenate([along(shape.points()) for shape in made.every("polygon")])
        font = made.one("g", class_="marks").number("font-size")
        for one in made.every("g", class_="body"):
            label = one.one("text")
            level_with = every[np.abs(every[:, 1] - label.number("y")) <= font / 2]
            assert label.attributes["text-anchor"] == ("end" if facing < 0 else "start")
            assert ((label.number("x") - level_with[:, 0]) * facing > 0).all()

    def test_labels_are_never_cut_off(self, page, tmp_path):
        """A spine at the very edge of its film: the drawing is wider than the film then."""
        reading = make_reading()
        moved = [vertebra(one.level, one.points - (0, 285)) for one in reading.vertebrae]
        reading = with_vertebra(reading, *moved)
        film = write_shadow(tmp_path / "film.dcm", reading)
        svg = page(read_on(reading, film)).one("svg", class_="film-svg")
        left, _, width, _ = map(float, svg.attributes["viewbox"].split())
        font = svg.one("g", class_="marks").number("font-size")
        reach = [label.number("x") - 0.6 * font * longest_line(label) for label in svg.every("text")]
        assert left < min(reach) < -0.5
        assert left + width >= SIZE[1] - 0.5

    def test_is_shown_whole_and_nothing_beside_it(self, page, reading, film):
        svg = page(read_on(reading, film)).one("svg", class_="film-svg")
        assert view(svg) == [-0.5, -0.5, SIZE[1], SIZE[0]]

    def test_labels_take_two_lines_before_they_leave_the_film(self, page, tmp_path):
        reading = make_reading()
        room = min(one.points[:, 1].min() for one in reading.vertebrae if one.level == "L2")
        moved = [vertebra(one.level, one.points - (0, room - 255)) for one in reading.vertebrae]
        reading = with_vertebra(reading, *moved)
        film = write_shadow(tmp_path / "film.dcm", reading)
        svg = page(read_on(reading, film)).one("svg", class_="film-svg")
        said = {one.attributes["data-level"]: one.one("text") for one in svg.every("g", class_="body")}
        assert (said["L2"].text, said["L1"].text) == ("L2 1? biconcave", "0 L1")
        below = said["L2"].every("tspan")[1]
        assert below.attributes["x"] == said["L2"].attributes["x"]
        assert view(svg) == [-0.5, -0.5, SIZE[1], SIZE[0]]

    @pytest.mark.parametrize("size", [(1600, 700), (1600, 1300), (2600, 900)], ids=str)
    def test_labels_are_legible_on_paper(self, page, tmp_path, size):
        """Capitals of 2.2 mm, which are 0.72 of the font size, on a sheet that holds the film."""
        reading = make_reading()
        film = write_shadow(tmp_path / "film.dcm", reading, size)
        made = page(read_on(reading, film))
        svg = made.one("svg", class_="film-svg")
        style = made.one("div", class_="film").attributes["style"]
        paper, aspect = (float(re.search(rf"--{name}: ([\d.]+)", style)[1]) for name in ("paper", "aspect"))
        width, height = view(svg)[2:]
        assert aspect == pytest.approx(width / height, abs=1e-4)
        assert paper <= 84
        assert paper / aspect <= 185.2
        assert 0.72 * svg.one("g", class_="marks").number("font-size") * paper / width >= 2.2

    def test_grades_are_coloured_and_written(self, page, reading):
        made = page(with_vertebra(reading, refused("T4")))
        said = {one.attributes["data-level"]: one.one("text").text for one in made.every("g", class_="body")}
        assert (said["T12"], said["L2"], said["L1"]) == ("2 wedge T12", "1? biconcave L2", "0 L1")
        assert said["T4"] == "not evaluable T4"
        kinds = [body(made, level).attributes["class"] for level in ("T12", "L2", "L1", "T4")]
        assert kinds == ["body k-2", "body k-1", "body k-0", "body k-refused"]
        assert "T4 (overlap)" in made.one("figure", class_="plate").one("figcaption").text
        assert table(made)[0]["Remarks"] == "not evaluable: overlap"

    def test_marks_can_be_taken_off_without_a_script(self, page, reading):
        made = page(reading)
        box = made.one("input")
        assert box.attributes["type"] == "checkbox"
        assert made.one("label").attributes["for"] == box.attributes["id"]
        assert ".toggle:not(:checked) ~ .plate .marks { display: none; }" in made.one("style").text

    def test_is_embedded_once_for_all_its_readings(self, page, reading, film):
        read = read_on(reading, film)
        made = page(read, evolve(read, reader="R2"), evolve(read, occasion=2))
        assert len(pictures(made)) == 1
        shown = [svg.one("use").attributes["href"] for svg in made.every("svg", class_="film-svg")]
        assert shown == ["#film-1"] * 3

    def test_is_shown_by_the_window_that_was_asked_for(self, page, tmp_path, reading):
        windows = {"WindowCenter": [1650, 300], "WindowWidth": [2700, 10]}
        film = write_shadow(tmp_path / "film.dcm", reading, **windows)
        made = [page(read_on(reading, film), window=number) for number in (1, 2)]
        (_, first), (_, second) = (pictures(one)[0] for one in made)
        assert first[:9, :9].max() < 5 < 100 < second[:9, :9].min()
        assert [used(one)["Shown by"].split(";")[0] for one in made] == [
            "WC 1650 WW 2700 linear",
            "WC 300 WW 10 linear",
        ]
        with pytest.raises(FormatError, match="--window: expected 1 to 2, got 3"):
            page(read_on(reading, film), window=3)

    def test_of_another_reading_is_refused(self, page, tmp_path, reading, film):
        read = read_on(reading, film)
        write_shadow(film, make_reading(lost={}))
        with pytest.raises(FormatError, match="expected the film with pixels sha256"):
            page(read)

    def test_without_one_the_landmarks_are_drawn_and_it_is_said(self, page, reading):
        made = page(reading)
        assert pictures(made) == []
        assert made.every("use") == []
        assert "The film was not found" in made.one("div", class_="remarks").text
        assert used(made)["Film"] == "not found"
        np.testing.assert_allclose(
            body(made, "T4").one("polygon").points(), reading.vertebrae[0].points[OUTLINE][:, ::-1]
        )

    def test_that_cannot_be_proved_is_said_to_be_so(self, page, reading, film):
        made = page(evolve(reading, image=ImageIdentity("film.dcm")))
        assert "is not verified: the reading recorded neither" in made.one("div", class_="remarks").text
        assert page(read_on(reading, film)).every("div", class_="remarks") == []

    def test_with_names_burned_in_is_said_to_be_so(self, page, tmp_path, reading):
        film = write_shadow(tmp_path / "film.dcm", reading, BurnedInAnnotation="YES")
        assert "it may name the patient" in page(read_on(reading, film)).one("div", class_="remarks").text


class TestClose:
    def test_shows_every_fractured_vertebra_with_its_neighbours(self, page, reading, film):
        closes = page(read_on(reading, film)).every("figure", class_="close")
        levels = [
            [one.attributes["data-level"] for one in close.every("g", class_="body")] for close in closes
        ]
        assert levels == [["T11", "T12", "L1"], ["L1", "L2", "L3"]]
        bare, marked = closes[0].every("svg")
        assert bare.attributes["viewbox"] == marked.attributes["viewbox"]
        assert bare.every("g") == []
        assert [svg.one("use").attributes["href"] for svg in (bare, marked)] == ["#film-1"] * 2

    def test_is_enlarged_and_whole(self, page, reading, film):
        made = page(read_on(reading, film))
        svg = made.every("svg", class_="close-svg")[1]
        left, top, width, height = map(float, svg.attributes["viewbox"].split())
        assert height < SIZE[0] / 3
        points = np.concatenate([shape.points() for shape in svg.every("polygon")])
        assert (points > (left, top)).all()
        assert (points < (left + width, top + height)).all()

    def test_says_measured_and_expected_heights(self, page, reading, film):
        close = page(read_on(reading, film)).every("figure", class_="close")[0]
        first = {row["Level"]: row for row in table(page(reading))}["T12"]
        said = f"anterior {first['Ant.']} / {first['Post.']}"  # the own posterior height is expected
        assert said in close.one("figcaption").text
        assert close.one("figcaption").text.endswith("mm at the detector")

    def test_needs_a_picture(self, page, reading):
        assert page(reading).every("figure", class_="close") == []


class TestSpine:
    @pytest.mark.parametrize("spacing", [(0.4, 0.4), (0.8, 0.4)], ids=str)
    @pytest.mark.parametrize("way", [1, -1], ids=["upright", "on its head"])
    def test_bodies_have_their_measured_shape(self, page, spacing, way):
        """All to one scale, whatever the pixels are like and however the film lies."""
        reading = make_reading(spacing=spacing)
        turned = (vertebra(one.level, way * one.points + (2000, 700)) for one in reading.vertebrae)
        made = page(with_vertebra(reading, *turned)).one("svg", class_="diagram")
        ratios = []
        for one in reading.vertebrae:
            drawn = np.array(made.one("g", data_level=one.level).one("polygon").points())
            ratios.append(lengths(drawn) / lengths(one.points[OUTLINE] * spacing))
            superior, inferior = drawn[:3, 1], drawn[3:, 1]
            assert superior.mean() < inferior.mean()
        np.testing.assert_allclose(ratios, np.mean(ratios), rtol=2e-3)

    def test_bodies_are_stacked_and_coloured(self, page, reading):
        made = page(with_vertebra(reading, refused("T4"))).one("svg", class_="diagram")
        slots = made.every("g", class_="slot")
        assert [slot.attributes["data-level"] for slot in slots] == [*GRADED_LEVELS]
        extents = [np.array(slot.one("polygon").points())[:, 1] for slot in slots]
        assert all(above.max() < below.min() for above, below in itertools.pairwise(extents))
        kinds = [slot.attributes["class"].split()[1] for slot in slots]
        assert kinds == ["k-refused", *["k-0"] * 7, "k-2", "k-0", "k-1", "k-0", "k-0"]
        assert slots[0].text == "T4 overlap"
        assert slots[8].text == "T12 2 wedge 32.0 %"

    def test_levels_that_were_not_read_keep_their_place(self, page, reading):
        kept = tuple(one for one in reading.vertebrae if one.level != "T9")
        made = page(evolve(reading, vertebrae=kept)).one("svg", class_="diagram")
        assert made.one("g", data_level="T9").text == "T9 not read"

    @pytest.mark.parametrize("place", range(3), ids=POSITIONS)
    def test_profile_lies_where_the_axis_says(self, page, reading, place):
        panel = page(reading).every("svg", class_="panel")[place]
        ticks = [(line.number("x1"), line.number("x2")) for line in panel.every("line", class_="grid")]
        values = [float(text.text) for text in panel.every("text", class_="tick")]
        slope = (values[-1] - values[0]) / (ticks[-1][0] - ticks[0][0])
        rows = {row["Level"]: row for row in table(page(reading))}
        for mark in panel.every("g", class_="mark"):
            x = mark.one("circle", class_="measured").number("cx")
            shown = float(rows[mark.attributes["data-level"]][("Ant.", "Mid.", "Post.")[place]])
            assert values[0] + (x - ticks[0][0]) * slope == pytest.approx(shown, abs=0.06)

    def test_a_loss_lies_in_the_band_of_its_grade(self, page, reading):
        panel = page(reading).every("svg", class_="panel")[0]
        mark = panel.one("g", data_level="T12")
        x = mark.one("circle", class_="measured").number("cx")
        bands = {
            band.attributes["class"]: (band.number("x"), band.number("x") + band.number("width"))
            for band in mark.every("rect")
        }
        inside = [name for name, (low, high) in bands.items() if low <= x <= high]
        assert inside == ["zone g-2"]
        expected = mark.one("line", class_="expected").number("x1")
        assert max(high for _, high in bands.values()) < expected

    def test_titles_and_axes_have_the_unit(self, page, reading):
        made = page(reading)
        assert [one.one("text", class_="title").text for one in made.every("svg", class_="panel")] == [
            "Anterior",
            "Middle",
            "Posterior",
        ]
        units = {one.one("text", class_="unit").text for one in made.every("svg", class_="panel")}
        assert units == {"mm at the detector"}


class TestLengths:
    @pytest.mark.parametrize("state", CalibrationState)
    def test_say_whose_millimetres_they_are(self, page, reading, state):
        pixels = state in (CalibrationState.NONE, CalibrationState.UNKNOWN, CalibrationState.ERROR)
        given = () if state is CalibrationState.NONE else (SPACING, SPACING)
        made = page(evolve(reading, calibration=Calibration(state, *given)))
        said = words.CALIBRATION_WORDS[state]
        assert used(made)["Lengths"] == said
        assert said in made.one("div", class_="table").text
        assert ("pixels" in said) == pixels
        larger = state in (CalibrationState.DETECTOR, CalibrationState.SCANNED)
        assert ("larger than in the patient" in said) == larger

    def test_at_the_detector_say_so_wherever_they_stand(self, page, reading, film):
        made = page(read_on(reading, film))
        assert made.one("p", class_="caption").text.startswith("Heights in mm at the detector")
        beside = re.findall(r"[\d.]+ mm\b(?! at the detector|, row x column)", made.one("main").text)
        assert beside == []

    def test_of_a_table_are_not_explained_by_it(self, page, reading):
        made = page(evolve(reading, image=ImageIdentity()), unexplained=True)
        assert used(made)["Lengths"] == words.TABLE_WORDS

    def test_of_a_table_are_explained_by_its_film(self, page, reading, film):
        made = page(evolve(reading, image=ImageIdentity("film.dcm")), unexplained=True)
        assert used(made)["Lengths"] == "mm at the detector, larger than in the patient"

    def test_that_differ_from_the_film_s_are_remarked(self, page, reading, film):
        read = evolve(read_on(reading, film), calibration=Calibration(CalibrationState.USER, 0.35, 0.35))
        said = page(read).one("div", class_="remarks").text
        assert "The film gives 0.4 x 0.4 mm a pixel, the reading was made with 0.35 x 0.35 mm" in said

    def test_that_film_and_reading_share_are_the_film_s(self, page, reading, film):
        said = used(page(read_on(reading, film)))
        words_of = (
            "0.4 x 0.4 mm, row x column, says the film (ImagerPixelSpacing: mm at the detector, magnified)"
        )
        assert said["Pixel spacing"] == words_of
        assert "Film's pixel spacing" not in said

    @pytest.mark.parametrize(
        ("calibration", "expected"),
        [
            (Calibration(CalibrationState.DETECTOR, 0.17, 0.17), "0.17 x 0.17 mm, row x column"),
            (Calibration(CalibrationState.USER, 0.4, 0.4), "0.4 x 0.4 mm, row x column"),
            (Calibration(), "none"),
        ],
        ids=["another", "another meaning", "none"],
    )
    def test_are_ascribed_to_whom_they_come_from(self, page, reading, film, calibration, expected):
        said = used(page(evolve(read_on(reading, film), calibration=calibration)))
        assert said["Pixel spacing"] == f"{expected}, says the reading"
        assert said["Film's pixel spacing"].startswith("0.4 x 0.4 mm, row x column, says the film (Imager")

    def test_without_a_film_are_the_reading_s(self, page, reading):
        assert used(page(reading))["Pixel spacing"] == "0.4 x 0.4 mm, row x column, says the reading"

    def test_of_a_film_without_any_are_none(self, page, tmp_path, reading):
        film = write_film(tmp_path / "film.dcm", shadow(reading))
        read = evolve(read_on(reading, film), calibration=Calibration())
        assert used(page(read))["Pixel spacing"] == "none (no pixel spacing)"

    def test_that_the_film_alone_gives_are_remarked(self, page, reading, film):
        said = (
            page(evolve(read_on(reading, film), calibration=Calibration())).one("div", class_="remarks").text
        )
        assert "The film gives 0.4 x 0.4 mm a pixel, the reading was made with no pixel spacing" in said

    def test_a_landmark_error_in_mm_needs_them(self, page, reading):
        with pytest.raises(UnitError, match="expected px for exam E1"):
            page(evolve(reading, calibration=Calibration()), method=Method(point_sd=PointSd(0.5, "mm")))


class TestWhatWasUsed:
    def test_says_by_what_the_grades_were_made(self, page, reading):
        rule = genant_rule("genant-1993-above").source
        method = Method(rules="genant-1993-above", reference="adjacent", point_sd=PointSd(0.4, "mm"))
        said = used(page(reading, method=method))
        assert said["Program"] == f"spinegrade {__version__}"
        assert said["Rule"].startswith(f"{rule.id}, revision {rule.revision}: ")
        assert said["Rule sha256"] == rule.sha256
        assert rule.doi in said["Source"]
        assert said["Bounds"].endswith("belongs to the lower grade")
        assert said["Compared with"] == "adjacent: the same heights of the neighbours"
        assert said["Landmark error"].startswith("SD 0.4 mm ")

    def test_says_what_the_film_is(self, page, reading, film):
        read = read_on(reading, film)
        said = used(page(read))
        assert said["Film"] == (
            "Computed Radiography Image Storage, CR, 1600 rows x 700 columns, 12 bits, MONOCHROME2, "
            "Explicit VR Little Endian"
        )
        assert said["Pixels sha256"] == read.image.sha256
        assert said["Film and reading"] == "its pixels are those that the reading recorded"
        assert said["Shown by"].startswith("the range of its values; ")

    def test_says_that_it_is_no_medical_device(self, page, reading):
        made = page(reading)
        assert "no medical device" in made.one("header", class_="top").text
        assert "no medical device" in made.one("footer").text


class TestPage:
    def test_of_several_readings_begins_with_where_they_are(self, page, reading):
        made = page(reading, evolve(reading, exam=Exam("P-17", "E2")))
        links = made.one("nav").every("a")
        assert [link.text for link in links] == ["E1", "E2"]
        articles = {f"#{one.attributes['id']}": one for one in made.every("article")}
        assert [articles[link.attributes["href"]].one("h2", class_="h1").text for link in links] == [
            "Exam E1",
            "Exam E2",
        ]
        assert page(reading).every("nav") == []

    def test_names_patient_exam_reader_and_date_of_the_reading(self, page, reading):
        made = page(evolve(reading, exam=Exam("P-17", "E1", date(2026, 3, 9)), reader="R7", occasion=2))
        key = {row.one("dt").text: row.one("dd").text for row in made.one("dl", class_="key").every("div")}
        expected = {"Patient": "P-17", "Date of exam": "2026-03-09", "Reader": "R7", "Occasion": "2"}
        assert key == expected
        assert made.one("h1").text == "Exam E1"
        assert made.one("head").one("title").text.startswith("E1, reader R7")

    def test_has_nothing_of_the_film_s_header_that_names_the_patient(self, tmp_path, reading):
        """Nor the name of its file, which is often the patient's."""
        film = write_shadow(tmp_path / "Doe-Jane.dcm", reading, StudyDate="20260309", PatientAge="076Y")
        chosen = [Chosen(read_on(reading, film), tmp_path / "a.reading.json")]
        html = make_page(chosen, Method(), FilmFinder()).html
        text = re.sub(r"data:[^\"]*", "", html)
        for secret in (
            *SECRETS,
            "Doe",
            "DOE",
            "20260309",
            "076Y",
            read_on(reading, film).image.sop_instance_uid,
        ):
            assert secret not in text

    def test_needs_nothing_from_elsewhere_and_runs_nothing(self, page, reading, film):
        made = page(read_on(reading, film), evolve(reading, reader="R2", image=ImageIdentity("film.dcm")))
        assert not [node.tag for node in made.walk() if node.tag in ("script", "link", "iframe", "object")]
        for node in made.walk():
            assert not [name for name in node.attributes if name.startswith("on")]
            for name in ("href", "src", "xlink:href", "action"):
                assert node.attributes.get(name, "#").startswith(("#", "data:image/jpeg;base64,"))
        style = made.one("style").text
        assert "url(" not in style
        assert "@import" not in style
        policy = made.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
        assert policy.startswith("default-src 'none'")

    def test_leads_to_its_own_elements_alone(self, page, reading, film):
        read = read_on(reading, film)
        made = page(read, evolve(read, reader="R2"))
        ids = [node.attributes["id"] for node in made.walk() if "id" in node.attributes]
        assert len(ids) == len(set(ids))
        for node in made.walk():
            for name in ("href", "for", "aria-labelledby"):
                target = node.attributes.get(name, "data:").removeprefix("#")
                assert target in ids or target.startswith("data:")

    def test_says_what_it_is_to_those_who_do_not_see_it(self, page, reading, film):
        made = page(read_on(reading, film))
        assert made.one("html").attributes["lang"] == "en"
        figures = [svg for svg in made.every("svg") if svg.attributes.get("aria-hidden") != "true"]
        assert all(svg.attributes["role"] == "img" and svg.attributes["aria-label"] for svg in figures)
        assert "T12 moderate wedge" in made.one("svg", class_="film-svg").attributes["aria-label"]

    def test_takes_words_of_a_reading_as_words(self, page, reading):
        bad = '"><script>alert(1)</script>&amp;'
        points = reading.vertebrae[0].points
        wicked = evolve(reading, exam=Exam(bad, bad), reader=bad, comment=bad, image=ImageIdentity(bad))
        wicked = with_vertebra(wicked, vertebra("T4", points, comment=bad, shape=bad))
        made = page(wicked, evolve(wicked, occasion=2))
        assert made.every("script") == []
        assert made.every("h2", class_="h1")[0].text == f"Exam {bad}"
        assert used(page(wicked))["Reader's comment"] == bad

    def test_is_laid_out_for_paper_and_for_a_phone(self, page, reading):
        style = page(reading).one("style").text
        assert "@page" in style
        assert "@media print" in style
        assert "print-color-adjust: exact" in style
        assert page(reading).one("meta", name="viewport")
        assert page(reading).one("div", class_="scroll").one("table")

    def test_says_in_narrow_rows_what_the_numbers_are(self, page, reading):
        """Where there is no room for a table, its heads are gone: the cells bring their own."""
        graded = vertebra("T4", reading.vertebrae[0].points, visual_grade=1.0)
        method = Method(point_sd=PointSd(0.5, "mm"))
        made = page(with_vertebra(reading, graded), reading, method=method)
        results = made.every("table", class_="results")[0]
        heads = [head.text for head in results.one("thead").every("th")]
        assert heads[:6] == ["Level", "Grade", "Loss %", "Ant.", "Mid.", "Post."]
        for row in results.one("tbody").every("tr"):
            cells = [cell for cell in row.walk() if cell.tag in ("th", "td")]
            more = ["more" in cell.attributes.get("class", "").split() for cell in cells]
            assert more == [False] * 6 + [True] * (len(cells) - 6)
            said = [cell.attributes.get("data-label") for cell in cells[6:]]
            assert said == ["P0", "P1", "P2", "P3", None, "Visual", None]
        overview = made.one("table", class_="overview").one("tbody").every("tr")[0]
        labels = [cell.attributes.get("data-label") for cell in overview.every("td")]
        assert labels == ["Patient", "Reader", "Occasion", None, "Fractures"]
        style = made.one("style").text
        assert style.count("@container") == 2
        assert style.count("content: attr(data-label)") == 2

    def test_breaks_on_paper_only_where_it_has_to(self, page, reading):
        paper = page(reading).one("style").text.partition("@media print")[2]
        forced = re.findall(r"([^{}]+)\{[^}]*break-before: page", paper)
        assert [selector.strip() for selector in forced] == [".reading + .reading"]
        (whole,) = re.findall(r"([^{}]+)\{ break-inside: avoid; \}", paper)
        assert {"tr", "figure", ".note", ".made-of"} <= {one.strip() for one in whole.split(",")}
        assert re.search(r"\.first \{[^}]*break-inside: avoid", paper)

    def test_is_the_same_every_time(self, tmp_path, reading, film):
        chosen = [Chosen(read_on(reading, film), tmp_path / "a.reading.json")]
        first, second = (make_page(chosen, Method(), FilmFinder()).html for _ in range(2))
        assert first == second

    def test_of_a_reading_without_vertebrae_is_refused(self, page, reading):
        with pytest.raises(FormatError, match="expected at least one vertebra, got none"):
            page(evolve(reading, vertebrae=()))


class TestWords:
    def test_there_are_some_for_every_flag_and_state(self):
        assert set(words.FLAG_WORDS) >= {flag.name.lower() for flag in Flag}
        assert set(words.CALIBRATION_WORDS) == set(CalibrationState)
        assert all(words.reason(one) for one in NotEvaluableReason)

    @pytest.mark.parametrize("mm", ["detector", "scanned"])
    def test_of_larger_millimetres_say_so(self, mm):
        assert "larger than in the patient" in words.CALIBRATION_WORDS[CalibrationState(mm)]
        assert words.UNIT_WORDS[CalibrationState(mm)] != "mm"
