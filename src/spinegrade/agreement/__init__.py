"""Agreement between and within readers: arrays in, `Estimate` out.

`rate` checks ratings, ``(items, readers)`` with NaN for what was not read, and everything else takes what
it returns. Items of one cluster (vertebrae of one patient) are not independent: every interval is made by
resampling clusters, and stands beside the one by formula.  What an item, a reader and a cluster are is
the caller's business.
"""

from spinegrade.agreement.accuracy import Consensus, accuracy, find_consensus
from spinegrade.agreement.bland_altman import bland_altman, bland_altman_repeats
from spinegrade.agreement.categorical import (
    cohen_kappa,
    conger_kappa,
    every_pair,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    pabak,
    pair_agreement,
    percent_agreement,
    reader_agreement,
)
from spinegrade.agreement.estimate import Analytic, Estimate
from spinegrade.agreement.icc import Components, icc, variance_components
from spinegrade.agreement.mcnemar import McNemar, mcnemar
from spinegrade.agreement.precision import LEAST_SIGNIFICANT, point_scatter, precision
from spinegrade.agreement.random_readers import over_readers
from spinegrade.agreement.ratings import (
    Ratings,
    against_rest,
    dichotomise,
    rate,
    rate_evaluability,
    split,
    stack_occasions,
)
from spinegrade.agreement.resampling import FEW_CLUSTERS, Plan
from spinegrade.agreement.sample_size import (
    Aim,
    SampleSize,
    items_for_icc,
    items_for_kappa,
    kappa_error,
    readers_for,
)
from spinegrade.agreement.simulation import Design, Simulated, patients_for, simulate
from spinegrade.agreement.weights import WEIGHT_NAMES, Weights, custom_weights, weigh

__all__ = [
    "FEW_CLUSTERS",
    "LEAST_SIGNIFICANT",
    "WEIGHT_NAMES",
    "Aim",
    "Analytic",
    "Components",
    "Consensus",
    "Design",
    "Estimate",
    "McNemar",
    "Plan",
    "Ratings",
    "SampleSize",
    "Simulated",
    "Weights",
    "accuracy",
    "against_rest",
    "bland_altman",
    "bland_altman_repeats",
    "cohen_kappa",
    "conger_kappa",
    "custom_weights",
    "dichotomise",
    "every_pair",
    "find_consensus",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "items_for_icc",
    "items_for_kappa",
    "kappa_error",
    "krippendorff_alpha",
    "mcnemar",
    "over_readers",
    "pabak",
    "pair_agreement",
    "patients_for",
    "percent_agreement",
    "point_scatter",
    "precision",
    "rate",
    "rate_evaluability",
    "reader_agreement",
    "readers_for",
    "simulate",
    "split",
    "stack_occasions",
    "variance_components",
    "weigh",
]
