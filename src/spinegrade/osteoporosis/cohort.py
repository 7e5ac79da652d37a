"""A cohort classified: from readings and tables of patients to a row a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import field, frozen

from spinegrade import __version__
from spinegrade.osteoporosis.answering import Answered, answer_rules, any_met, words_where_met
from spinegrade.osteoporosis.boundary import boundary_words
from spinegrade.osteoporosis.counting import count_fractures
from spinegrade.osteoporosis.densities import weigh_densities
from spinegrade.osteoporosis.disputed import disputed_words
from spinegrade.osteoporosis.exposures import body_surface, weigh_exposures
from spinegrade.osteoporosis.facts import AGE, DATE, EXAM_DATES, MET, TOLERANCE, Ask, Bounds, Facts, truths
from spinegrade.osteoporosis.rule import OsteoporosisRule, osteoporosis_rules
from spinegrade.osteoporosis.spines import Graded, gather_grades, spine_columns, spine_schema
from spinegrade.osteoporosis.switches import Switches
from spinegrade.patients.contradictions import Known, settle

if TYPE_CHECKING:
    from spinegrade.anatomy import LevelRange
    from spinegrade.patients.reading import Patients

CLASSES = ("no osteoporosis by these rules", "osteoporosis not excluded", "osteoporosis")
"""What the rules for a diagnosis come to together; by index of `spinegrade.osteoporosis.facts.ANSWERS`."""


@frozen
class Classification:
    """How to classify: by which switches and rules.

    ``stamp`` and ``grading`` are what the grades were made by, where there are any.
    """

    switches: Switches = field(factory=Switches)
    rules: tuple[OsteoporosisRule, ...] = field(factory=osteoporosis_rules)
    grading: str = ""
    reference: str = ""

    @property
    def run(self) -> tuple[OsteoporosisRule, ...]:
        """The rules that are enabled."""
        return tuple(one for one in self.rules if one.enabled)


def classify(
    given: Patients, readings: pl.DataFrame | None, levels: LevelRange, how: Classification
) -> pl.DataFrame:
    """Return a row for every patient of the tables and the readings, in `classification_schema`.

    ``readings`` are rows of `spine_rows`; None without films.
    """
    return classify_gathered(gather(given, readings, levels, how.switches), how)


@frozen
class Gathered:
    """Rows of `spine_rows`, grades of the latest exams, and the tables without what contradicts itself."""

    readings: pl.DataFrame
    graded: Graded
    known: Known


def gather(
    given: Patients, readings: pl.DataFrame | None, levels: LevelRange, switches: Switches
) -> Gathered:
    """Return what is to be classified; ``readings`` as in `classify`."""
    rows = pl.DataFrame(schema=spine_schema(levels)) if readings is None else readings
    graded = gather_grades(rows, levels, switches)
    return Gathered(rows, graded, settle(given, graded.frame, switches.adult_from))


def classify_gathered(gathered: Gathered, how: Classification) -> pl.DataFrame:
    """Return the rows of `classify`; ``how`` has the switches that it was gathered by."""
    graded, known, levels = gathered.graded, gathered.known, gathered.graded.levels
    facts = gather_facts(known, graded, how.switches)
    answered = answer_rules(how.rules, facts)
    frame = known.cohort.select("patient", "sex", "age", "date").hstack(_sums(answered, facts, how))
    frame = frame.hstack(_facts_columns(facts)).with_columns(
        boundary_words(how.rules, known, facts, how.switches),
        disputed_words(how.rules, known, gathered.readings, levels, facts, how.switches),
        body_surface(known.cohort),
    )
    spine = graded.frame.select("patient", "exam", "readings").hstack(spine_columns(graded))
    frame = frame.join(spine, on="patient", how="left", maintain_order="left")
    said = known.said.group_by("patient").agg(
        pl.col("contradiction").unique(maintain_order=True).str.join("; ").alias("contradictions")
    )
    frame = frame.join(said, on="patient", how="left", maintain_order="left")
    schema = classification_schema(levels, how)
    return frame.with_columns(
        *(column for one in answered for column in _answer_columns(one)),
        pl.lit(f"{levels}").alias("levels"),
        pl.lit(f"{how.switches}").alias("switches"),
        pl.lit(how.reference or None, pl.String).alias("reference"),
        pl.lit(how.grading or None, pl.String).alias("grading"),
        pl.lit("; ".join(f"{one.code} {one.source.stamp}" for one in how.run)).alias("rules"),
        pl.lit(__version__).alias("version"),
    ).select(pl.col(name).cast(kind) for name, kind in schema.items())


_FACT_COLUMNS = (
    *("vertebral_fractures", "long_bone_by_10", "long_bone_by_19", "bmd_z", "t_score"),
    *("glucocorticoid_g", "glucocorticoid_g_m2"),
)
_TEXT = ("diagnosis", "found", "density", "imaging", "cautions", "information")


def classification_schema(levels: LevelRange, how: Classification) -> dict[str, type[pl.DataType]]:
    """Return the columns of a classified cohort; those of a rule begin with its code."""
    grades: dict[str, type[pl.DataType]] = {f"grade_{level}": pl.Int64 for level in levels.levels}
    rules: dict[str, type[pl.DataType]] = {
        f"{one.code}{end}": pl.String for one in how.run for end in ("", "_because", "_missing")
    }
    return {
        **dict.fromkeys(("patient", "sex"), pl.String),
        "age": pl.Float64,
        "date": pl.Date,
        "exam": pl.String,
        "readings": pl.Int64,
        **grades,
        "levels": pl.String,
        **dict.fromkeys(("sdi", "sdi_low", "sdi_high", "fractured_low", "fractured_high"), pl.Int64),
        "evaluable": pl.Int64,
        **dict.fromkeys(("status", "readings_differ", "unevaluable", "unread", "classification"), pl.String),
        **dict.fromkeys((*_TEXT, "boundary", "disputed", "missing", "not_run", "contradictions"), pl.String),
        **{f"{name}_{end}": pl.Float64 for name in _FACT_COLUMNS for end in ("low", "high")},
        "body_surface_m2": pl.Float64,
        **rules,
        **dict.fromkeys(("switches", "reference", "grading", "rules", "version"), pl.String),
    }


def gather_facts(known: Known, graded: Graded, switches: Switches) -> Facts:
    """Return what is known of the cohort, in its order."""
    cohort = known.cohort
    numbers = {"age": _age(cohort), "height_loss": _number(cohort, "height_loss_cm")}
    numbers |= {name: _number(cohort, name) for name in ("frax_hip", "frax_major")}
    told = {"female": truths(*(_is(cohort, "sex", sex) for sex in ("F", "M")))}
    named = "atypical_finding"
    found = cohort[named].is_not_null().to_numpy() & ~_is(cohort, named, "no")
    told[named] = truths(found, _is(cohort, named, "no"))
    for name in (
        *("local_disease", "high_energy_trauma", "short_stature", "postmenopausal", "safe_positioning"),
        *("dxa_changes_management", "risk_may_fall", "self_reported_vertebral_fracture"),
    ):
        told[name] = truths(_is(cohort, name, value=True), _is(cohort, name, value=False))
    asks: dict[str, tuple[Ask, ...]] = {"age": _age_asks(cohort)}
    for counted in (
        count_fractures(known, graded, switches),
        weigh_densities(known, switches),
        weigh_exposures(known, switches),
    ):
        numbers |= counted.numbers
        told |= counted.truths
        asks |= counted.asks
    return Facts(cohort.height, numbers, told, asks)


def _age(cohort: pl.DataFrame) -> Bounds:
    """Return the age; between that on the latest dated film and today's where a film has no date."""
    return Bounds(_number(cohort, "age", "youngest").low, _number(cohort, "age", "oldest").high)


