"""The comparisons in real windows: real mouse and keys, what is shown, and what is never shown or written."""

from __future__ import annotations

import gc
import hashlib
import shutil
from functools import partial
from pathlib import Path

import napari
import numpy as np
import pytest
from attrs import evolve
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QCheckBox, QFileDialog, QLabel, QPushButton, QWidget

from at_desk import becomes, settle
from napari_spinegrade import comparing
from napari_spinegrade.app import open_desk
from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.comparison_layers import DateLayers
from napari_spinegrade.comparisons_app import open_adjudication, open_comparison
from napari_spinegrade.gathering import NO_FILM, two_from_files
from napari_spinegrade.readers import image_layer, points_layer
from napari_spinegrade.widgets import ReadingDesk
from napari_spinegrade.widgets.adjudicate import CompareReaders
from napari_spinegrade.widgets.compare import CompareDates
from spinegrade.anatomy import GRADED, LEVELS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.readings import CountedFrom, Exam

SAMPLES = Path(__file__).parents[3] / "sample_images"
EXAMS = ("child", "child-year-later")


def reading_of(name, by="R1_1"):
    return SAMPLES / "readings" / f"{name}_{by}.reading.json"


def to_the_front(dock):
    """Bring a dock's window above the others, and give it the keys."""
    window = dock.window()
    window.raise_()
    window.activateWindow()
    settle(0.1)
    return window


class Looker:
    """Somebody who looks at a comparison: moves the mouse over a film and presses keys."""

    def __init__(self, viewer, dock, hand):
        self.viewer, self.dock, self._hand = viewer, dock, hand
        window = to_the_front(dock)
        self.canvas = next(
            one for one in window.findChildren(QWidget) if "CanvasBackend" in type(one).__name__
        )

    def do(self, *words):
        """Move the real mouse, or press real keys."""
        self._hand(*words)
        settle(0.1)

    def point_at(self, part, share=0.5):
        """Point into the middle of a part of the canvas, so far down."""
        width = self.canvas.width() / getattr(self.dock, "columns", 1)
        at = self.canvas.mapToGlobal(QPoint(int(width * (part + 0.5)), int(self.canvas.height() * share)))
        self.do("mousemove", at.x(), at.y())

    def click_row(self, level, column=0):
        """Click on a cell of the table."""
        table = self.dock.table
        table.scrollToItem(table.item(table.row_levels.index(level), 0))
        box = table.visualItemRect(table.item(table.row_levels.index(level), column))
        self.click_on(table.viewport(), box.center())

    def click_on(self, widget, place):
        at = widget.mapToGlobal(place)
        self.do("mousemove", at.x(), at.y())
        self.do("click", 1)


@pytest.fixture(autouse=True)
def _little_to_collect():
    """Keep what is there already out of the search for garbage that napari does for every layer removed."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def opened(qapp):
    """Give what keeps viewers to close after the test."""
    kept = []

    def keep(viewer, dock):
        kept.append(viewer)
        settle(0.5)
        return viewer, dock

    keep.viewers = kept
    yield keep
    for viewer in kept:
        viewer.close()
    settle(0.05)


@pytest.fixture
def copies(tmp_path):
    """Give a folder with the films of the child and of an adult, and all readings of these."""
    for name in (*EXAMS, "wedge-biconcave"):
        shutil.copy(SAMPLES / f"{name}.dcm", tmp_path)
        for path in (SAMPLES / "readings").glob(f"{name}_R*"):
            shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def windows(qapp):
    """Give a window of each comparison, for all tests that need no new one."""
    found = open_comparison(), open_adjudication()
    settle(0.5)
    yield found
    for viewer, _ in found:
        viewer.close()
    settle(0.05)


@pytest.fixture
def compare(windows):
    """Give what shows two dates, and brings the window to the front."""
    return partial(show, *windows[0])


@pytest.fixture
def adjudicate(windows):
    """Give what shows several readers, and brings the window to the front."""
    return partial(show, *windows[1])


def show(viewer, dock, files):
    """Show readings as if the window was new."""
    dock.clear()
    dock.by_disagreement = False
    to_the_front(dock)
    dock.open_files(files)
    settle(0.3)
    return dock


@pytest.fixture
def dates(compare, xdotool):
    """Give somebody who looks at two dates of the child."""
    dock = compare([reading_of(name) for name in EXAMS])
    return Looker(dock.viewer, dock, xdotool)


@pytest.fixture
def readers(adjudicate, xdotool):
    """Give somebody who looks at five readings of one film."""
    dock = adjudicate(sorted((SAMPLES / "readings").glob("wedge-biconcave_*")))
    return Looker(dock.viewer, dock, xdotool)


def world_centre(film, level):
    """Return where the middle of a level's landmarks lies in the world."""
    points = film.dated.points[LEVELS.index(level)]
    return np.array(film.image.data_to_world(points.mean(axis=0)))


