"""What every verb has in common: help, exit codes, an error in one line, a clean end whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from spinegrade import __version__
from spinegrade.anatomy import GRADED
from spinegrade.cli import app, run
from spines import heights, invoke, many, started, table

ROOT = Path(__file__).parents[2]
VERBS = typer.main.get_command(app).commands


def example(verb):
    """Return the words of the example at the end of a verb's help."""
    said = invoke(verb, "--help")
    assert (said.code, said.err) == (0, "")
    _, found, words = said.out.partition("Example: ")
    assert found
    return shlex.split(words)


@pytest.fixture
def landmarks(tmp_path):
    """Give a small landmark table with a fracture."""
    path = tmp_path / "landmarks.csv"
    table(heights(T8=(0.3, 0.0, 0.0))).write_csv(path)
    return path


@pytest.fixture
def start():
    """Give a function that starts the command line as a process; none is left after the test."""
    with contextlib.ExitStack() as running:
        yield lambda *arguments, **options: running.enter_context(started(*arguments, **options))


class TestHelp:
    def test_names_every_verb(self):
        said = invoke("--help")
        assert (said.code, said.err) == (0, "")
        assert set(VERBS) >= {"grade", "assess", "convert", "rules"}
        assert all(re.search(rf"^  {verb} ", said.out, re.MULTILINE) for verb in VERBS)

    def test_is_said_where_nothing_is_asked(self):
        said = invoke()
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("Usage: spinegrade")

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_a_verb_ends_with_an_example_of_that_verb(self, verb):
        program, named, *words = example(verb)
        assert (program, named) == ("spinegrade", verb)
        assert VERBS[verb].make_context(verb, words).params  # the verb would take them

    @pytest.mark.parametrize(
        "verb", ["grade", "assess", "agree", "convert", "image", "phantom", "report", "rules", "sample-size"]
    )
    def test_of_a_verb_has_an_example_that_works(self, verb, tmp_path, monkeypatch):
        """The example is run as it is printed, beside a copy of the samples."""
        (tmp_path / "sample_images").symlink_to(ROOT / "sample_images")
        monkeypatch.chdir(tmp_path)
        assert invoke(*example(verb)[1:]).code == 0

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_every_option_says_something(self, verb):
        options = [one for one in VERBS[verb].params if one.param_type_name == "option"]
        assert all(len(one.help) > 10 for one in options)

    def test_version(self):
        assert invoke("--version").out == f"spinegrade {__version__}\n"


class TestExitCodes:
    def test_0_for_a_run_that_went_well(self, landmarks):
        assert invoke("grade", landmarks).code == 0

    @pytest.mark.parametrize(
        "arguments",
        [
            ("grade", "no-such-file.csv"),
            ("grade", "{landmarks}", "--rules", "genant-1894"),
            ("grade", "{landmarks}", "--output", "grades.docx"),
            ("grade", "{landmarks}", "--output", "no-such-folder/grades.csv"),
            ("grade", "{landmarks}", "--point-sd", "0.5mm"),
            ("assess", "no-such-file.csv"),
            ("convert", "no-such-file.csv", "out.csv"),
            ("rules", "genant-1894"),
        ],
        ids=" ".join,
    )
    def test_1_and_one_line_for_what_a_person_can_put_right(self, landmarks, arguments):
        said = invoke(*(one.format(landmarks=landmarks) for one in arguments))
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        assert re.match(r"spinegrade: .*expected .*got ", said.err)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("grades", "{landmarks}"),
            ("grade",),
            ("grade", "{landmarks}", "--no-such-option"),
            ("grade", "{landmarks}", "--reference", "nobody"),
            ("grade", "{landmarks}", "--levels", "L4-T4"),
            ("grade", "{landmarks}", "--levels", "S1"),
            ("grade", "{landmarks}", "--point-sd", "much"),
            ("grade", "{landmarks}", "--point-sd", "0mm"),
            ("grade", "{landmarks}", "--point-sd", "-1"),
            ("grade", "{landmarks}", "--point-sd", "1cm"),
            ("grade", "{landmarks}", "--workers", "0"),
            ("grade", "{landmarks}", "--format", "xml"),
            ("convert", "{landmarks}"),
            ("--no-such-option",),
        ],
        ids=" ".join,
    )
    def test_2_for_a_wrong_use(self, landmarks, arguments):
        said = invoke(*(one.format(landmarks=landmarks) for one in arguments))
        assert (said.code, said.out) == (2, "")
        assert said.lines[0].startswith("Usage: spinegrade")
        assert "Error: " in said.err
        assert "Traceback" not in said.err

    def test_130_for_a_run_that_was_stopped(self, landmarks, monkeypatch):
        def stop(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr("spinegrade.io.sources.open_sources", stop)
        said = invoke("grade", landmarks)
        assert (said.code, said.out, said.err) == (130, "", "spinegrade: stopped; nothing was written\n")

    def test_are_those_of_the_process(self, landmarks, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["spinegrade", "grade", f"{landmarks}", "--rules", "none"])
        with pytest.raises(SystemExit) as caught:
            run()
        assert caught.value.code == 1


class TestErrors:
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_traceback_is_shown_with_debug_wherever_it_stands(self, place):
        arguments = ["grade", "no-such-file.csv"]
        arguments.insert(place, "--debug")
        said = invoke(*arguments)
        assert said.code == 1
        assert said.lines[0] == "Traceback (most recent call last):"
        assert said.lines[-1] == "spinegrade: no-such-file.csv: expected a file, got none"

    def test_an_error_nobody_thought_of_is_said_in_one_line_too(self, landmarks, monkeypatch):
        def break_down(*_, **__):
            msg = "first\nsecond"
            raise ZeroDivisionError(msg)

        monkeypatch.setattr("spinegrade.assess.grade_spines", break_down)
        said = invoke("grade", landmarks)
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            "spinegrade: unexpected ZeroDivisionError: first second; --debug shows where it comes from\n"
        )
        said = invoke("grade", landmarks, "--debug")
        assert "in break_down" in said.err

    def test_a_message_of_a_worker_shows_with_debug_where_it_came_from(self, tmp_path, monkeypatch):
        from spinegrade import batch

        monkeypatch.setattr(batch, "ROWS_A_BATCH", 2 * len(GRADED.levels))
        many(8).write_csv(tmp_path / "a.csv")
        arguments = ("grade", tmp_path / "a.csv", "--point-sd", "1mm", "--workers", 2)
        assert len(invoke(*arguments).lines) == 1
        assert "in _point_sd" in invoke(*arguments, "--debug").err

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_behind_standard_output(self, landmarks):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "spinegrade", "grade", landmarks],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 1
        assert (
            done.stderr == "spinegrade: output: expected to read or write it, got: No space left on device\n"
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="needs the pipes of Unix")
    @pytest.mark.parametrize("look", ["table", "csv", "json"])
    def test_nobody_reads_on_standard_output(self, start, landmarks, look):
        """As where it is piped to ``head``: that is no error."""
        process = start("grade", landmarks, "--format", look)
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(timeout=30) == 0


