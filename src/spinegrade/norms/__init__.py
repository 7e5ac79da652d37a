"""Norms: what heights and ratios are in people without fractures, by level, sex and age.

A norm is a file with a name, a source and a licence; a z-score is never given without one.  `files` reads and
checks them, `table` looks them up, `build` makes them from normals, `measures` says which ratios there are.
"""

from spinegrade.norms.files import load_norm, norm_ids
from spinegrade.norms.table import Norm

__all__ = ["Norm", "load_norm", "norm_ids"]
