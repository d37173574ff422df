"""What cohorts of few places do to the variance of an effect of adoption, and to the distribution that it is held against.

The influence of a unit is a residual from its cohort's mean, so that squares summed and divided by the number of clusters
are too small by a factor of (C - 1) / C in a cohort of C, which R's did leaves as it is. Here each cohort's squares are divided
by C - 1, and quantiles are Student's with degrees of freedom by Satterthwaite: for two groups and two periods this is Welch's
test, and the same as HC2 errors with the degrees of freedom of Bell and McCaffrey.

A cohort of one cluster shows no variation of its own, and one of two a single difference, with which Student's distribution has
no mean: such cohorts are taken to vary as the clusters that they are compared with do.

References: Welch (1947), Biometrika 34: 28-35; Imbens and Kolesar (2016), Review of Economics and Statistics 98: 701-712;
Conley and Taber (2011), Review of Economics and Statistics 93: 113-125, for such cohorts.
"""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from analysis.sanctuary.adoption_panel import Panel
from analysis.sanctuary.group_times import small_cohort


class SmallCohorts:
    """What is added to the variance of averages over group-time effects, cohort by cohort.

    Parameters
    ----------
    panel : Panel
    cohort : array (effects)
        The cohort of each effect.
    borrowed : array (clusters, effects)
        Of ``GroupTimes``.
    """

    def __init__(self, panel: Panel, cohort: np.ndarray, borrowed: np.ndarray) -> None:
        self.panel, self.cohort, self.borrowed = panel, cohort, borrowed
        self.clusters = int(panel.cluster.max()) + 1
        self.stratum = _strata(panel)
        self._borrows = {g for g in panel.cohorts if small_cohort(panel, panel.adopted == g)}

    def added(self, sums: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The covariance that is added to that of estimates, and the degrees of freedom of each.

        Parameters
        ----------
        sums : array (clusters, estimates)
            Influence summed within clusters.
        weights : array (effects, estimates)
            The weight of each effect in each estimate.
        """
        units = len(self.panel.adopted)
        added = np.zeros((sums.shape[1],) * 2)
        whole, squares = np.zeros(sums.shape[1]), np.zeros(sums.shape[1])
        parts, fewest = self._from_controls(weights)
        added += sum(part.T @ part for part in parts)
        from_controls = sum(((part**2).sum(axis=0) for part in parts), np.zeros(sums.shape[1]))
        for stratum in np.unique(self.stratum):
            inside = sums[self.stratum == stratum]
            count, left = len(inside), inside - inside.mean(axis=0)
            if stratum in self._borrows:
                added -= left.T @ left / units**2  # its own squares give way to what is borrowed
                continue
            if count < 2:
                continue
            added += left.T @ left / ((count - 1) * units**2)
            variance = (left**2).sum(axis=0) * count / ((count - 1) * units**2)
            if np.isinf(stratum):  # what is borrowed comes from the same clusters and is no further evidence
                variance, from_controls = variance + from_controls, 0 * from_controls
            whole, squares = whole + variance, squares + variance**2 / (count - 1)
        whole, squares = whole + from_controls, squares + from_controls**2 / fewest
        with np.errstate(invalid="ignore", divide="ignore"):
            return added, whole**2 / squares

    def _from_controls(self, weights: np.ndarray) -> tuple[list[np.ndarray], float]:
        """What each small cohort borrows (clusters, estimates), and the least degrees of freedom of that."""
        parts, fewest = [], np.inf
        for cohort in sorted(self._borrows):
            chosen = np.flatnonzero(self.cohort == cohort)
            from_each, used = self.borrowed[:, chosen], weights[chosen] != 0
            part = np.nan_to_num(from_each) @ weights[chosen]
            part[:, (np.isnan(from_each).any(axis=0) @ used) > 0] = np.nan
            parts.append(part)
            fewest = min([fewest, *((from_each != 0).sum(axis=0) - 1)])
        return parts, float(max(fewest, 1))


def as_normal(statistic: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """The normal quantile with the tail of a Student's t statistic, 0 or more; the statistic itself at infinite freedom."""
    finite = np.isfinite(freedom)
    return np.where(finite, -ndtri(stdtr(np.where(finite, freedom, 1.0), -np.abs(statistic))), np.abs(statistic))


def as_student(normal: float, freedom: np.ndarray) -> np.ndarray:
    """Student's quantile with the tail of a normal one, 0 or more; the same at infinite freedom."""
    finite = np.isfinite(freedom)
    return np.where(finite, -stdtrit(np.where(finite, freedom, 1.0), ndtr(-normal)), normal)


def _strata(panel: Panel) -> np.ndarray:
    """The cohort of each cluster, infinite for never; clusters that hold several cohorts are one stratum, coded -1."""
    clusters = int(panel.cluster.max()) + 1
    first, last = np.full(clusters, np.inf), np.full(clusters, -np.inf)
    np.minimum.at(first, panel.cluster, panel.adopted)
    np.maximum.at(last, panel.cluster, panel.adopted)
    return np.where(first == last, first, -1.0)