def sums(folder):
    """Return what every file of a folder holds, as a hash."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


class TestTwoDates:
    def test_films_stand_beside_each_other_the_earlier_at_the_left(self, dates):
        grid, layers = dates.viewer.canvas.grid, dates.viewer.layers
        then, now = dates.dock.films
        assert grid.enabled
        for film, column in ((then, 0), (now, 1)):
            places = {grid.position(layers.index(layer), layers) for layer in film.layers}
            assert places == {(0, column)}
        assert then.image.name.startswith("Then  2025-04-20  R1")
        assert now.image.name.startswith("Now  2026-04-27  R1")
        assert "same magnification in mm at the detector" in dates.dock.laid_words.text()

    def test_a_click_on_a_row_puts_the_vertebra_beside_itself_and_fits_it(self, dates):
        for level in ("T6", "L1"):
            dates.click_row(level)
            assert dates.dock.level == level
            then, now = dates.dock.films
            np.testing.assert_allclose(world_centre(then, level), world_centre(now, level))
            assert tuple(then.image.scale) == tuple(now.image.scale)
            self.assert_in_sight(dates, level)

    @staticmethod
    def assert_in_sight(dates, level):
        """A vertebra and its neighbours lie inside the part of the canvas that each film has."""
        camera = dates.viewer.scene.camera
        height, width = dates.viewer.canvas.viewbox_size(dates.viewer.layers)
        at = LEVELS.index(level)
        for film in dates.dock.films:
            points = film.dated.points[at - 1 : at + 2].reshape(-1, 2)
            world = points * film.image.scale + film.image.translate
            away = np.abs(world - camera.center[-2:]).max(axis=0) * camera.zoom
            assert away[0] < height / 2
            assert away[1] < width / 2
            assert np.ptp(world[:, 0]) * camera.zoom > height / 4

    def test_page_keys_walk_and_stop_at_the_ends(self, dates):
        dates.point_at(0)
        dates.do("key", "Page_Down")
        assert dates.dock.level == "T5"
        dates.do("key", "Page_Up")
        dates.do("key", "Page_Up")
        assert dates.dock.level == "T4"
        for _ in range(15):
            dates.dock.next_vertebra()
        assert dates.dock.level == "L4"

    @pytest.mark.parametrize("part", [0, 1])
    def test_zooming_and_panning_over_either_film_moves_both(self, dates, part):
        dates.click_row("T8")
        camera = dates.viewer.scene.camera
        then, now = dates.dock.films
        before = [world_centre(film, "T8") for film in (then, now)]
        zoom = camera.zoom
        dates.point_at(part, 0.3)
        dates.do("click", 4)
        assert becomes(lambda: camera.zoom > zoom)
        centre = camera.center
        dates.do("mousedown", 1)
        for _ in range(4):
            dates.do("mousemove_relative", "--", 10, 6)
        dates.do("mouseup", 1)
        assert becomes(lambda: camera.center != centre)
        after = [world_centre(film, "T8") for film in (then, now)]
        np.testing.assert_array_equal(before, after)
        np.testing.assert_allclose(*after)

    def test_right_drag_windows_the_film_below_it_alone(self, dates):
        then, now = dates.dock.films
        words = then.window_words, now.window_words
        dates.point_at(1)
        dates.do("mousedown", 3)
        dates.do("mousemove_relative", "--", 40, 20)
        dates.do("mouseup", 3)
        assert then.window_words == words[0]
        assert now.window_words != words[1]
        assert now.window_words in dates.dock.sides[1].text()

    def test_keys_window_invert_hide_and_fit(self, dates):
        then, now = dates.dock.films
        dates.point_at(0)
        words = then.window_words
        dates.do("key", "a")
        assert then.window_words != words
        dates.do("key", "w")
        dates.do("key", "i")
        assert {film.image.colormap.name for film in (then, now)} == {"gray_r"}
        dates.do("keydown", "h")
        assert not then.outline.visible
        assert then.image.visible
        dates.do("keyup", "h")
        settle(0.2)
        assert now.outline.visible
        dates.do("key", "f")
        close = dates.viewer.scene.camera.zoom
        dates.do("key", "shift+f")
        assert dates.viewer.scene.camera.zoom < close

    def test_table_says_what_differs(self, dates):
        table = dates.dock.table
        row = table.row_levels.index("T7")
        cells = [table.item(row, column).text() for column in range(7)]
        assert cells[:4] == ["T7", "2", "0", "27 \u2192 10 %"]
        assert cells[5] == "+17.0"
        assert cells[6] == "grade lower by 2, biconcave then; visual 2 then, 0 now"
        dates.click_row("T7")
        assert "middle 10.2 \u2192 12.8" in dates.dock.details.text()

    def test_everything_fits_a_small_screen_and_all_levels_are_seen(self, dates):
        dates.click_row("T6")
        assert_fits(dates.dock)
        assert not dates.dock.table.verticalScrollBar().isVisible()

    def test_choosing_a_vertebra_lays_the_films_once(self, dates, monkeypatch):
        laid = []
        lay = comparing.lay
        monkeypatch.setattr(comparing, "lay", lambda *given: laid.append(given[-1]) or lay(*given))
        for level in GRADED.levels:
            dates.dock.go_to_level(level)
            settle(0.02)
        assert laid == list(GRADED.levels)


def assert_fits(dock):
    """Nothing of a dock is cut off at 1366 x 768, and no words are wider than their place."""
    settle(0.2)
    assert dock.mapToGlobal(QPoint(0, dock.height())).y() <= 768
    assert dock.mapToGlobal(QPoint(dock.width(), 0)).x() <= 1366
    for part in [*dock.findChildren(QPushButton), *dock.findChildren(QLabel), *dock.findChildren(QCheckBox)]:
        if not part.isVisible() or not part.text():
            continue
        assert dock.rect().contains(part.mapTo(dock, part.rect().center())), part.text()
        if isinstance(part, QLabel) and part.wordWrap():
            assert part.heightForWidth(part.width()) <= part.height() + 1, part.text()
        else:
            assert part.sizeHint().width() <= part.width() + 1, part.text()
    boxes = [part.geometry() for part in dock.children() if isinstance(part, QWidget) and part.isVisible()]
    assert not [(one, other) for n, one in enumerate(boxes) for other in boxes[:n] if one.intersects(other)]


class TestBadInput:
    def test_films_without_mm_are_shown_by_height_and_that_is_said(self, copies, compare):
        files = [copies / f"{name}_R1_1.reading.json" for name in EXAMS]
        for path in files:
            write_reading(evolve(read_reading(path), calibration=Calibration()), path, force=True)
        dock = compare(files)
        dock.go_to_level("T8")
        assert "posterior heights round T8 shown equal" in dock.laid_words.text()
        assert dock.films[0].image.scale[0] == 1.0
        world = [film.dated.points[LEVELS.index("T8")] * film.image.scale for film in dock.films]
        heights = [points[5, 0] - points[2, 0] for points in world]
        assert heights[1] == pytest.approx(heights[0], rel=0.05)

    def test_different_patients_and_pixel_sizes_are_shown_and_said(self, copies, compare):
        files = [copies / "child_R1_1.reading.json", copies / "wedge-biconcave_R1_1.reading.json"]
        changed = evolve(
            read_reading(files[1]),
            calibration=Calibration(CalibrationState.ERMF, 0.25, 0.2),
            exam=Exam("somebody else", "e"),
        )
        write_reading(changed, files[1], force=True)
        dock = compare(files)
        assert len(dock.films) == 2
        assert "The readings name different patients" in dock.words.text()
        assert "somebody else" not in dock.words.text()
        assert "Mm are of different kinds: detector then, ermf now" in dock.words.text()
        dock.go_to_level("T8")
        assert [tuple(film.image.scale) for film in dock.films] == [(0.17, 0.17), (0.25, 0.2)]

    def test_film_that_is_missing_is_a_blank_with_its_landmarks(self, copies, compare):
        """And with it everything else that there can be to say."""
        (copies / "child.dcm").unlink()
        files = [copies / f"{name}_R1_1.reading.json" for name in EXAMS]
        exam, image = Exam("somebody else", "e"), read_reading(files[0]).image
        changed = {"exam": exam, "reader": "Dr. Long-Name", "calibration": Calibration(), "image": image}
        changed |= {"counted_from": CountedFrom.C2}
        write_reading(evolve(read_reading(files[0]), **changed), files[0], force=True)
        dock = compare(files)
        assert f"Then: {NO_FILM}" in dock.words.text()
        assert len(dock.films[0].outline.data) == 13 * 6
        assert dock.films[0].shown is None
        dock.go_to_level("T8")
        dock.automatic_window()
        assert_fits(dock)

    def test_unreadable_reading_is_said_and_nothing_is_opened(self, copies, opened):
        broken = copies / "child_R1_1.reading.json"
        broken.write_text(broken.read_text(encoding="utf-8")[:300], encoding="utf-8")
        files = [broken, copies / "child-year-later_R1_1.reading.json"]
        before = len(QApplication.topLevelWidgets())
        with pytest.raises(FormatError, match="child_R1_1"):
            open_comparison(files)
        assert len(QApplication.topLevelWidgets()) == before
        viewer, dock = opened(*open_comparison())
        assert "Open readings" in dock.words.text()
        dock.open_files(files)
        assert "it is cut off" in dock.words.text()
        assert len(viewer.layers) == 0

    def test_two_more_take_the_place_of_the_two_before(self, dates):
        dates.dock.open_files([reading_of("child", "R2_1"), reading_of("child-year-later", "R3_1")])
        assert len(dates.viewer.layers) == 8
        assert "Read by R2 then, by R3 now" in dates.dock.words.text()

    def test_an_empty_dock_does_nothing_and_says_how_to_begin(self, opened):
        for make in (open_comparison, open_adjudication):
            _, dock = opened(*make())
            for shortcut in dock.shortcuts:
                getattr(dock, shortcut.action)()
            dock.hide_overlay_end()
            dock.go_to_level("T8")
            dock.fit_vertebra()
            dock.show_windows()
            dock.table.mark("T8")
            assert "Open readings" in dock.words.text()
            assert dock.film_under(None) is None
            dock.open_layers()
            assert "got none" in dock.words.text()

    def test_readings_without_any_landmark_are_shown_as_bare_films(self, copies, compare):
        files = [copies / f"{name}_R1_1.reading.json" for name in EXAMS]
        for path in files:
            write_reading(evolve(read_reading(path), vertebrae=()), path, force=True)
        dock = compare(files)
        dock.go_to_level("T8")
        assert "do not meet" in dock.laid_words.text()
        assert dock.details.text().count("-") >= 6

    def test_file_dialog_opens_what_was_chosen(self, opened, monkeypatch):
        _, dock = opened(*open_comparison())
        chosen = [str(reading_of(name)) for name in EXAMS]
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (chosen, ""))
        dock.choose_files()
        assert len(dock.films) == 2
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
        dock.choose_files()
        assert len(dock.films) == 2


def texts(dock):
    """Return all words of a dock's table."""
    table = dock.table
    cells = [(row, column) for row in range(table.rowCount()) for column in range(table.columnCount())]
    every = (table.item(*cell) for cell in cells)
    return [item.text() for item in every if item is not None]


