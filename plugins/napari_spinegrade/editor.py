"""The reading being edited: immutable states, undo without end, a log that is kept with it.

Knows neither napari nor Qt.  Every action makes a new `Reading`, whose ``events`` say what was done and what
it changed; undo and redo read them, and so go on after a restart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from psygnal import Signal

from napari_spinegrade.changes import by_level, changes_between, in_order, with_changes
from spinegrade.anatomy import GRADED, LANDMARKS, LEVELS
from spinegrade.errors import ReadingError, SpinegradeError
from spinegrade.readings import Event, Landmark, Status, VertebraReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from spinegrade.calibration import Calibration
    from spinegrade.readings import CountedFrom, NotEvaluableReason, Reading

    Edit = Callable[[Reading], Reading]
    Keep = Callable[[Reading], None]

ROUND = (
    "superior_anterior",
    "superior_middle",
    "superior_posterior",
    "inferior_posterior",
    "inferior_middle",
    "inferior_anterior",
)
"""Landmarks in the order in which they are placed: round the body from its upper front corner."""

LANDMARK_ORDERS = {
    "round the body": ROUND,
    "superior then inferior": LANDMARKS,
    "height by height": tuple(LANDMARKS[n] for n in (0, 3, 1, 4, 2, 5)),
}
"""The orders that a reader can choose, by the words of the preferences; heights go from front to back."""

_SHIFT = "shift levels"
"""What an event says was done that renamed all levels; by how many stands behind it."""

_LONGEST_PAUSE = 60.0
"""Seconds after which a reader is taken to have been away."""


@frozen
class Place:
    """A landmark of a level."""

    level: str
    landmark: str

    @property
    def words(self) -> str:
        """The place as a reader says it: T12 superior anterior."""
        return f"{self.level} {self.landmark.replace('_', ' ')}"


@frozen
class Order:
    """The order in which landmarks are placed: round each body, body after body."""

    landmarks: tuple[str, ...] = ROUND
    levels: tuple[str, ...] = GRADED.levels
    upwards: bool = False
    places: tuple[Place, ...] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Work out all places; refuse an order that leaves a landmark out."""
        if sorted(self.landmarks) != sorted(LANDMARKS):
            msg = f"order: expected each of {', '.join(LANDMARKS)} once, got {', '.join(self.landmarks)}"
            raise ReadingError(msg)
        levels = self.levels[::-1] if self.upwards else self.levels
        places = tuple(Place(level, landmark) for level in levels for landmark in self.landmarks)
        object.__setattr__(self, "places", places)

    def next_open(self, reading: Reading, after: Place | None) -> Place | None:
        """Return the next landmark that nobody has dealt with, going round; None when all have been."""
        start = self.places.index(after) + 1 if after in self.places else 0
        return next(self.still_open(reading, self.places[start:] + self.places[:start]), None)

    def still_open(self, reading: Reading, places: tuple[Place, ...]) -> Iterator[Place]:
        """Yield those of some places that nobody has dealt with."""
        vertebrae = by_level(reading)
        return (place for place in places if _is_open(vertebrae.get(place.level), place.landmark))

    def step(self, place: Place | None, by: int) -> Place:
        """Return the landmark so many places on; stays at either end."""
        now = self.places.index(place) if place in self.places else -1
        return self.places[max(0, min(len(self.places) - 1, now + by))]


def _is_open(vertebra: VertebraReading | None, landmark: str) -> bool:
    if vertebra is None:
        return True
    if vertebra.evaluable is False:
        return False
    found = vertebra.landmarks.get(landmark)
    return found is None or found.status is Status.PROPOSED


