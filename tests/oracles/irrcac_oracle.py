"""Write irrcac.json: what irrCAC makes of data.json."""

from __future__ import annotations

import importlib.metadata
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from irrCAC.raw import CAC

HERE = Path(__file__).parent
SETS = {"krippendorff_2011": [1, 2, 3, 4, 5], "fleiss_1971": [0, 1, 2, 3, 4], "grades": [0, 1, 2, 3]}
SETS |= {"grades_gaps": [0, 1, 2, 3], "grades_singles": [0, 1, 2, 3]}


def main() -> None:
    """Write the file beside this one: coefficient, standard error and agreement as printed, 5 decimals."""
    data = json.loads((HERE / "data.json").read_text(encoding="utf-8"))
    out: dict[str, object] = {
        "versions": {name: importlib.metadata.version(name) for name in ("irrCAC", "numpy")}
    }
    for name, categories in SETS.items():
        frame = pd.DataFrame(np.array(data[name], dtype=float))
        for weights in ("identity", "linear", "quadratic"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                cac = CAC(frame, weights=weights, categories=categories, digits=12)
                for method in ("fleiss", "conger", "gwet", "krippendorff", "bp"):
                    found = getattr(cac, method)()["est"]
                    keys = ("coefficient_value", "se", "pa", "pe")
                    out[f"{name} {weights} {method}"] = {key: float(found[key]) for key in keys}
    (HERE / "irrcac.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
