"""What the sources of the rules leave open, as switches with defaults that every result prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, fields, frozen, validators

from spinegrade.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

BY_AGE = ("at-most", "before", "completed")
"""Settings of the switch ``by_age``."""
GRADES = ("measured", "visual")
"""Settings of the switch ``grades``."""
_ADULT_FROM = (18.0, 20.0)
_OLDEST = 130.0


def _from_to(low: float, high: float) -> Any:  # noqa: ANN401  attrs' validators have no common type
    return validators.and_(validators.ge(low), validators.le(high))


@frozen
class Switches:
    """Choices that no source settles.

    Attributes
    ----------
    adult_from
        Age in years from which the rules for adults stand in for those for children, 18 to 20; 20, as the
        paediatric fracture history counts "up to age 19" (this project's choice).
    by_age
        Which fractures are "by age 10" and "up to age 19": ``at-most`` up to the birthday itself,
        ``before`` the birthday excluded (so the AAP report of 2016 paraphrases), ``completed`` the whole
        year of that age included.
    density_bound
        Whether a z- or T-score on its bound counts: ``at-most`` or ``below``.
    density_sites
        Whose z-scores count: ``preferred`` (spine, total body less head) or ``any``.
    density_z
        ``measured`` or ``height-adjusted``.
    dxa_months
        Months below which two scans of a site are too close; sources say 6 to 12.
    glucocorticoid_months
        For how long a dose of glucocorticoids has to be kept to count (ISCD 2019: 3 months).
    grades
        ``measured`` from landmarks, or ``visual``, the reader's own.
    min_grade
        Lowest grade that counts as a vertebral fracture.
    t_score_men_from
        Age in years from which men have T-scores; without a confirmed source, so it has no default.
    """

    adult_from: float = field(default=20.0, validator=_from_to(*_ADULT_FROM))
    by_age: str = field(default="at-most", validator=validators.in_(BY_AGE))
    density_bound: str = field(default="at-most", validator=validators.in_(("at-most", "below")))
    density_sites: str = field(default="preferred", validator=validators.in_(("preferred", "any")))
    density_z: str = field(default="measured", validator=validators.in_(("measured", "height-adjusted")))
    dxa_months: float = field(default=6.0, validator=validators.in_((6.0, 12.0)))
    glucocorticoid_months: float = field(default=3.0, validator=_from_to(0.0, 120.0))
    grades: str = field(default="measured", validator=validators.in_(GRADES))
    min_grade: float = field(default=1.0, validator=validators.in_((1.0, 2.0, 3.0)))
    t_score_men_from: float | None = field(
        default=None, validator=validators.optional(_from_to(_ADULT_FROM[0], _OLDEST))
    )

    def __str__(self) -> str:
        return " ".join(f"{name}={_shown(value)}" for name, value in asdict(self).items())


def _shown(value: object) -> str:
    if value is None:
        return "unset"
    return f"{value:g}" if isinstance(value, float) else f"{value}"


SWITCHES: tuple[str, ...] = tuple(one.name for one in fields(Switches))


def parse_switches(words: Iterable[str]) -> Switches:
    """Return the switches set as in ``min_grade=2``, the others at their defaults.

    Raises
    ------
    RuleError
        If there is no such switch or no such setting of it.
    """
    switches = Switches()
    for text in words:
        name, _, given = (part.strip() for part in text.partition("="))
        if name not in SWITCHES:
            msg = f"switch: expected one of {', '.join(SWITCHES)}, as in min_grade=2, got {text!r}"
            raise RuleError(msg)
        try:
            change: dict[str, Any] = {name: _setting(name, given)}
            switches = evolve(switches, **change)
        except ValueError as error:
            msg = f"switch {name}: expected {_expected(name)}, got {given!r}"
            raise RuleError(msg) from error
    return switches


def _setting(name: str, given: str) -> float | str | None:
    default = getattr(Switches(), name)
    if default is None and given == "unset":
        return None
    return given if isinstance(default, str) else float(given)


_RANGES = {
    "adult_from": _ADULT_FROM,
    "glucocorticoid_months": (0.0, 120.0),
    "t_score_men_from": (_ADULT_FROM[0], _OLDEST),
}


def _expected(name: str) -> str:
    """Return what a switch takes."""
    check = getattr(fields(Switches), name).validator
    options = getattr(check, "options", None)
    if options is None:
        low, high = _RANGES[name]
        return f"a number from {low:g} to {high:g}"
    return " or ".join(_shown(option) for option in options)