class TestReaders:
    def test_first_readings_are_shown_and_later_ones_wait(self, readers):
        assert [box.text() for box in readers.dock._boxes] == ["R1/1", "R1/2", "R2/1", "R2/2", "R3/1"]
        assert readers.dock.shown == (0, 2, 4)
        assert readers.dock.how.text().startswith("3 of 5 shown, by level")
        assert len(readers.dock.films[0].ellipses.data) > 0

    def test_keys_and_boxes_show_and_hide_readers(self, readers):
        readers.point_at(0)
        readers.do("key", "2")
        assert readers.dock.shown == (0, 1, 2, 4)
        readers.click_on(readers.dock._boxes[0], QPoint(8, 8))
        assert readers.dock.shown == (1, 2, 4)
        names = [readers.dock.table.horizontalHeaderItem(n).text() for n in range(1, 4)]
        assert names == ["R1/2", "R2/1", "R3/1"]
        for n in (1, 2, 4):
            readers.dock.toggle(n)
        assert readers.dock.shown == ()
        assert len(readers.dock.films[0].dots.data) == 0
        readers.dock.fit_vertebra()
        readers.dock.toggle(8)
        assert readers.dock.shown == ()

    def test_a_level_is_what_each_made_of_it(self, readers):
        table = readers.dock.table
        row = table.row_levels.index("L2")
        assert [table.item(row, column).text() for column in range(6)] == [
            "L2",
            "1? (1)",
            "0 (0.5)",
            "2? (2)",
            "17 to 27 %",
            "2.2 mm",
        ]
        readers.click_row("T4")
        assert table.item(table.row_levels.index("T4"), 3).text() == "n.e."
        assert "not evaluable, says R3/1" in readers.dock.details.text()

    def test_headings_and_the_key_sort(self, readers):
        header = readers.dock.table.horizontalHeader()

        def click(column):
            at = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
            readers.click_on(header.viewport(), QPoint(at, 8))

        click(2)
        assert readers.dock.levels[:2] == ("L2", "T4")
        assert readers.dock.table.row_levels == readers.dock.levels
        assert "most disagreement first" in readers.dock.how.text()
        readers.point_at(0)
        readers.do("key", "Page_Down")
        assert readers.dock.level == "T8"
        click(0)
        assert readers.dock.levels == GRADED.levels
        readers.point_at(0)
        readers.do("key", "s")
        assert readers.dock.levels[0] == "L2"

    def test_ellipses_can_be_put_away_and_readers_still_change(self, readers):
        """A layer that is hidden has to take other data all the same."""
        readers.point_at(0)
        readers.do("key", "e")
        assert not readers.dock.films[0].ellipses.visible
        readers.dock.toggle(0)
        readers.dock.hide_overlay()
        for n in (0, 1, 2):
            readers.dock.toggle(n)
        readers.dock.hide_overlay_end()
        assert readers.dock.shown == (0, 1, 4)
        assert not readers.dock.films[0].ellipses.visible
        readers.dock.toggle_spread()
        assert readers.dock.films[0].means.visible

    def test_a_click_fits_the_vertebra_with_its_name(self, readers):
        readers.click_row("T12")
        camera = readers.viewer.scene.camera
        points = readers.dock.mean[LEVELS.index("T12")] * 0.25
        away = np.abs(points - camera.center[-2:]).max(axis=0) * camera.zoom
        height, width = readers.viewer.canvas.size
        assert away[0] < height / 2
        assert away[1] < width / 2

    def test_everything_fits_a_small_screen(self, readers):
        for n in (1, 3):
            readers.dock.toggle(n)
        readers.click_row("L2")
        assert_fits(readers.dock)

    def test_twelve_readers_with_long_names_fit_too(self, copies, adjudicate):
        first = copies / "wedge-biconcave_R1_1.reading.json"
        files = []
        for n in range(12):
            files.append(copies / f"x{n}.reading.json")
            write_reading(evolve(read_reading(first), reader=f"a radiologist of long name {n}"), files[-1])
        dock = adjudicate(files)
        assert len(dock.shown) == 12
        assert len({box.text() for box in dock._boxes}) == 12
        assert dock.table.horizontalHeaderItem(12).text() == "12"
        assert_fits(dock)

    def test_one_reading_alone_is_shown_and_that_is_said(self, adjudicate):
        dock = adjudicate([reading_of("crush")])
        assert "Only one reading" in dock.words.text()
        assert len(dock.films[0].ellipses.data) == 0

    def test_one_reader_on_several_occasions_is_all_shown(self, adjudicate):
        dock = adjudicate([reading_of("crush"), reading_of("crush", "R1_2")])
        assert dock.shown == (0, 1)

    def test_level_that_one_has_not_read_is_an_empty_cell(self, copies, adjudicate):
        files = [copies / f"wedge-biconcave_{by}.reading.json" for by in ("R1_1", "R2_1")]
        write_reading(evolve(read_reading(files[1]), vertebrae=()), files[1], force=True)
        dock = adjudicate(files)
        assert [dock.table.item(0, column).text() for column in range(5)] == ["T4", "0 (0)", "", "12 %", ""]
        assert dock.details.text() == "<b>T4</b>"

    def test_same_reader_and_occasion_twice_is_shown_and_said(self, copies, adjudicate):
        first = copies / "wedge-biconcave_R1_1.reading.json"
        again = copies / "again.reading.json"
        shutil.copy(first, again)
        dock = adjudicate([first, again])
        assert dock.names == ("R1/1", "R1/1b")
        assert "Occasion 1 of R1 is here more than once" in dock.words.text()

    def test_what_differs_between_readings_is_said(self, copies, adjudicate):
        files = [copies / f"wedge-biconcave_{by}.reading.json" for by in ("R1_1", "R2_1")]
        changed = evolve(
            read_reading(files[1]),
            calibration=Calibration(CalibrationState.USER, 0.3, 0.3),
            counted_from=CountedFrom.C2,
            exam=Exam("somebody else", "e"),
        )
        write_reading(changed, files[1], force=True)
        dock = adjudicate(files)
        said = dock.words.text()
        assert "differ in the size of a pixel: distances are by 0.25 mm" in said
        assert "differ in where levels were counted from" in said
        assert "differ in which patient it is" in said
        assert "somebody else" not in said
        (copies / "wedge-biconcave.dcm").unlink()
        dock.open_files(files)
        assert "distances are by no mm" in dock.words.text()
        assert NO_FILM[1:] in dock.words.text()
        assert "apart at each (front, middle, back)" in dock.details.text()

    def test_readings_of_another_film_are_refused_by_name(self, adjudicate):
        files = [reading_of("crush"), reading_of("crush", "R2_1"), reading_of("child")]
        dock = adjudicate(files)
        assert len(dock.readings) == 2
        assert "Left out, not of crush.dcm: child_R1_1.reading.json" in dock.words.text()

    def test_right_drag_windows_and_does_not_move_the_film(self, readers):
        camera = readers.viewer.scene.camera
        centre, words = camera.center, readers.dock.films[0].window_words
        readers.point_at(0)
        readers.do("mousedown", 3)
        readers.do("mousemove_relative", "--", 30, 10)
        readers.do("mouseup", 3)
        assert readers.dock.films[0].window_words != words
        assert camera.center == centre


