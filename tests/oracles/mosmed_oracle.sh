#!/bin/sh
# Write mosmed.json: what other programs make of the MosMed readings, of which only results are kept here.
# sh mosmed_oracle.sh PROJECT_PYTHON PYTHON_WITH_KRIPPENDORFF PYTHON_WITH_IRRCAC, in this folder.
set -e
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
PYTHONPATH=.. "$1" -c "
import sys, numpy as np
from agreement.mosmed import read_arrays
arrays = read_arrays()
for name in ('grade', 'wedge_ratio'):
    np.savetxt(f'{sys.argv[1]}/{name}.csv', arrays[name], delimiter=',', fmt='%.17g')
" "$folder"
"$2" -c "
import sys, json, numpy as np, krippendorff
from sklearn.metrics import cohen_kappa_score
grade, wedge = (np.genfromtxt(f'{sys.argv[1]}/{name}.csv', delimiter=',') for name in ('grade', 'wedge_ratio'))
out = {f'alpha {level}': krippendorff.alpha(grade.T, level_of_measurement=level) for level in ('nominal', 'ordinal', 'interval')}
paired = wedge[(~np.isnan(wedge)).sum(axis=1) > 1]
for level in ('interval', 'ratio'):
    out[f'alpha wedge {level}'] = krippendorff.alpha(paired.T, level_of_measurement=level)
for one in range(7):
    for other in range(one + 1, 7):
        both = ~np.isnan(grade[:, [one, other]]).any(axis=1)
        if both.any():
            out[f'linear kappa {one}{other}'] = cohen_kappa_score(*grade[both][:, [one, other]].T.astype(int), labels=[0, 1, 2, 3], weights='linear')
json.dump(out, open(f'{sys.argv[1]}/a.json', 'w'))
" "$folder"
"$3" -W ignore -c "
import sys, json, numpy as np, pandas as pd
from irrCAC.raw import CAC
frame = pd.DataFrame(np.genfromtxt(f'{sys.argv[1]}/grade.csv', delimiter=','))
out = {}
for weights in ('identity', 'linear'):
    cac = CAC(frame, weights=weights, categories=[0, 1, 2, 3], digits=12)
    for method in ('fleiss', 'conger', 'gwet'):
        out[f'{method} {weights}'] = float(getattr(cac, method)()['est']['coefficient_value'])
json.dump(out, open(f'{sys.argv[1]}/b.json', 'w'))
" "$folder"
TZ=UTC Rscript -e '
suppressPackageStartupMessages({library(lme4); library(jsonlite)})
folder <- commandArgs(TRUE)
m <- as.matrix(read.csv(file.path(folder, "wedge_ratio.csv"), header = FALSE))
i <- which(!is.nan(m) & !is.na(m), arr.ind = TRUE)
d <- data.frame(y = m[i], item = factor(i[, 1]), reader = factor(i[, 2]))
f <- lmer(y ~ 1 + (1 | item) + (1 | reader), d, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))
v <- as.data.frame(VarCorr(f))
g <- lmer(y ~ 1 + (1 | item), d, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))
out <- list(oneway_item = as.data.frame(VarCorr(g))$vcov[1], oneway_rest = sigma(g)^2, item = v$vcov[v$grp == "item"], reader = v$vcov[v$grp == "reader"], rest = sigma(f)^2)
write(toJSON(out, digits = NA, auto_unbox = TRUE), file.path(folder, "c.json"))
' "$folder"
"$1" -c "
import sys, json
parts = [json.load(open(f'{sys.argv[1]}/{name}.json')) for name in 'abc']
json.dump({**parts[0], **parts[1], 'wedge variances': parts[2]}, open('mosmed.json', 'w'), indent=1)
" "$folder"
echo >> mosmed.json
