"""How well readers of the same films agree: from landmark tables and readings to an `Analysis`.

`spinegrade.agreement` has the statistics and knows nothing of spines; here it is said what an item, a
reader and a cluster are.
"""

from spinegrade.reader_agreement.analysis import analyse, analyse_landmarks, compare
from spinegrade.reader_agreement.comparison import CONSENSUS, Asking, Comparison
from spinegrade.reader_agreement.gather import (
    Gathered,
    fingerprint,
    gather_findings,
    gather_landmarks,
)
from spinegrade.reader_agreement.items import Table, tabulate
from spinegrade.reader_agreement.measures import BYS, LANDMARK_SCATTER, MEASURES, Measure, find_measure
from spinegrade.reader_agreement.reference import check_judged
from spinegrade.reader_agreement.result import (
    COLUMNS,
    Analysis,
    Confusion,
    Group,
    Provenance,
    as_json,
    as_rows,
    headline,
    pick,
)
from spinegrade.reader_agreement.scatter import Placed, place_landmarks

__all__ = [
    "BYS",
    "COLUMNS",
    "CONSENSUS",
    "LANDMARK_SCATTER",
    "MEASURES",
    "Analysis",
    "Asking",
    "Comparison",
    "Confusion",
    "Gathered",
    "Group",
    "Measure",
    "Placed",
    "Provenance",
    "Table",
    "analyse",
    "analyse_landmarks",
    "as_json",
    "as_rows",
    "check_judged",
    "compare",
    "find_measure",
    "fingerprint",
    "gather_findings",
    "gather_landmarks",
    "headline",
    "pick",
    "place_landmarks",
    "tabulate",
]
