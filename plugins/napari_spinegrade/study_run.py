"""A reader's way through a study as readings that the desk can edit; knows neither napari nor Qt."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.editor import Order, ReadingEditor
from napari_spinegrade.opening import Opened
from spinegrade.errors import StudyError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from spinegrade.study.queue import Item
    from spinegrade.study.sessions import Session


@frozen
class InStudy:
    """A reading that the study keeps."""

    where: str = "the study"
    read_only: str = ""

    def let_go(self) -> None:
        """Do nothing: the study knows who reads."""


def sign_in(where: str, reader: str) -> Session:
    """Return the session of a reader: in an exported pack, where that is a folder, else in a store.

    Raises
    ------
    StudyError
        If there is no such study, or the reader is none of it.
    """
    if Path(where).is_dir() or Path(where).suffix.lower() == ".zip":
        from spinegrade.study.pack_session import PackSession

        return PackSession.open(Path(where), reader or None)
    from spinegrade.study.sessions import ReaderSession

    if not reader:
        msg = f"{where}: expected the reader who signs in, got none"
        raise StudyError(msg)
    return ReaderSession.open(where, reader)


class StudyRun:
    """One film after another, blinded for as long as it is open."""

    def __init__(self, session: Session, order: Order) -> None:
        self.session = session
        self._order = Order(order.landmarks, session.protocol.level_range.levels, upwards=order.upwards)
        self.item: Item | None = None
        self._opened: Opened | None = None
        self._blinded: AbstractContextManager[None] = BLINDING.held()
        self._blinded.__enter__()

    @property
    def hides_computed(self) -> bool:
        """Whether the reader may not see computed values."""
        return "computed" in self.session.protocol.hidden

    @property
    def progress_words(self) -> str:
        """How far the reader has come."""
        return self.session.progress.words

    def next(self) -> tuple[Path, Opened] | None:
        """Open the next film: its file, and the reading that was begun or is new; None where none is due.

        Raises
        ------
        StudyError
            If the film cannot be written, or the study was locked.
        """
        self.item = self.session.next()
        if self.item is None:
            return None
        path = self.session.film(self.item)
        draft = self.session.draft(self.item)
        reading, begun = draft or self.session.blank(self.item), draft is not None
        editor = ReadingEditor(reading, keep=partial(self.session.save, self.item), order=self._order)
        self._opened = Opened(editor, InStudy(), self._words(begun=begun), begun=begun)
        return path, self._opened

    def _words(self, *, begun: bool) -> str:
        facts = ", ".join(self.session.facts(self.item)) if self.item is not None else ""
        words = [*self.session.notices, "You go on where you stopped" if begun else "A new film", facts]
        return ". ".join(word for word in words if word)

    def empty_answers(self) -> tuple[str, ...]:
        """Return what of the film under way was asked and is not answered."""
        item, opened = self._under_way()
        return self.session.empty_answers(item, opened.editor.reading)

    def commit(self, acknowledged: tuple[str, ...] = ()) -> None:
        """Lock the reading under way; `next` opens the next film.

        Raises
        ------
        StudyError
            If an answer is empty that is not acknowledged, or the study cannot be written to.
        """
        item, opened = self._under_way()
        self.session.commit(item, opened.editor.reading, acknowledged)
        opened.editor.read_only = "it is committed"
        self.item = self._opened = None

    def pause(self) -> None:
        """Lay the reading under way aside until all others are read.

        Raises
        ------
        StudyError
            If nothing was read of it yet.
        """
        item, _ = self._under_way()
        self.session.pause(item)
        self.item = self._opened = None

    def _under_way(self) -> tuple[Item, Opened]:
        if self.item is None or self._opened is None:
            msg = "expected a film under way, got none"
            raise StudyError(msg)
        return self.item, self._opened

    def close(self) -> None:
        """Sign out."""
        self.session.close()
        self._blinded.__exit__(None, None, None)