BOTH = pytest.mark.parametrize(
    ("make", "files", "what"),
    [
        (open_comparison, [reading_of(name) for name in EXAMS], "Compare two dates"),
        (open_adjudication, [reading_of("crush"), reading_of("crush", "R2_1")], "Compare readers"),
    ],
)


class TestBlinding:
    @BOTH
    def test_opening_a_blinded_reading_closes_the_view_at_once(self, opened, make, files, what):
        viewer, dock = opened(*make(files))
        assert len(viewer.layers) > 0
        with BLINDING.held():
            assert len(viewer.layers) == 0
            assert dock.films == []
            assert texts(dock) == []
            parts = [*dock.findChildren(QLabel), *dock.findChildren(QCheckBox)]
            seen = [part for part in parts if part.isVisible()]
            words = [*(part.text() for part in seen), *(part.toolTip() for part in seen)]
            assert not [one for one in words if "R1" in one or "2025" in one]
            assert dock.words.text() == "Closed: a blinded reading is open"
            dock.open_files(files)
            assert f"{what}: expected no blinded reading to be open" in dock.words.text()
            dock.open_layers()
            assert len(viewer.layers) == 0
        assert "Open readings" in dock.words.text()
        dock.open_files(files)
        assert len(viewer.layers) > 0

    def test_nothing_opens_in_a_window_of_its_own_either(self, copies, opened):
        film = copies / "child.dcm"
        viewer, desk = opened(*open_desk(open_film(film), film, "R9"))
        dock = CompareDates(viewer)
        two = two_from_files([copies / f"{name}_R1_1.reading.json" for name in EXAMS])
        before = len(QApplication.topLevelWidgets())
        with BLINDING.held(), pytest.raises(ReadingError):
            dock.show_two(*two)
        assert len(QApplication.topLevelWidgets()) == before
        desk.close_film()

    @BOTH
    def test_nothing_opens_while_one_is_open(self, opened, monkeypatch, make, files, what):
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: pytest.fail("files were asked for"))
        viewer, dock = opened(*make())
        with BLINDING.held():
            before = len(QApplication.topLevelWidgets())
            with pytest.raises(ReadingError, match=f"^{what}: expected no blinded reading"):
                make(files)
            assert len(QApplication.topLevelWidgets()) == before
            dock.choose_files()
            assert f"{what}: expected no blinded reading" in dock.words.text()
            kind = type(dock)(viewer)
            assert kind.words.text() == "Closed: a blinded reading is open"
            with pytest.raises(ReadingError):
                make()

    def test_dock_that_was_taken_away_does_not_trouble_anybody(self, opened):
        viewer, dock = opened(*open_comparison([reading_of(name) for name in EXAMS]))
        viewer.window.remove_dock_widget(dock)
        dock.deleteLater()
        settle(0.1)
        with BLINDING.held():
            assert len(viewer.layers) == 0


