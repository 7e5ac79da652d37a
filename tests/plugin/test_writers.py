"""Points of a reading back into files: nothing lost, nobody else's reading replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from napari_spinegrade.editor import ReadingEditor
from napari_spinegrade.layers import marks_of
from napari_spinegrade.readers import points_layer
from napari_spinegrade.writers import reading_of
from spinegrade.errors import FormatError, ReadingError, SpinegradeError
from spinegrade.io.columns import TABLE_COLUMNS
from spinegrade.io.reading_json import read_reading, write_reading
from spinegrade.io.reading_table import frame_readings, reading_rows, readings_frame
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, Status, VertebraReading

SAMPLES = Path(__file__).parents[2] / "sample_images"
READING = SAMPLES / "readings" / "wedge-biconcave_R1_1.reading.json"


@pytest.fixture
def layer(viewer):
    """Give the points layer of a reading file."""
    return viewer.open(READING, plugin="spinegrade")[0]


def save(layer, path):
    """Save a layer as napari does; what is wrong with it is raised as the core says it."""
    try:
        return layer.save(str(path), plugin="spinegrade")
    except RuntimeError as error:
        raise type(error.__cause__)(str(error)) from None


class TestReadingFile:
    def test_is_the_same_where_nothing_was_moved(self, layer, tmp_path):
        assert save(layer, tmp_path / "a.reading.json") == [str(tmp_path / "a.reading.json")]
        assert (tmp_path / "a.reading.json").read_bytes() == READING.read_bytes()

    def test_has_a_point_where_it_was_moved(self, layer, tmp_path):
        layer.data = layer.data + np.eye(len(layer.data), 2) * 0.25
        save(layer, tmp_path / "a.reading.json")
        found, before = read_reading(tmp_path / "a.reading.json"), read_reading(READING)
        level, name = layer.features["level"][0], layer.features["landmark"][0]
        old, new = (
            next(one for one in reading.vertebrae if one.level == level).landmarks[name]
            for reading in (before, found)
        )
        assert (new.row, new.column) == (old.row + 0.25, old.column)
        assert np.nansum(np.abs(found.landmarks - before.landmarks)) == pytest.approx(0.5)

    def test_tells_that_points_were_edited_so_that_the_desk_can_take_it_back(self, layer, tmp_path):
        before = read_reading(READING)
        layer.data = layer.data + 1.0
        save(layer, tmp_path / "a.reading.json")
        found = read_reading(tmp_path / "a.reading.json")
        assert found.events[:-1] == before.events
        assert found.events[-1].did == "edit points"
        editor = ReadingEditor(found)
        editor.undo()
        np.testing.assert_array_equal(editor.reading.landmarks, before.landmarks)

    def test_lacks_a_point_that_was_deleted(self, layer, tmp_path):
        level, name = layer.features["level"][3], layer.features["landmark"][3]
        layer.selected_data = {3}
        layer.remove_selected()
        save(layer, tmp_path / "a.reading.json")
        found = read_reading(tmp_path / "a.reading.json")
        assert name not in next(one for one in found.vertebrae if one.level == level).landmarks

    def test_with_a_point_that_napari_added_is_refused(self, layer, tmp_path):
        """It has the names of the last point, which is there already."""
        layer.add(np.array([[5.0, 5.0]]))
        with pytest.raises(ReadingError, match="once, got it twice"):
            save(layer, tmp_path / "a.reading.json")
        assert list(tmp_path.iterdir()) == []

    def test_keeps_what_is_not_drawn(self):
        """The desk draws placed landmarks only."""
        body = VertebraReading(
            "T8",
            {
                "superior_anterior": Landmark(1.0, 2.0),
                "superior_middle": Landmark(1.0, 4.0, Status.PROPOSED),
                "superior_posterior": Landmark(status=Status.NOT_VISIBLE),
            },
            visual_grade=2.0,
        )
        hidden = VertebraReading("T4", evaluable=False, not_evaluable_reason=NotEvaluableReason.OVERLAP)
        reading = Reading(Exam("p", "e"), "R1", vertebrae=(hidden, body))
        marks = marks_of(reading)
        keywords = {"features": marks.features, "metadata": {"spinegrade": {"reading": reading}}}
        assert reading_of(marks.places, keywords) == reading
        data, whole, _ = points_layer(reading, "a")
        assert reading_of(data, whole) == reading

    def test_of_the_same_reading_is_replaced(self, layer, tmp_path):
        target = tmp_path / "a.reading.json"
        write_reading(evolve(read_reading(READING), vertebrae=()), target)
        save(layer, target)
        assert target.read_bytes() == READING.read_bytes()

    @pytest.mark.parametrize(
        ("other", "words"),
        [
            ("wedge-biconcave_R2_1", "reader R1, got one of R2"),
            ("wedge-biconcave_R1_2", "occasion 1, got one of 2"),
            ("crush_R1_1", "exam wedge-biconcave-1, got one of crush-1"),
        ],
    )
    def test_of_another_reading_is_never_replaced(self, layer, tmp_path, other, words):
        target = tmp_path / "a.reading.json"
        content = (SAMPLES / "readings" / f"{other}.reading.json").read_bytes()
        target.write_bytes(content)
        with pytest.raises(ReadingError, match=words):
            save(layer, target)
        assert target.read_bytes() == content

    def test_of_another_film_is_never_replaced(self, layer, tmp_path):
        reading = read_reading(READING)
        target = tmp_path / "a.reading.json"
        write_reading(evolve(reading, image=evolve(reading.image, sha256="0" * 64)), target)
        with pytest.raises(ReadingError, match="of the same film, got one of other pixels"):
            save(layer, target)

    def test_that_is_none_is_never_replaced(self, layer, tmp_path):
        (tmp_path / "a.reading.json").write_text("something else")
        with pytest.raises(FormatError, match="expected JSON"):
            save(layer, tmp_path / "a.reading.json")


class TestTable:
    @pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
    def test_has_what_a_table_can_hold(self, layer, tmp_path, name):
        save(layer, tmp_path / name)
        read = pl.read_csv if name.endswith("csv") else pl.read_parquet
        frame = read(tmp_path / name)
        assert tuple(frame.columns) == TABLE_COLUMNS
        expected = readings_frame(reading_rows(read_reading(READING)))
        assert frame["level"].to_list() == expected["level"].to_list()
        np.testing.assert_array_equal(frame["superior_middle_row"], expected["superior_middle_row"])

    def test_is_a_landmark_table_that_the_core_reads(self, layer, tmp_path):
        from spinegrade.io.landmark_table import CsvTable

        save(layer, tmp_path / "a.csv")
        (batch,) = CsvTable.open(tmp_path / "a.csv", ignore_unknown=False).batches(1000)
        frame, problems = batch.load()
        assert problems == []
        (reading,) = frame_readings(frame)
        np.testing.assert_array_equal(reading.landmarks, read_reading(READING).landmarks)

    def test_that_cannot_be_finished_leaves_the_one_before(self, layer, tmp_path, monkeypatch):
        def fail(*_):
            raise OSError(28, "No space left on device")

        (tmp_path / "a.csv").write_text("before")
        monkeypatch.setattr("spinegrade.io.results.CsvWriter.write", fail)
        with pytest.raises(FormatError, match="No space left on device"):
            save(layer, tmp_path / "a.csv")
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
        assert (tmp_path / "a.csv").read_text() == "before"

    def test_of_nothing_is_refused(self, tmp_path, viewer):
        path = tmp_path / "a.reading.json"
        write_reading(evolve(read_reading(READING), vertebrae=()), path)
        (layer,) = viewer.open(path, plugin="spinegrade")
        with pytest.raises(FormatError, match="expected a reading with vertebrae"):
            save(layer, tmp_path / "a.csv")


class TestOtherLayers:
    def test_without_names_are_refused(self, viewer, tmp_path):
        layer = viewer.add_points(np.zeros((3, 2)), name="spots")
        with pytest.raises(
            SpinegradeError, match="layer spots: expected points of a reading, got one without level and"
        ):
            save(layer, tmp_path / "a.reading.json")

    def test_that_no_reading_belongs_to_are_refused(self, viewer, tmp_path):
        features = {"level": ["T8"], "landmark": ["superior_middle"]}
        layer = viewer.add_points(np.zeros((1, 2)), features=features)
        with pytest.raises(SpinegradeError, match="that no reading belongs to"):
            save(layer, tmp_path / "a.parquet")

    def test_of_other_names_are_refused(self, layer, tmp_path):
        layer.features = layer.features.assign(level="T99")
        with pytest.raises(ReadingError, match="'T99'"):
            save(layer, tmp_path / "a.csv")
        assert list(tmp_path.iterdir()) == []
