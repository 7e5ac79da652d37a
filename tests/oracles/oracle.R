# Write r.json: what R's packages make of data.json.  Rscript oracle.R, in this folder.
suppressPackageStartupMessages({library(jsonlite); library(vcd); library(psych); library(epiR); library(lme4); library(boot)})
d <- fromJSON("data.json")
out <- list(versions = as.list(c(R = paste(R.version$major, R.version$minor, sep = "."),
  sapply(c("vcd", "psych", "epiR", "lme4", "boot"), function(p) as.character(packageVersion(p))))))

g <- d$grades
table_of <- function(a, b) table(factor(a, 0:3), factor(b, 0:3))
kappas <- function(tab, level = 0.95) {
  one <- function(weights) { k <- Kappa(tab, weights = weights); ci <- confint(k, level = level)
    list(unweighted = c(unname(k$Unweighted), ci["Unweighted", ]), weighted = c(unname(k$Weighted), ci["Weighted", ])) }
  linear <- one("Equal-Spacing"); quadratic <- one("Fleiss-Cohen")
  list(unweighted = linear$unweighted, linear = linear$weighted, quadratic = quadratic$weighted)
}
out$vcd_kappa <- list(pair01 = kappas(table_of(g[, 1], g[, 2])), pair12_level90 = kappas(table_of(g[, 2], g[, 3]), 0.90))

w <- matrix(c(0, 1, 3, 1, 0, 6, 3, 6, 0), 3)
ck <- suppressWarnings(cohen.kappa(d$cohen_1968, w, n.obs = sum(d$cohen_1968)))
out$psych_cohen_1968 <- list(kappa = ck$kappa, weighted = ck$weighted.kappa, var_kappa = ck$var.kappa, var_weighted = ck$var.weighted)

k <- epi.kappa(d$binary)
out$epiR_kappa <- list(prop_agree = unlist(k$prop.agree), pindex = unlist(k$pindex), bindex = unlist(k$bindex),
  pabak = unlist(k$pabak), kappa = unlist(k$kappa))
b <- d$binary  # rows: first reader no/yes as 1,2; here cell [1,1] is positive both
tests <- epi.tests(as.table(b), method = "wilson")$detail
out$epiR_tests <- setNames(lapply(c("se", "sp"), function(s) unlist(tests[tests$statistic == s, c("est", "lower", "upper")])), c("sensitivity", "specificity"))

icc_of <- function(m) { r <- suppressWarnings(ICC(m, lmer = FALSE))$results; setNames(lapply(seq_len(6), function(i) unlist(r[i, c("ICC", "lower bound", "upper bound")])), r$type) }
out$psych_icc <- list(shrout_fleiss_1979 = icc_of(d$shrout_fleiss_1979), heights = icc_of(d$heights))

long <- function(m) { i <- which(!is.na(m), arr.ind = TRUE); data.frame(y = m[i], item = factor(i[, 1]), reader = factor(i[, 2])) }
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
crossed <- function(m) { f <- lmer(y ~ 1 + (1 | item) + (1 | reader), long(m), control = tight); v <- as.data.frame(VarCorr(f))
  list(item = v$vcov[v$grp == "item"], reader = v$vcov[v$grp == "reader"], rest = sigma(f)^2, criterion = REMLcrit(f)) }
oneway <- function(m) { f <- lmer(y ~ 1 + (1 | item), long(m), control = tight); v <- as.data.frame(VarCorr(f)); list(item = v$vcov[1], rest = sigma(f)^2) }
gaps <- d$heights_gaps; grades_gaps <- d$grades_gaps
out$lme4 <- list(heights_gaps = crossed(gaps), heights = crossed(d$heights), grades_gaps = crossed(grades_gaps),
  shrout_fleiss_1979 = crossed(d$shrout_fleiss_1979), heights_gaps_oneway = oneway(gaps), grades_gaps_oneway = oneway(grades_gaps))

apart <- d$heights_pair[, 1] - d$heights_pair[, 2]; middle <- rowMeans(d$heights_pair); patient <- factor(d$patient)
a <- anova(lm(apart ~ patient)); line <- lm(apart ~ middle)
out$differences <- list(ms = a[["Mean Sq"]], sizes = as.vector(table(patient)), t = unlist(t.test(apart)[c("estimate", "conf.int")]),
  line = c(coef(line), confint(line)[2, ]), sd = sd(apart))
m <- matrix(d$pefr$wright, ncol = 2, byrow = TRUE); x <- data.frame(y = as.vector(m), id = factor(row(m)))
within <- anova(lm(y ~ id, x))["Residuals", ]
out$pefr_within <- list(sd = sqrt(within[["Mean Sq"]]), df = within[["Df"]],
  limits = sqrt(within[["Mean Sq"]] * within[["Df"]] / qchisq(c(0.975, 0.025), within[["Df"]])))

out$mcnemar <- list(exact_1_7 = binom.test(1, 8)$p.value, exact_9_3 = binom.test(3, 12)$p.value, mid_1_7 = binom.test(1, 8)$p.value - dbinom(1, 8, 0.5))

t <- as.vector(d$replicates); l <- as.vector(d$influence); t0 <- 0.46
fake <- list(t0 = t0, t = matrix(t), R = length(t), data = l, seed = 0, statistic = NULL, sim = "ordinary", call = quote(boot()), stype = "i", strata = rep(1, length(l)), weights = rep(1 / length(l), length(l)))
class(fake) <- "boot"
out$boot <- list(t0 = t0, percent = boot.ci(fake, type = "perc")$percent[4:5], bca = boot.ci(fake, type = "bca", L = l)$bca[4:5])
out$wilson_81_263 <- as.vector(prop.test(81, 263, correct = FALSE)$conf.int)
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "r.json")
