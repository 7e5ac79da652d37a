"""Readings on disk: one holder, no film mixed up, and nothing acknowledged lost whatever is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from napari_spinegrade.opening import Wish, open_reading
from napari_spinegrade.saving import OtherReadingError, hold, next_occasion, reading_path
from plugin_worker import a_film
from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.reading_json import read_reading


@pytest.fixture
def film(tmp_path):
    """Give a film of 1000 x 800 pixels and the file that it is said to come from."""
    return a_film(1), tmp_path / "film.dcm"


class TestWhere:
    def test_one_file_a_reader_and_occasion_beside_the_film(self, tmp_path):
        path = reading_path(tmp_path / "spine.one.dcm", "Dr. A/B", 2)
        assert path == tmp_path / "spine.one_Dr.-A-B_2.reading.json"
        uid = tmp_path / "1.2.840.113619.2"
        assert reading_path(uid, "R1", 1).name == "1.2.840.113619.2_R1_1.reading.json"
        assert reading_path(tmp_path / "IM0001", "R1", 1, tmp_path / "r").parent == tmp_path / "r"

    def test_next_occasion_is_the_first_without_a_file(self, tmp_path):
        film = tmp_path / "film.dcm"
        assert next_occasion(film, "R1") == 1
        reading_path(film, "R1", 1).touch()
        reading_path(film, "R2", 2).touch()
        assert next_occasion(film, "R1") == 2


class TestHolding:
    def test_second_window_may_look_and_not_write(self, tmp_path):
        path = tmp_path / "r.reading.json"
        first, second = hold(path), hold(path)
        assert first.read_only == ""
        assert "being edited by" in second.read_only
        with pytest.raises(ReadingError, match="being edited by"):
            second.keep(None)
        first.let_go()
        assert hold(path).read_only == ""

    def test_a_process_that_was_killed_holds_nothing(self, tmp_path):
        path = tmp_path / "r.reading.json"
        code = f"""
            import time
            from pathlib import Path
            from napari_spinegrade.saving import hold
            held = hold(Path({str(path)!r}))
            print("held", flush=True)
            time.sleep(60)
        """
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"held\n"
        assert hold(path).read_only
        process.kill()
        process.wait()
        process.stdout.close()
        held = hold(path)
        assert held.read_only == ""
        held.let_go()

    def test_folder_that_cannot_be_written_is_read_only_and_says_so(self, tmp_path):
        held = hold(tmp_path / "none" / "r.reading.json")
        assert held.read_only == f"{tmp_path / 'none'} is no folder that can be written to"
        assert not (tmp_path / "none").exists()


class TestOpening:
    def test_new_reading_is_of_this_film_and_written_with_the_first_action(self, film):
        opened = open_reading(*film, Wish("R1"))
        assert opened.words == "New reading, kept in film_R1_1.reading.json"
        assert not opened.held.path.exists()
        opened.editor.place(10, 10)
        assert read_reading(opened.held.path).image == film[0].image
        opened.close()

    def test_goes_on_where_the_reader_stopped(self, film):
        opened = open_reading(*film, Wish("R1"))
        for n in range(8):
            opened.editor.place(10 + n, 10)
        opened.close()
        again = open_reading(*film, Wish("R1"))
        assert "Going on with your reading of" in again.words
        assert again.words.endswith("8 of 78 landmarks done")
        assert again.editor.cursor.words == "T5 superior posterior"
        assert again.editor.can_undo
        again.close()

    def test_second_window_on_one_reading_is_read_only(self, film):
        first, second = open_reading(*film, Wish("R1")), open_reading(*film, Wish("R1"))
        assert second.words.startswith("Read-only: it is being edited by")
        with pytest.raises(ReadingError, match="read-only"):
            second.editor.place(1, 1)
        first.close()

    def test_new_occasion_leaves_the_first_alone(self, film):
        first = open_reading(*film, Wish("R1"))
        first.editor.place(1, 1)
        second = open_reading(*film, Wish("R1", occasion=0))
        assert (second.held.path.name, second.editor.reading.occasion) == ("film_R1_2.reading.json", 2)
        assert second.editor.reading.vertebrae == ()
        second.editor.place(2, 2)
        first.close()
        second.close()
        again = open_reading(*film, Wish("R1"))
        assert (again.begun, again.editor.reading.occasion) == (True, 2)
        again.close()

    def test_reading_of_another_film_is_refused_and_left_alone(self, film):
        opened = open_reading(*film, Wish("R1"))
        opened.editor.place(1, 1)
        opened.close()
        before = opened.held.path.read_bytes()
        with pytest.raises(FormatError, match="expected a reading of the film with pixels"):
            open_reading(a_film(2), film[1], Wish("R1"))
        assert opened.held.path.read_bytes() == before

    def test_reading_beside_that_of_another_film_is_found_again_without_asking(self, film):
        opened = open_reading(*film, Wish("R1"))
        opened.editor.place(1, 1)
        opened.close()
        before = opened.held.path.read_bytes()
        beside = open_reading(a_film(2), film[1], Wish("R1", beside=True))
        beside.editor.place(2, 2)
        beside.close()
        again = open_reading(a_film(2), film[1], Wish("R1"))
        assert again.begun
        assert again.held.path == beside.held.path != opened.held.path
        assert opened.held.path.read_bytes() == before
        again.close()

    def test_reading_that_cannot_be_kept_in_its_place_is_rescued_when_it_is_closed(
        self, film, monkeypatch, tmp_path
    ):
        opened = open_reading(*film, Wish("R1"))

        def full(*_):
            msg = "film: expected to write it, got: No space left on device"
            raise FormatError(msg)

        monkeypatch.setattr(opened.editor, "_keep", full)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        opened.editor.place(3, 4)
        words = opened.close()
        (rescued,) = (tmp_path / "home").rglob("*.reading.json")
        assert str(rescued) in words
        assert read_reading(rescued) == opened.editor.reading
        monkeypatch.setenv("XDG_DATA_HOME", str(film[1]))  # no folder
        film[1].write_text("")
        assert "nor in" in opened.close()

    def test_two_readers_whose_names_make_one_file_name_do_not_share_a_reading(self, film):
        first = open_reading(*film, Wish("R 1"))
        first.editor.place(1, 1)
        first.close()
        with pytest.raises(OtherReadingError, match="expected a reading by 'R/1', got one by 'R 1'"):
            open_reading(*film, Wish("R/1"))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ('{"format": "spinegrade-reading/9"}', "written by a newer spinegrade"),
            ('{"format": "spinegrade-rea', "cut off"),
        ],
    )
    def test_file_that_cannot_be_read_is_refused_and_left_alone(self, film, content, words):
        path = reading_path(film[1], "R1", 1)
        path.write_text(content)
        with pytest.raises(FormatError, match=words):
            open_reading(*film, Wish("R1"))
        assert path.read_text() == content


_WORKER = """
    import sys, random
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from plugin_worker import read
    read(Path({film!r}), {seed})
"""


def test_no_acknowledged_action_is_lost_when_the_process_is_killed(tmp_path):
    """Fifty real processes are killed at random moments, each going on where the one before was."""
    chance = random.Random(11)  # noqa: S311  no secret
    film = tmp_path / "film.dcm"
    acknowledged = 0
    for seed in range(50):
        code = textwrap.dedent(
            _WORKER.format(tests=str(Path(__file__).parents[1]), film=str(film), seed=seed)
        )
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout.readline().startswith(b"ready")
        for _ in range(chance.randrange(1, 12)):
            acknowledged = int(process.stdout.readline())
        if chance.random() < 0.5:
            acknowledged = int(process.stdout.readline())
        process.kill()
        rest, _ = process.communicate()
        whole = [int(line) for line in rest.split(b"\n")[:-1] if line]
        acknowledged = max([acknowledged, *whole])
        reading = read_reading(reading_path(film, "R1", 1))
        assert len(reading.events) >= acknowledged
        assert len(reading.events) <= acknowledged + 1
    assert acknowledged > 150
    hold(reading_path(film, "R1", 1)).let_go()
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []
