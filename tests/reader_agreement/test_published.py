"""Published figures: each with its source, each of something that can be compared here."""

from __future__ import annotations

import re

import pytest

from spinegrade.reader_agreement import MEASURES
from spinegrade.reader_agreement.published import all_figures, figures_for


@pytest.mark.parametrize("figure", all_figures(), ids=lambda one: f"{one.source.citation[:12]} {one.words}")
def test_a_figure_says_where_it_is_from(figure):
    assert re.search(r"^[A-Z].* (et al\.|and \w+) (19|20)\d\d, ", figure.source.citation)
    assert figure.people in {"adults", "children"}
    assert figure.measures
    assert set(figure.measures) <= set(MEASURES)
    assert bool(figure.value) != bool(figure.pair)
    assert list(figure.value) == sorted(figure.value)


def test_the_figures_of_one_study_as_it_printed_them():
    """Ferrar 2008: kappa of semiquantitative readings of radiographs 0.53 (0.46 to 0.60)."""
    (figure,) = [one for one in all_figures() if one.interval == (0.46, 0.60)]
    assert figure.words == "0.53 (0.46 to 0.60)"
    assert figure.source.identifier == "PMID 17967136"


def test_sensitivity_and_specificity_belong_together():
    (figure,) = [one for one in all_figures() if one.source.citation.startswith("Wu") and one.pair]
    assert figure.words == "0.702 and 0.988"


def test_a_doi_stands_only_where_it_is_known():
    dois = {one.source.doi for one in all_figures() if one.source.doi}
    assert dois == {"10.1007/s00330-019-06250-4", "10.1007/s00223-015-9960-1"}


def test_figures_for_a_measure():
    assert {one.statistic for one in figures_for("evaluable", "vertebra")} == {"kappa"}
    assert figures_for("area-loss", "vertebra") == []
    spines, vertebrae = (figures_for("fracture", by) for by in ("patient", "vertebra"))
    assert [one.what for one in spines if one.by] == [
        "DXA (VFA) against radiographs, osteogenesis imperfecta, 58 patients, by patient"
    ]
    assert len(spines) == len(vertebrae)