def children(process):
    """Return the worker processes of a run."""
    psutil = pytest.importorskip("psutil", reason="needs psutil, which distributed brings")
    found = psutil.Process(process.pid).children(recursive=True)
    return [one for one in found if any("spawn_main" in word for word in one.cmdline())]


def in_mid_run(process, folder):
    """Wait until two workers are at work and the first of their results have been written."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        half = [path for path in folder.iterdir() if path.name.endswith(".part")]
        if half and half[0].stat().st_size > 1_000_000 and len(workers := children(process)) == 2:
            return workers
        time.sleep(0.01)
    return pytest.fail(f"expected a run under way, got: {process.communicate(timeout=5)}")


def gone(processes):
    """Return whether all the processes end within some seconds."""
    import psutil

    _, alive = psutil.wait_procs(processes, timeout=10)
    return all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Give a table of so many vertebrae that a pool of processes has some seconds to do."""
    path = tmp_path_factory.mktemp("large") / "large.parquet"
    many(70_000).write_parquet(path)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of Unix")
class TestStopped:
    @pytest.mark.parametrize("signal_to", [os.kill, os.killpg], ids=["the program", "the terminal's group"])
    def test_by_ctrl_c_leaves_no_file_and_no_process(self, start, large, tmp_path, signal_to):
        """Ctrl-C on a terminal reaches the workers too."""
        output, temporary = tmp_path / "out", tmp_path / "temporary"
        output.mkdir()
        temporary.mkdir()
        environment = os.environ | {"TMPDIR": str(temporary)}
        arguments = ("grade", large, "--output", output / "grades.csv", "--workers", 2)
        process = start(*arguments, env=environment)
        workers = in_mid_run(process, output)
        signal_to(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (130, "", "spinegrade: stopped; nothing was written\n")
        assert gone(workers)
        assert [list(output.iterdir()), list(temporary.iterdir())] == [[], []]

    @pytest.mark.parametrize("seconds", [0.0, 0.03, 0.06])
    def test_by_ctrl_c_while_workers_start(self, start, large, tmp_path, seconds):
        """A worker that is still being born says nothing of its own."""
        process = start("grade", large, "--output", tmp_path / "grades.csv", "--workers", 2)
        while process.poll() is None and not children(process):
            time.sleep(0.002)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (130, "", "spinegrade: stopped; nothing was written\n")
        assert list(tmp_path.iterdir()) == []

    def test_by_ctrl_c_leaves_an_earlier_output_as_it_was(self, start, large, tmp_path):
        output = tmp_path / "grades.csv"
        output.write_text("earlier")
        process = start("grade", large, "--output", output, "--workers", 2, "--force")
        in_mid_run(process, tmp_path)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
        assert list(tmp_path.iterdir()) == [output]
        assert output.read_text() == "earlier"

    def test_by_the_death_of_a_worker_is_an_error_of_one_line(self, start, large, tmp_path):
        """As the system kills a process where memory runs out."""
        process = start("grade", large, "--output", tmp_path / "grades.csv", "--workers", 2)
        workers = in_mid_run(process, tmp_path)
        workers[0].kill()
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (1, "")
        assert err.count("\n") == 1
        assert "workers: expected every process to work to the end, got one that was killed" in err
        assert list(tmp_path.iterdir()) == []
        assert gone(workers)

    def test_by_its_own_death_leaves_no_worker(self, start, large, tmp_path):
        process = start("grade", large, "--output", tmp_path / "grades.csv", "--workers", 2)
        workers = in_mid_run(process, tmp_path)
        process.kill()
        process.communicate(timeout=30)
        assert gone(workers)
        assert not (tmp_path / "grades.csv").exists()
