"""What a form's TOML file says, checked key by key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spinegrade.errors import RuleError
from spinegrade.qualitative.questions import ANY, Choice, Condition, Ending, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spinegrade.rules import RuleFile

_KEYS = {
    "status", "note", "scope", "at_once", "confirmed_by", "categories", "unevaluable", "question", "outcome",
    "example",
}  # fmt: skip
_QUESTION = {"id", "label", "words", "help", "many", "exclusive", "when", "choice", "needs_confirmation"}
_OUTCOME = {"when", "category", "words", "subtype", "subtype_from", "by_grade"}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
"""A name of a question or value: no blank, which stands between several of them."""


def read_form(
    source: RuleFile, where: str, statuses: tuple[str, ...], scopes: tuple[str, ...]
) -> dict[str, Any]:
    """Return the fields of the form in a rule file.

    Raises
    ------
    RuleError
        If something is missing, unknown or contradicts something else; it says where.
    """
    data = _table(source.data, where, _KEYS)
    status = _text(data, "status", where, statuses)
    confirmed = status == "confirmed" and bool(_text(data, "confirmed_by", where, empty=True))
    questions: list[Question] = []
    for number, one in enumerate(_list(data, "question", where), 1):
        questions.append(_question(one, f"{where}: question {number}", questions, confirmed=confirmed))
    categories = _names(data.get("categories", []), f"{where}: categories")
    unevaluable = _text(data, "unevaluable", where, empty=True)
    outcomes = enumerate(_list(data, "outcome", where), 1)
    endings = [_ending(one, f"{where}: outcome {number}", questions) for number, one in outcomes]
    _known_categories(endings, categories, unevaluable, where)
    return {
        "status": status,
        "scope": _text(data, "scope", where, scopes),
        "questions": tuple(questions),
        "categories": categories,
        "endings": tuple(endings),
        "note": _text(data, "note", where, empty=True),
        "unevaluable": unevaluable,
        "at_once": _truth(data, "at_once", where),
    }


def _question(data: Any, where: str, before: Sequence[Question], *, confirmed: bool) -> Question:  # noqa: ANN401
    table = _table(data, where, _QUESTION)
    name = _name(table.get("id"), f"{where}: id")
    if name in {one.id for one in before}:
        msg = f"{where}: id: expected another one for every question, got {name!r} again"
        raise RuleError(msg)
    choices = tuple(
        _choice(one, f"{where}: choice {n}") for n, one in enumerate(_list(table, "choice", where), 1)
    )
    values = [one.value for one in choices]
    if len(choices) < 2 or len(set(values)) < len(values):
        msg = f"{where}: choice: expected two or more, every value once, got {', '.join(values) or 'none'}"
        raise RuleError(msg)
    exclusive = _names(table.get("exclusive", []), f"{where}: exclusive", values)
    unsure = _text(table, "needs_confirmation", where, empty=True)
    return Question(
        id=name,
        words=_text(table, "words", where),
        help=_text(table, "help", where, empty=True),
        choices=choices,
        many=_truth(table, "many", where),
        label=_text(table, "label", where, empty=True),
        exclusive=exclusive,
        when=_condition(table.get("when", {}), f"{where}: when", before),
        disabled="" if confirmed else unsure,
    )


def _choice(data: Any, where: str) -> Choice:  # noqa: ANN401
    table = _table(data, where, {"value", "words", "help"})
    value = _name(table.get("value"), f"{where}: value")
    return Choice(value, _text(table, "words", where), _text(table, "help", where, empty=True))


def _ending(data: Any, where: str, questions: Sequence[Question]) -> Ending:  # noqa: ANN401
    table = _table(data, where, _OUTCOME)
    by_grade = _names(table.get("by_grade", []), f"{where}: by_grade")
    category = _text(table, "category", where, empty=True)
    if (len(by_grade), bool(category)) not in ((0, True), (4, False)):
        msg = f"{where}: expected a category, or by_grade with those of grades 0 to 3, got {category!r} "
        msg += f"and {len(by_grade)}"
        raise RuleError(msg)
    kind = _text(table, "subtype_from", where, tuple(one.id for one in questions), empty=True)
    return Ending(
        when=_condition(table.get("when", {}), f"{where}: when", questions),
        category=category,
        words=_text(table, "words", where),
        subtype=_text(table, "subtype", where, empty=True) or None,
        subtype_from=kind or None,
        by_grade=by_grade,
    )


def _known_categories(
    endings: Iterable[Ending], categories: Sequence[str], unevaluable: str, where: str
) -> None:
    named = [name for one in endings for name in (one.category, *one.by_grade) if name]
    for name in [*named, unevaluable]:
        if name and name not in categories:
            msg = f"{where}: categories: expected every class of the outcomes, got none named {name!r}"
            raise RuleError(msg)
    for name in categories:
        if name not in (*named, unevaluable):
            msg = f"{where}: categories: expected an outcome for each, got none for {name!r}"
            raise RuleError(msg)


def _condition(data: Any, where: str, questions: Sequence[Question]) -> Condition:  # noqa: ANN401
    values = {one.id: one.values for one in questions}
    condition: Condition = {}
    for name, wanted in _table(data, where, set(values)).items():
        condition[name] = _names(wanted, f"{where}: {name}", (*values[name], ANY))
        if not condition[name]:
            msg = f"{where}: {name}: expected at least one answer, got none"
            raise RuleError(msg)
    return condition


def _table(data: Any, where: str, keys: set[str]) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(data, dict):
        msg = f"{where}: expected a table, got {data!r}"
        raise RuleError(msg)
    unknown = sorted(set(data) - keys)
    if unknown:
        msg = f"{where}: expected only {', '.join(sorted(keys)) or 'nothing'}, got {unknown[0]!r}"
        raise RuleError(msg)
    return data


def _list(table: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        msg = f"{where}: {key}: expected a list, got {value!r}"
        raise RuleError(msg)
    return value


def _names(data: Any, where: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(data, list):
        msg = f"{where}: expected a list, got {data!r}"
        raise RuleError(msg)
    known = None if allowed is None else tuple(allowed)
    for one in data:
        if known is None:
            _name(one, where)
        elif one not in known:
            msg = f"{where}: expected some of {', '.join(known)}, got {one!r}"
            raise RuleError(msg)
    return tuple(data)


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        msg = f"{where}: expected a name without blanks, got {value!r}"
        raise RuleError(msg)
    return value


def _truth(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        msg = f"{where}: {key}: expected true or false, got {value!r}"
        raise RuleError(msg)
    return value


def _text(
    table: Mapping[str, Any], key: str, where: str, choices: tuple[str, ...] = (), *, empty: bool = False
) -> str:
    """Return a text; one of ``choices`` where there are any, and with ``empty`` none at all will do."""
    value = table.get(key, "" if empty else None)
    if value == "" and empty:
        return ""
    if not isinstance(value, str) or not value.strip() or (choices and value not in choices):
        msg = f"{where}: {key}: expected {' or '.join(choices) or 'words'}, got {value!r}"
        raise RuleError(msg)
    return value