def _age_asks(cohort: pl.DataFrame) -> tuple[Ask, ...]:
    """Return what would tell the age: of somebody whose birth date is known the other date."""
    born = cohort["birth_date"].is_not_null().to_numpy()
    undated = born & cohort["undated"].to_numpy()
    dateless = born & cohort["date"].is_null().to_numpy() & ~undated
    return (
        Ask(AGE, ~undated & ~dateless),
        Ask(EXAM_DATES, undated),
        Ask(DATE, dateless),
    )


def _number(cohort: pl.DataFrame, *names: str) -> Bounds:
    """Return the first of some columns that is known."""
    return Bounds.of(cohort.select(pl.coalesce(*names, float("nan"))).to_series().to_numpy())


def _is(cohort: pl.DataFrame, name: str, value: object) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (cohort[name] == value).fill_null(value=False).to_numpy()
    )
    return found


def _sums(answered: list[Answered], facts: Facts, how: Classification) -> pl.DataFrame:
    """Return what the rules come to together."""
    count = facts.count
    by = {says: [one for one in answered if one.rule.says == says] for says in _SAYS}
    together = any_met(by["diagnosis"], count)
    texts = [words_where_met(by[says], count).alias(name) for name, says in zip(_TEXT, _SAYS, strict=True)]
    words = pl.Series("classification", CLASSES).gather(together.astype(np.uint32))
    open_still = pl.Series(together < MET)
    return pl.DataFrame(
        [
            words,
            *texts,
            _missing(by["diagnosis"], facts).set(~open_still, None),
            _not_run(facts, how).set(~open_still, None),
        ]
    )


