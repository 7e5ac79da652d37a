"""Write python.json: what statsmodels, scikit-learn, krippendorff and pingouin make of data.json."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pingouin
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

HERE = Path(__file__).parent
PACKAGES = ("statsmodels", "scikit-learn", "krippendorff", "pingouin", "numpy", "scipy")


def statsmodels_kappa(table: np.ndarray, **options: object) -> list[float]:
    """Return kappa, its standard error and 95 % limits."""
    found = cohens_kappa(table, **options)
    return [float(one) for one in (found.kappa, found.std_kappa, found.kappa_low, found.kappa_upp)]


def main() -> None:
    """Write the file beside this one."""
    data = json.loads((HERE / "data.json").read_text(encoding="utf-8"))
    arrays = {name: np.array(value, dtype=float) for name, value in data.items() if name != "pefr"}
    grades = arrays["grades"]
    table = confusion_matrix(grades[:, 0], grades[:, 1], labels=[0, 1, 2, 3])
    names = {"unweighted": None, "linear": "linear", "quadratic": "quadratic"}
    out: dict[str, object] = {"versions": {name: importlib.metadata.version(name) for name in PACKAGES}}
    out["versions"]["python"] = sys.version.split()[0]
    out["sklearn_kappa"] = {
        f"{one}{other} {name}": cohen_kappa_score(
            grades[:, one], grades[:, other], labels=[0, 1, 2, 3], weights=w
        )
        for one, other in ((0, 1), (0, 2), (1, 2))
        for name, w in names.items()
    }
    out["statsmodels_kappa"] = {
        "unweighted": statsmodels_kappa(table),
        "linear": statsmodels_kappa(table, wt="linear"),
        "quadratic": statsmodels_kappa(table, wt="quadratic"),
        "cohen_1968": statsmodels_kappa(arrays["cohen_1968"]),
    }
    out["statsmodels_fleiss"] = {
        name: fleiss_kappa(aggregate_raters(arrays[name].astype(int))[0], method="fleiss")
        for name in ("fleiss_1971", "grades")
    }
    levels = ("nominal", "ordinal", "interval", "ratio")
    out["krippendorff"] = {
        f"{name} {level}": krippendorff.alpha(arrays[name].T, level_of_measurement=level)
        for name in ("krippendorff_2011", "grades", "grades_gaps", "grades_singles", "heights_gaps")
        for level in (levels if name != "heights_gaps" else levels[2:])
    }
    long = pd.DataFrame(arrays["heights"]).reset_index().melt("index", var_name="reader", value_name="y")
    icc = pingouin.intraclass_corr(long, targets="index", raters="reader", ratings="y").set_index("Type")
    out["pingouin_icc"] = {str(name): float(value) for name, value in icc["ICC"].items()}
    out["mcnemar_exact"] = float(mcnemar([[1, 1], [7, 12]], exact=True).pvalue)
    out["wilson_81_263"] = [float(one) for one in proportion_confint(81, 263, method="wilson")]
    (HERE / "python.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
