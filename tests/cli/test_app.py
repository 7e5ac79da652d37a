"""``spinegrade app``: what it takes for a film, a study, a folder; the window itself is tested elsewhere."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from spinegrade.cli import main
from spinegrade.study.build import create_study
from spinegrade.study.packs import HEAD
from study.making import write_films, write_protocol


@pytest.fixture
def opened(monkeypatch):
    """Give a list of what the plugin is asked to open."""
    calls = []
    names = ("run", "run_study", "run_folder")
    plugin = SimpleNamespace(
        **{name: lambda *given, name=name: calls.append((name, *given)) for name in names}
    )
    monkeypatch.setattr(sys.modules["spinegrade.cli.app"], "_plugin", lambda _: plugin)
    return calls


def test_nothing_and_a_film(opened, tmp_path):
    film = write_films(tmp_path / "films", 1) / "film1.dcm"
    assert main(["app"]) == 0
    assert main(["app", str(film), "--reader", "R1"]) == 0
    assert opened[0] == ("run", None, None, None)
    assert opened[1][0] == "run"
    assert opened[1][1].pixels.shape == (24, 20)
    assert opened[1][2:] == (film, "R1")


def test_a_folder_a_study_by_file_and_url_and_a_pack(opened, tmp_path):
    films = write_films(tmp_path / "films")
    create_study(write_protocol(tmp_path), tmp_path / "any.name")
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / HEAD).write_text("{}")
    for source in (films, tmp_path / "any.name", pack, "postgresql://reader@host/study"):
        assert main(["app", str(source), "--reader", "R1"]) == 0
    assert [call[0] for call in opened] == ["run_folder", "run_study", "run_study", "run_study"]
    assert opened[1][1:] == (str(tmp_path / "any.name"), "R1")


def test_readings_to_compare(opened):
    assert main(["app", "--compare-dates", "a.reading.json", "b.reading.json"]) == 0
    assert main(["app", "--compare-readers", "folder"]) == 0
    assert [call[1] for call in opened] == ["dates", "readers"]
    assert [path.name for path in opened[0][2]] == ["a.reading.json", "b.reading.json"]


def test_two_films_are_one_too_many(opened, capsys):
    assert main(["app", "a.dcm", "b.dcm"]) == 1
    assert "expected one film or study, got 2" in capsys.readouterr().err
    assert opened == []


def test_film_that_is_not_there_is_said_before_napari_is_opened(opened, capsys):
    assert main(["app", "nowhere.dcm"]) == 1
    assert "nowhere.dcm" in capsys.readouterr().err
    assert opened == []


def test_missing_napari_is_said_with_what_brings_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "napari", None)
    assert main(["app"]) == 1
    assert "pip install 'spinegrade[app]'" in capsys.readouterr().err