_SAYS = ("diagnosis", "finding", "density", "imaging", "caution", "information")


def _missing(answered: list[Answered], facts: Facts) -> pl.Series:
    """Return the inputs that would decide the diagnosis, each with the codes of its rules.

    Of somebody whose age is not known, rules for adults ask for the age alone: it may be a child.
    """
    ageless = pl.Series(~np.isfinite(facts.number("age").low))
    age = _words("age", {ask.what: ask.where for ask in facts.asks["age"]})
    asked = {
        one.rule.code: one.missing.zip_with(~ageless | one.missing.is_null(), age)
        if one.rule.group == "adult"
        else one.missing
        for one in answered
    }
    return _joined("missing", [f"{code}: " + words for code, words in asked.items()], " | ", facts.count)


def _not_run(facts: Facts, how: Classification) -> pl.Series:
    """Return the rules for a diagnosis at this age that are not run, as no source has confirmed them."""
    age = facts.number("age")
    may_be = {
        "adult": age.high >= how.switches.adult_from - TOLERANCE,
        "child": age.low < how.switches.adult_from - TOLERANCE,
    }
    idle = [one for one in how.rules if not one.enabled and one.says == "diagnosis"]
    said = [_words(one.code, {f"{one.code} {one.words}": may_be[one.group]}) for one in idle]
    return _joined("not_run", said, "; ", facts.count)


def _words(name: str, said: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> pl.Series:
    """Return the first of some words that holds of each row; null where none does."""
    found = pl.coalesce(pl.when(pl.Series(where)).then(pl.lit(words)) for words, where in said.items())
    return pl.select(found.alias(name)).to_series()


def _joined(name: str, said: list[pl.Series], between: str, count: int) -> pl.Series:
    """Return words of many series row by row; null where there are none."""
    if not said:
        return pl.Series(name, [None] * count, dtype=pl.String)
    frame = pl.DataFrame([one.alias(f"{n}") for n, one in enumerate(said)])
    joined = pl.concat_str(pl.all(), separator=between, ignore_nulls=True)
    return frame.select(joined.alias(name)).to_series().replace("", None)


def _answer_columns(one: Answered) -> list[pl.Series]:
    code = one.rule.code
    return [one.words, one.because.alias(f"{code}_because"), one.missing.alias(f"{code}_missing")]


def _facts_columns(facts: Facts) -> pl.DataFrame:
    """Return the numbers that rules were answered from; null where nothing bounds them."""
    columns = []
    for name in _FACT_COLUMNS:
        bounds = facts.number(name)
        for end, values in (("low", bounds.low), ("high", bounds.high)):
            known = np.where(np.isfinite(values), values, np.nan)
            columns.append(pl.Series(f"{name}_{end}", known, nan_to_null=True))
    return pl.DataFrame(columns)