class TestTheViewerIsGivenBack:
    @pytest.fixture
    def viewer(self, opened):
        """Give a viewer with two films and their readings open, a key and a mouse callback of somebody's."""
        viewer = napari.Viewer()
        for name in EXAMS:
            pixels, keywords, _ = image_layer(open_film(SAMPLES / f"{name}.dcm"), SAMPLES / f"{name}.dcm")
            viewer.add_image(pixels, **keywords)
        for name in EXAMS:
            places, keywords, _ = points_layer(read_reading(reading_of(name)), name)
            viewer.add_points(places, **keywords)
        viewer.bind_key("F", theirs)
        viewer.mouse_drag_callbacks.append(theirs)
        opened(viewer, None)
        return viewer

    def dock_in(self, viewer, kind):
        dock = kind(viewer)
        viewer.window.add_dock_widget(dock, name=dock.what, area="right")
        settle(0.1)
        return dock

    def assert_as_before(self, viewer, count=4):
        assert len(viewer.layers) == count
        assert all(layer.visible for layer in viewer.layers)
        assert not viewer.canvas.grid.enabled
        assert theirs in viewer.mouse_drag_callbacks
        assert [call for key, call in viewer.keymap.items() if str(key) == "F"] == [theirs]
        assert not [key for key in viewer.keymap if str(key) in ("PageDown", "H")]

    def test_layers_that_are_open_are_compared_and_come_back(self, viewer):
        dock = self.dock_in(viewer, CompareDates)
        dock.open_layers()
        assert [film.shown is not None for film in dock.films] == [True, True]
        assert [layer.visible for layer in viewer.layers[:4]] == [False] * 4
        grid, layers = viewer.canvas.grid, viewer.layers
        assert [grid.position(layers.index(film.image), layers) for film in dock.films] == [(0, 0), (0, 1)]
        assert theirs not in viewer.mouse_drag_callbacks
        dock.clear("done")
        assert dock.words.text() == "done"
        self.assert_as_before(viewer)

    def test_when_the_dock_is_closed(self, viewer):
        dock = self.dock_in(viewer, CompareReaders)
        dock.open_layers()
        assert "Left out, not of the film that is open: child" in dock.words.text()
        viewer.window.remove_dock_widget(dock)
        settle(0.1)
        self.assert_as_before(viewer)
        dock.close()

    def test_when_the_widget_is_closed(self, viewer):
        dock = CompareDates(viewer)
        dock.show()
        dock.open_layers()
        dock.close()
        self.assert_as_before(viewer)

    def test_when_another_layer_is_opened(self, viewer):
        dock = self.dock_in(viewer, CompareDates)
        dock.open_layers()
        viewer.add_points(np.zeros((1, 2)))
        settle(0.1)
        assert "another layer was opened" in dock.words.text()
        self.assert_as_before(viewer, 5)

    def test_when_one_of_its_layers_is_removed(self, viewer):
        dock = self.dock_in(viewer, CompareDates)
        dock.open_layers()
        viewer.layers.remove(dock.films[1].rings)
        settle(0.1)
        assert "one of its layers was removed" in dock.words.text()
        self.assert_as_before(viewer)

    def test_when_showing_fails(self, viewer, monkeypatch):
        """As when memory runs out over the second film."""
        dock = self.dock_in(viewer, CompareDates)
        monkeypatch.setattr(DateLayers, "caption", fails)
        with pytest.raises(MemoryError):
            dock.open_layers()
        assert dock.films == []
        self.assert_as_before(viewer)

    def test_hiding_the_dock_gives_the_keys_back_and_showing_it_takes_them(self, viewer):
        dock = self.dock_in(viewer, CompareDates)
        dock.open_layers()
        dock.hide()
        assert [call for key, call in viewer.keymap.items() if str(key) == "F"] == [theirs]
        dock.show()
        assert [call for key, call in viewer.keymap.items() if str(key) == "F"] != [theirs]
        dock.clear()
        self.assert_as_before(viewer)