class ReadingEditor:
    """A reading under way.

    ``keep`` is called with the reading after every action and raises a `SpinegradeError` where it could not
    keep it; the reading then stays unsaved, and says so, until `save` succeeds.  A reading that may not be
    edited has the reason in ``read_only``.
    """

    changed = Signal()
    """The reading is another."""
    moved = Signal()
    """The cursor is elsewhere."""
    kept = Signal()
    """What is said of saving has changed."""

    def __init__(
        self, reading: Reading, *, keep: Keep | None = None, order: Order | None = None, read_only: str = ""
    ) -> None:
        self._reading = reading
        self._preview: Reading | None = None
        self._keep = keep
        self._order = order or Order()
        self.read_only = read_only
        self.unsaved = ""
        self._done, self._undone = _history(reading.events)
        self._cursor = self._order.next_open(reading, None)
        self._last_action: datetime | None = None
        self._level = self._cursor.level if self._cursor else self._order.levels[0]

    @property
    def level(self) -> str:
        """The vertebra at hand, which grades and remarks are of: that last done something to, or gone to."""
        return self._level

    @property
    def reading(self) -> Reading:
        """The reading as it stands."""
        return self._reading

    @property
    def shown(self) -> Reading:
        """The reading to show: with the landmark under the pointer where that has it, while it is dragged."""
        return self._preview or self._reading

    @property
    def order(self) -> Order:
        """The order of placing."""
        return self._order

    @property
    def cursor(self) -> Place | None:
        """The landmark that the next click places; None when every one has been dealt with."""
        return self._cursor

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether anything was taken back last."""
        return bool(self._undone)

    def landmark_at(self, place: Place | None) -> Landmark | None:
        """Return a landmark, None where it has not been dealt with."""
        if place is None:
            return None
        vertebra = by_level(self._reading).get(place.level)
        return None if vertebra is None else vertebra.landmarks.get(place.landmark)

    # Where the reader is

    def go_to(self, place: Place | None) -> None:
        """Make this the landmark that is placed next, or corrected."""
        self._visit(place)

    def step(self, by: int) -> None:
        """Go to the next landmark (1), the one before (-1), or so many on; from a level, beyond its own."""
        here = self._cursor
        if here is None and self._level in self._order.levels:
            here = Place(self._level, self._order.landmarks[-1 if by > 0 else 0])
        self._visit(self._order.step(here, by))

    def go_on(self) -> None:
        """Go to the next landmark that nobody has dealt with."""
        self._visit(self._order.next_open(self._reading, self._cursor))

    def go_to_level(self, level: str) -> None:
        """Go to a vertebra: to its first landmark that is to do, or where there is none to no landmark.

        A click then places nothing, so that what is placed is not moved unawares.
        """
        places = tuple(place for place in self._order.places if place.level == level)
        self._at(level)
        self._go(next((place for place in places if not _dealt_with(self.landmark_at(place))), None))

    def step_level(self, by: int) -> None:
        """Go to the vertebra so many levels below, or above."""
        levels = self._order.levels
        now = levels.index(self._level) if self._level in levels else 0
        self.go_to_level(levels[max(0, min(len(levels) - 1, now + by))])

    def _visit(self, place: Place | None) -> None:
        if place is not None:
            self._at(place.level)
        self._go(place)

    def _at(self, level: str) -> None:
        """Take a vertebra in hand."""
        if level != self._level:
            self._level = level
            self.moved.emit()

    def _go(self, place: Place | None) -> None:
        if place != self._cursor:
            self._cursor = place
            self.moved.emit()

    # What the reader does

    def place(self, row: float, column: float) -> None:
        """Place the landmark at the cursor, and go on to the next one.

        Raises
        ------
        ReadingError
            If there is none to place, or the point lies outside the film.
        """
        if self._cursor is None:
            msg = f"{self._level}: expected a landmark to place, got none left; Enter goes on with the next"
            raise ReadingError(msg)
        place = self._cursor
        self._put("place", place, self._landmark(row, column))
        self._at(place.level)
        self._go(self._order.next_open(self._reading, place))

    def correct(self, place: Place, row: float, column: float) -> None:
        """Move a landmark.

        Raises
        ------
        ReadingError
            If the point lies outside the film.
        """
        self._put("move", place, self._landmark(row, column))
        self._at(place.level)

    def nudge(self, rows: float, columns: float) -> None:
        """Move the landmark at the cursor, else the one of the vertebra that was placed last, a little."""
        place = self.last_placed()
        found = self.landmark_at(place) if place else None
        if place is None or found is None or found.row is None or found.column is None:
            return
        self._put("nudge", place, self._landmark(found.row + rows, found.column + columns))

    def last_placed(self) -> Place | None:
        """Return the landmark at the cursor if it is placed, else the one of the vertebra placed last."""
        if self._cursor is not None and _position(self.landmark_at(self._cursor)):
            return self._cursor
        for event in reversed(self._done):
            if event.level == self._level and event.landmark:
                place = Place(event.level, event.landmark)
                if _position(self.landmark_at(place)):
                    return place
        return None

    def mark(self, status: Status) -> None:
        """Say that the landmark at the cursor cannot be placed, and go on."""
        if self._cursor is None:
            return
        place = self._cursor
        self._put(f"mark {status.value}", place, Landmark(status=status))
        self._at(place.level)
        self._go(self._order.next_open(self._reading, place))

    def remove(self, place: Place) -> None:
        """Take a landmark away, and go to it."""
        self._put("remove", place, None)
        self._visit(place)

    def to_remove(self) -> Place | None:
        """Return the landmark at the cursor if anything was said of it, else the vertebra's placed last."""
        if self._cursor is not None and self.landmark_at(self._cursor) is not None:
            return self._cursor
        return self.last_placed()

    def clear(self, level: str) -> None:
        """Take everything away that was read of a vertebra, and go to it."""
        self._act("clear", lambda reading: _without(reading, level), level)
        self._visit(Place(level, self._order.landmarks[0]))

    def set_visual_grade(self, level: str, grade: float | None) -> None:
        """Set the reader's own grade: 0, 0.5, 1, 2, 3, or None for none."""
        self._change("visual grade", level, visual_grade=grade)

    def set_evaluable(self, level: str, reason: NotEvaluableReason | None) -> None:
        """Say why a vertebra cannot be read, or with None that it can."""
        self._change("evaluable", level, evaluable=reason is None, not_evaluable_reason=reason)
        if reason is not None and self._cursor is not None and self._cursor.level == level:
            last = Place(level, self._order.landmarks[-1])
            self._go(self._order.next_open(self._reading, last))

    def set_form(self, level: str, form: str, answers: Mapping[str, str]) -> None:
        """Set the answers of a form on a vertebra; none takes the form away."""
        vertebra = by_level(self._reading).get(level) or VertebraReading(level)
        others = {name: filled for name, filled in vertebra.forms.items() if name != form}
        self._change(form, level, forms=others | ({form: dict(answers)} if answers else {}))

    def set_note(self, level: str, text: str) -> None:
        """Set the reader's remark on a vertebra; empty for none."""
        self._change("note", level, comment=text.strip() or None)

    def set_comment(self, text: str) -> None:
        """Set the reader's remark on the whole film; empty for none."""
        self._act("comment", lambda reading: evolve(reading, comment=text.strip() or None))

    def set_patient(self, patient: str, on: date | None) -> None:
        """Say whose film it is, as tables call the patient, and when it was taken; None where not known."""
        self._act(
            "patient and date",
            lambda reading: evolve(reading, exam=evolve(reading.exam, patient=patient, date=on)),
        )

    def set_counted_from(self, start: CountedFrom) -> None:
        """Say where the counting of levels began."""
        self._act("counted from", lambda reading: evolve(reading, counted_from=start))

    def set_calibration(self, calibration: Calibration) -> None:
        """Set what a pixel measures, as the reader found by a ruler or ball."""
        self._act("calibration", lambda reading: evolve(reading, calibration=calibration))

    def shift_levels(self, by: int) -> None:
        """Rename every vertebra that was read to the level so many below, or above.

        Raises
        ------
        ReadingError
            If one of them would have no name.
        """
        self._act(f"{_SHIFT} {by:+d}", lambda reading: _shifted(reading, by))
        self._shift_place(by)

    def _shift_place(self, by: int) -> None:
        """Go where the names went."""
        cursor = self._cursor
        if cursor is not None:
            cursor = Place(_level_beside(cursor.level, by), cursor.landmark)
        self._at(_level_beside(self._level, by))
        if cursor not in self._order.places or _dealt_with(self.landmark_at(cursor)):
            cursor = self._order.next_open(self._reading, cursor)
        self._go(cursor)

    # Dragging

    def preview(self, place: Place, row: float, column: float) -> None:
        """Show a landmark elsewhere without recording it; `correct` records, `end_preview` forgets."""
        self._preview = _with_landmark(self._reading, place, self._within(row, column))
        self.changed.emit()

    def end_preview(self) -> None:
        """Show the reading as it is recorded."""
        if self._preview is not None:
            self._preview = None
            self.changed.emit()

    # Taking back

    def undo(self) -> Event | None:
        """Take the last action back, and return it."""
        if self.read_only or not self._done:
            return None
        event = self._done[-1]
        reading = with_changes(self._reading, event.details, back=True)
        self._done.pop()
        self._undone.append(event)
        self._log(reading, Event(_now(), "undo", event.level, event.landmark))
        self._follow(event, -1)
        return event

    def redo(self) -> Event | None:
        """Do again what was taken back last, and return it."""
        if self.read_only or not self._undone:
            return None
        event = self._undone[-1]
        reading = with_changes(self._reading, event.details)
        self._undone.pop()
        self._done.append(event)
        self._log(reading, Event(_now(), "redo", event.level, event.landmark))
        self._follow(event, 1)
        return event

    def _follow(self, event: Event, way: int) -> None:
        """Go where an action was taken back (-1) or done again (1); never stay at what is placed now."""
        if event.did.startswith(_SHIFT):
            self._shift_place(way * int(event.did.removeprefix(_SHIFT)))
            return
        if event.level in LEVELS:
            self._at(str(event.level))
        place = Place(self._level, event.landmark) if event.landmark else self._cursor
        if place is None or _dealt_with(self.landmark_at(place)):
            place = self._order.next_open(self._reading, place)
        self._go(place)

    # Recording

    def _put(self, did: str, place: Place, landmark: Landmark | None) -> None:
        def edit(reading: Reading) -> Reading:
            return _with_landmark(reading, place, landmark)

        self._act(did, edit, place.level, place.landmark)

    def _change(self, did: str, level: str, **fields: object) -> None:
        self._act(did, lambda reading: _with_vertebra(reading, level, **fields), level)

    def _act(self, did: str, edit: Edit, level: str | None = None, landmark: str | None = None) -> None:
        """Make an edit, log it and keep it; one that changes nothing is none."""
        self._preview = None
        if self.read_only:
            msg = f"expected a reading that may be changed, got one that is read-only: {self.read_only}"
            raise ReadingError(msg)
        edited = edit(self._reading)
        changes = changes_between(self._reading, edited)
        if not changes:
            self.changed.emit()
            return
        event = Event(_now(), did, level, landmark, changes)
        self._done.append(event)
        self._undone.clear()
        self._log(self._timed(edited, level, event.at), event)

    def _timed(self, reading: Reading, level: str | None, at: datetime) -> Reading:
        """Return the reading with the time since the last action added to the vertebra worked on."""
        before, self._last_action = self._last_action, at
        vertebra = by_level(reading).get(level or "")
        if before is None or vertebra is None:
            return reading
        seconds = (vertebra.seconds or 0.0) + min((at - before).total_seconds(), _LONGEST_PAUSE)
        return _with_vertebra(reading, vertebra.level, seconds=round(max(seconds, 0.0), 2))

    def _log(self, reading: Reading, event: Event) -> None:
        self._preview = None
        self._reading = evolve(reading, events=(*self._reading.events, event))
        self.save()
        self.changed.emit()

    def save(self) -> bool:
        """Keep the reading, and return whether that went well; what went wrong is in ``unsaved``."""
        before = self.unsaved
        try:
            if self._keep is not None and not self.read_only:
                self._keep(self._reading)
            self.unsaved = ""
        except SpinegradeError as error:
            self.unsaved = str(error)
        if before != self.unsaved:
            self.kept.emit()
        return not self.unsaved

    def _landmark(self, row: float, column: float) -> Landmark:
        """Return a landmark here, to the hundredth of a pixel.

        Raises
        ------
        ReadingError
            If that is outside the film.
        """
        image = self._reading.image
        for at, size, name in ((row, image.rows, "row"), (column, image.columns, "column")):
            if size is not None and not -0.5 <= at <= size - 0.5:
                msg = f"expected a point on the film, {name} 0 to {size - 1}, got {at:.0f}"
                raise ReadingError(msg)
        return Landmark(round(float(row), 2), round(float(column), 2))

    def _within(self, row: float, column: float) -> Landmark:
        """Return a landmark here, or at the edge of the film where that is outside."""
        image = self._reading.image
        return Landmark(
            min(max(row, -0.5), (image.rows or 1e9) - 0.5),
            min(max(column, -0.5), (image.columns or 1e9) - 0.5),
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _level_beside(level: str, by: int) -> str:
    """Return the level so many below; the last of the spine at its ends."""
    return LEVELS[max(0, min(len(LEVELS) - 1, LEVELS.index(level) + by))]


def _dealt_with(landmark: Landmark | None) -> bool:
    return landmark is not None and landmark.status is not Status.PROPOSED


def _position(landmark: Landmark | None) -> bool:
    return landmark is not None and landmark.row is not None


def _history(events: tuple[Event, ...]) -> tuple[list[Event], list[Event]]:
    """Return the actions that can be taken back, and those that can be done again."""
    done: list[Event] = []
    undone: list[Event] = []
    for event in events:
        if event.did == "undo" and done:
            undone.append(done.pop())
        elif event.did == "redo" and undone:
            done.append(undone.pop())
        elif event.details:
            done.append(event)
            undone.clear()
    return done, undone


def _with_landmark(reading: Reading, place: Place, landmark: Landmark | None) -> Reading:
    """Return the reading with a landmark set, or taken away; one that is placed makes a vertebra readable."""
    vertebra = by_level(reading).get(place.level) or VertebraReading(place.level)
    landmarks = {name: one for name, one in vertebra.landmarks.items() if name != place.landmark}
    if landmark is not None:
        landmarks[place.landmark] = landmark
    ordered = {name: landmarks[name] for name in LANDMARKS if name in landmarks}
    fields: dict[str, object] = {"landmarks": ordered}
    if _position(landmark) and vertebra.evaluable is False:
        fields |= {"evaluable": None, "not_evaluable_reason": None}
    return _with_vertebra(reading, place.level, **fields)


def _with_vertebra(reading: Reading, level: str, **fields: object) -> Reading:
    vertebrae = by_level(reading)
    vertebra = vertebrae.get(level) or VertebraReading(level)
    vertebrae[level] = evolve(vertebra, **fields)  # type: ignore[arg-type]
    return evolve(reading, vertebrae=in_order(vertebrae))


def _without(reading: Reading, level: str) -> Reading:
    vertebrae = by_level(reading)
    vertebrae.pop(level, None)
    return evolve(reading, vertebrae=in_order(vertebrae))


def _shifted(reading: Reading, by: int) -> Reading:
    shifted = {}
    for vertebra in reading.vertebrae:
        at = LEVELS.index(vertebra.level) + by
        if not 0 <= at < len(LEVELS):
            way = "below" if by > 0 else "above"
            msg = f"shift levels: expected a level {way} {vertebra.level}, got the end of the spine"
            raise ReadingError(msg)
        shifted[LEVELS[at]] = evolve(vertebra, level=LEVELS[at])
    return evolve(reading, vertebrae=in_order(shifted))
