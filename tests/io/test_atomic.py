"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from spinegrade.errors import FormatError
from spinegrade.io.atomic import check_writable, replacing


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.csv"


def _names(folder):
    return sorted(one.name for one in folder.iterdir())


class TestCheckWritable:
    def test_takes_a_new_file(self, path):
        check_writable(path, force=False)
        assert not path.exists()

    def test_refuses_a_file_that_exists_and_says_what_replaces_it(self, path):
        path.write_text("earlier")
        wanted = r"out\.csv: expected a new file, got one that exists; --force replaces it$"
        with pytest.raises(FormatError, match=wanted):
            check_writable(path, force=False)

    def test_takes_a_file_that_exists_if_forced(self, path):
        path.write_text("earlier")
        check_writable(path, force=True)
        assert path.read_text() == "earlier"

    @pytest.mark.parametrize("force", [False, True])
    def test_refuses_a_folder(self, path, force):
        path.mkdir()
        with pytest.raises(FormatError, match=r"out\.csv: expected a file to write, got a folder$"):
            check_writable(path, force=force)

    def test_refuses_a_file_in_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(FormatError, match=r"a\.csv: expected an existing folder .*nowhere, got none$"):
            check_writable(tmp_path / "nowhere" / "a.csv", force=True)

    def test_refuses_a_file_in_a_file(self, path):
        path.write_text("earlier")
        with pytest.raises(FormatError, match=r"a\.csv: expected an existing folder .*out\.csv, got none$"):
            check_writable(path / "a.csv", force=True)

    def test_refuses_a_folder_without_permission(self, path, monkeypatch):
        """Asked of the system, as root is never refused."""
        asked = []
        monkeypatch.setattr(os, "access", lambda *call: asked.append(call))
        with pytest.raises(
            FormatError, match=r"expected a folder that can be written, got no permission for"
        ):
            check_writable(path, force=False)
        assert asked == [(path.parent, os.W_OK | os.X_OK)]

    def test_refuses_a_file_that_is_write_protected(self, path, monkeypatch):
        """Asked of the system, as root is never refused."""
        path.write_text("earlier")
        monkeypatch.setattr(os, "access", lambda what, _: what != path)
        with pytest.raises(
            FormatError, match=r"expected a file that can be written, got one that is write-protected"
        ):
            check_writable(path, force=True)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_refuses_a_folder_that_is_read_only(self, path):
        path.parent.chmod(0o500)
        try:
            with pytest.raises(
                FormatError, match=r"expected a folder that can be written, got no permission"
            ):
                check_writable(path, force=False)
        finally:
            path.parent.chmod(0o700)


class TestReplacing:
    def test_puts_the_file_in_its_place_and_leaves_nothing_else(self, path):
        with replacing(path) as temporary:
            temporary.write_text("whole")
            assert temporary.parent == path.parent
            assert not path.exists()
        assert path.read_text() == "whole"
        assert _names(path.parent) == ["out.csv"]

    def test_temporary_file_is_hidden_from_those_who_read_the_folder(self, path):
        with replacing(path) as temporary:
            assert temporary.name.startswith(".out.csv.")

    def test_replaces_a_file_if_forced(self, path):
        path.write_text("earlier")
        with replacing(path, force=True) as temporary:
            temporary.write_text("later")
            assert path.read_text() == "earlier"
        assert path.read_text() == "later"

    def test_refuses_a_file_that_exists_before_the_block_begins(self, path):
        path.write_text("earlier")
        begun = []
        with pytest.raises(FormatError, match="got one that exists"), replacing(path):
            begun.append(1)
        assert begun == []
        assert path.read_text() == "earlier"

    def test_refuses_a_file_that_appeared_meanwhile(self, path):
        wanted = r"out\.csv: expected a new file, got one that appeared meanwhile; --force replaces it$"
        with pytest.raises(FormatError, match=wanted), replacing(path) as temporary:  # noqa: PT012
            temporary.write_text("ours")
            path.write_text("theirs")
        assert path.read_text() == "theirs"
        assert _names(path.parent) == ["out.csv"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    @pytest.mark.parametrize("earlier", [None, "earlier"])
    def test_keeps_what_was_there_whatever_interrupts_the_block(self, path, error, earlier):
        if earlier:
            path.write_text(earlier)
        with pytest.raises(error), replacing(path, force=True) as temporary:  # noqa: PT012
            temporary.write_text("half")
            raise error
        assert _names(path.parent) == (["out.csv"] if earlier else [])
        assert not earlier or path.read_text() == earlier

    def test_says_that_the_disk_refused(self, path):
        full = OSError(errno.ENOSPC, "No space left on device")
        wanted = r"out\.csv: expected to write it, got: No space left on device$"
        with pytest.raises(FormatError, match=wanted), replacing(path) as temporary:  # noqa: PT012
            temporary.write_text("half")
            raise full
        assert _names(path.parent) == []

    def test_says_so_where_no_temporary_file_can_be_made(self, path):
        """A name that the disk takes, but not with the addition of a temporary file's."""
        long = path.with_name("x" * 250)
        with (
            pytest.raises(FormatError, match=r"x: expected to write it, got: .*[Nn]ame too long"),
            replacing(long),
        ):
            pytest.fail("the block began")
        assert _names(path.parent) == []

    def test_lets_an_error_of_ours_through_as_it_is(self, path):
        ours = FormatError("t.csv: line 3: expected sense, got none")
        with pytest.raises(FormatError) as caught, replacing(path):
            raise ours
        assert caught.value is ours

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    @pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_gives_the_permissions_of_any_new_file(self, path, mask, mode):
        """A temporary file is its owner's alone; the finished one is not."""
        before = os.umask(mask)
        try:
            with replacing(path) as temporary:
                temporary.write_text("whole")
            assert os.umask(mask) == mask
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == mode

    def test_writes_to_the_disk_before_it_takes_the_place(self, path, monkeypatch):
        synced = []
        monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.exists()))
        with replacing(path) as temporary:
            temporary.write_text("whole")
        assert synced == [False]

    @pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions elsewhere")
    def test_keeps_who_may_read_the_file(self, path):
        path.write_text("earlier")
        path.chmod(0o640)
        with replacing(path, force=True) as temporary:
            temporary.write_text("whole")
        assert path.stat().st_mode & 0o777 == 0o640