def theirs(*_):
    """Do nothing, as somebody's key or mouse callback."""


def fails(*_):
    raise MemoryError


class TestBesideTheDesk:
    @pytest.mark.parametrize(
        ("kind", "files"),
        [
            (CompareDates, ("child_R1_1", "child-year-later_R1_1")),
            (CompareReaders, ("child_R1_1", "child_R2_1")),
        ],
    )
    def test_window_in_which_a_film_is_read_is_left_alone(self, copies, opened, kind, files):
        film = copies / "child.dcm"
        viewer, desk = opened(*open_desk(open_film(film), film, "R9"))
        dock = kind(viewer)
        viewer.window.add_dock_widget(dock, name=dock.what, area="right")
        before = list(viewer.layers)
        dock.open_files([copies / f"{name}.reading.json" for name in files])
        opened.viewers.append(dock.elsewhere.viewer)
        assert list(viewer.layers) == before
        assert dock.films == []
        assert "a window of its own" in dock.words.text()
        assert dock.elsewhere.viewer is not viewer
        assert dock.elsewhere.films
        desk.grade_2()
        assert desk.editor.reading.vertebrae[0].visual_grade == 2.0
        desk.close_film()

    def test_a_desk_that_is_opened_in_its_window_ends_the_comparison(self, copies, opened, xdotool):
        viewer, dock = opened(*open_comparison([copies / f"{name}_R1_1.reading.json" for name in EXAMS]))
        film = copies / "wedge-biconcave.dcm"
        pixels, keywords, _ = image_layer(open_film(film), film)
        viewer.add_image(pixels, **keywords)
        desk = ReadingDesk(viewer, reader="R9")
        viewer.window.add_dock_widget(desk, name="Reading desk", area="right")
        settle(0.5)
        assert dock.films == []
        binding = desk.binding
        assert set(viewer.layers) == {binding.film, binding.marks, binding.labels, binding.outline}
        assert all(layer.visible for layer in viewer.layers)
        assert not viewer.canvas.grid.enabled
        callbacks = viewer.mouse_drag_callbacks
        assert binding in [getattr(one, "__self__", None) for one in callbacks]
        assert dock._drag not in callbacks
        at_desk = Looker(viewer, desk, xdotool)
        at_desk.point_at(0)
        at_desk.do("key", "Page_Down")
        assert becomes(lambda: desk.editor.level == "T5")
        desk.close_film()


@BOTH
def test_nothing_is_ever_written(copies, opened, make, files, what):
    """Every action of every view, and all files are as they were."""
    own = copies
    for path in files:
        shutil.copy(path, own)
    before = sums(own)
    _, dock = opened(*make([own / path.name for path in files]))
    for _ in range(2):
        for shortcut in dock.shortcuts:
            getattr(dock, shortcut.action)()
            QApplication.processEvents()
    dock.hide_overlay_end()
    dock.close()
    assert sums(own) == before
