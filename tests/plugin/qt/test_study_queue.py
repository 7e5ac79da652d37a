"""A reader study through the queue in a real window: read by mouse and keys, committed, analysed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import polars as pl
import pytest
from qtpy.QtWidgets import QMessageBox

from at_desk import SAMPLES, Reader, settle
from napari_spinegrade.app import open_desk, open_study
from napari_spinegrade.blinding import BLINDING
from spinegrade.anatomy import LEVELS
from spinegrade.cli import main
from spinegrade.errors import ReadingError
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import read_reading
from spinegrade.study.sessions import ReaderSession
from spinegrade.study.store import Store

pytest.importorskip("sqlalchemy")

PROTOCOL = """
title = "Three levels of three films"
films = ["films"]
readers = ["R1", "R2"]
seed = 3
levels = "T12-L1"
occasions = 2
washout_days = 0
asked = ["landmarks", "visual_grade"]
"""
FILMS = ("wedge-biconcave", "crush", "normal-adult")


@pytest.fixture
def study(tmp_path):
    """Give a study of three sample films, made by the command line."""
    (tmp_path / "films").mkdir()
    for name in FILMS:
        shutil.copy(SAMPLES / f"{name}.dcm", tmp_path / "films")
    (tmp_path / "protocol.toml").write_text(PROTOCOL)
    where = tmp_path / "my.study"
    assert main(["study", "new", str(tmp_path / "protocol.toml"), str(where)]) == 0
    return where


@pytest.fixture
def queue_of(qapp, study):
    """Give what opens the queue for a reader, and closes it after the test."""
    opened = []

    def open_it(reader):
        viewer, queue = open_study(str(study), reader)
        opened.append((viewer, queue))
        settle(0.5)
        return viewer, queue

    yield open_it
    for viewer, queue in opened:
        queue.sign_out()
        viewer.close()
    settle()


def truths():
    """Return the true landmarks of the films, by the hash of their pixels."""
    found = (read_reading(SAMPLES / "truth" / f"{name}.reading.json") for name in FILMS)
    return {one.image.sha256: one for one in found}


class StudyReader(Reader):
    """A reader who sees what is there, give or take a pixel or so, and grades what it looks like."""

    def __init__(self, viewer, queue, hand, seed):
        super().__init__(viewer, queue.desk, hand)
        self.queue, self.noise = queue, np.random.default_rng(seed)

    def read_film(self):
        """Read the film at hand with the mouse, and grade with keys."""
        truth = truths()[self.desk.editor.reading.image.sha256]
        for level in ("T12", "L1"):
            self.look_at(truth.landmarks[LEVELS.index(level)])
            by_name = next(one for one in truth.vertebrae if one.level == level).landmarks
            while self.desk.editor.cursor is not None and self.desk.editor.cursor.level == level:
                mark = by_name[self.desk.editor.cursor.landmark]
                self.click(*(np.array([mark.row, mark.column]) + self.noise.normal(0, 1.0, 2)))
            self.do("key", "1" if self.noise.random() < 0.2 else "0")


def test_two_readers_read_twice_and_the_study_is_analysed(queue_of, study, xdotool, tmp_path, capsys):
    for seed, (occasion, reader) in enumerate([(1, "R1"), (1, "R2"), (2, "R1"), (2, "R2")]):
        viewer, queue = queue_of(reader)
        scripted = StudyReader(viewer, queue, xdotool, seed)
        for number in range(3):
            assert queue.progress.text().startswith(f"{number} of 3 films read")
            assert queue.run.item.occasion == occasion
            scripted.read_film()
            assert queue.run.empty_answers() == ()
            queue.commit_button.click()
            settle()
        if occasion == 2:
            assert queue.run.item is None
            assert "Nothing is left to read" in queue.words.text()
            assert not queue.desk.isVisible()
        queue.sign_out()
    table, out = tmp_path / "study.csv", tmp_path / "out.json"
    assert main(["study", "export", "table", str(study), str(table)]) == 0
    rows = pl.read_csv(table)
    assert rows.select("exam", "reader", "occasion", "level").n_unique() == len(rows) == 2 * 2 * 3 * 2
    assert rows["superior_anterior_row"].null_count() == 0
    main(
        [
            "agree",
            str(table),
            "--levels",
            "T12-L1",
            "--measure",
            "anterior",
            "--resamples",
            "100",
            "--json",
            str(out),
        ]
    )
    capsys.readouterr()
    found = json.loads(out.read_text())
    assert found["readers"] == ["R1", "R2"]
    assert any(one["statistic"] == "icc_a1" and one["value"] > 0.8 for one in found["estimates"])


def test_commit_asks_about_empty_answers_and_locks(queue_of, study, monkeypatch):
    _, queue = queue_of("R1")
    first = queue.run.item
    asked = []

    def answer(value):
        def question(parent, title, words, *rest):
            asked.append(words)
            return value

        monkeypatch.setattr(QMessageBox, "question", question)

    answer(QMessageBox.StandardButton.No)
    queue.desk.grade_1()
    queue.commit()
    assert queue.run.item == first
    assert "T12: 6 of 6 landmarks" in asked[0]
    assert "T12: visual grade" not in asked[0]
    answer(QMessageBox.StandardButton.Yes)
    queue.commit()
    assert queue.run.item != first
    with ReaderSession.open(study, "R1") as session:
        committed = session.committed(first)
    assert committed.vertebrae[0].visual_grade == 1.0


def test_pause_lays_a_film_aside_and_a_new_sign_in_goes_on(queue_of):
    _, queue = queue_of("R1")
    first = queue.run.item
    queue.pause()
    assert "nothing to pause" in queue.words.text()
    queue.desk.grade_2()
    queue.pause()
    second = queue.run.item
    assert second != first
    queue.desk.grade_3()
    queue.sign_out()
    assert queue.form.isVisible()
    queue.sign_in()
    assert queue.run.item == second
    assert queue.desk.editor.reading.vertebrae[0].visual_grade == 3.0
    assert queue.desk.head.words.text() == "You go on where you stopped"


def test_nothing_else_can_be_seen_while_a_study_is_open(queue_of, film, tmp_path):
    viewer, queue = queue_of("R1")
    assert BLINDING.is_open
    with pytest.raises(ReadingError, match="blinded"):
        BLINDING.refuse("Compare readers")
    desk = queue.desk
    assert desk.hidden_numbers
    desk.toggle_numbers()
    assert desk.hidden_numbers
    assert "hides computed values" in desk.head.words.text()
    desk.grade_1()
    for action in ("new_reading", "next_film", "previous_film", "answer_yes", "adopt", "begin_beside"):
        getattr(desk, action)()
    assert desk.editor.reading.vertebrae[0].visual_grade == 1.0
    shown = " ".join(
        [viewer.title, desk.head.films.currentText(), desk.head.who.toolTip(), *map(str, viewer.layers)]
    )
    assert not any(name in shown for name in (*FILMS, str(tmp_path)))
    other, ordinary = open_desk(open_film(film), film, "R9")
    assert ordinary.binding is None
    other.close()
    queue.sign_out()
    assert not BLINDING.is_open


@pytest.mark.parametrize(
    ("where", "reader", "words"),
    [("nowhere.study", "R1", "nowhere.study"), (None, "R9", "'R9'"), (None, "", "expected the reader")],
)
def test_sign_in_that_fails_says_why_and_can_be_tried_again(qapp, study, where, reader, words):
    viewer, queue = open_study("", None)
    queue.where.setText(where or str(study))
    queue.reader.setText(reader)
    queue.sign_in()
    assert words in queue.words.text()
    assert not BLINDING.is_open
    queue.where.setText(str(study))
    queue.reader.setText("R2")
    queue.sign_in()
    assert queue.run.item is not None
    queue.sign_out()
    viewer.close()


def test_store_that_cannot_be_written_keeps_the_reading_until_it_can(queue_of, study):
    _, queue = queue_of("R1")
    holder = Store.open(study)
    with holder.writing():
        queue.run.session._store._patience = 0.1
        queue.desk.grade_1()
        assert queue.desk.head.kept.text() == "not saved"
    holder.close()
    queue.desk.save()
    assert queue.desk.head.kept.text() == "saved"


def test_a_locked_study_takes_nothing_more(queue_of, study):
    _, queue = queue_of("R1")
    assert main(["study", "lock", str(study), "--reason", "ended"]) == 0
    queue.desk.grade_1()
    assert "locked" in queue.desk.head.words.text()


def test_pack_is_read_without_the_store(qapp, study, tmp_path):
    pack = tmp_path / "pack"
    assert main(["study", "export", "pack", str(study), str(pack), "--reader", "R1"]) == 0
    viewer, queue = open_study(str(pack), None)
    assert queue.run.session.reader == "R1"
    queue.desk.grade_2()
    item = queue.run.item
    queue.run.commit(queue.run.empty_answers())
    queue.sign_out()
    viewer.close()
    assert main(["study", "add", str(study), str(pack)]) == 0
    with ReaderSession.open(study, "R1") as session:
        assert session.committed(item).vertebrae[0].visual_grade == 2.0
