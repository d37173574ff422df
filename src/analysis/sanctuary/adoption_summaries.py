"""Averages of group-time effects with their standard errors: over all, by cohort, by time since adoption.

The weight of an effect is the size of its cohort; that sizes are estimated is part of the standard errors. Bands are
simultaneous: their level holds for the whole line at once. Where cohorts are small, the largest of several statistics is
taken after each is turned into the normal quantile of its own tail.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import chi2

from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary.adoption_panel import Panel
from analysis.sanctuary.group_times import GroupTimes
from analysis.sanctuary.small_cohorts import SmallCohorts, as_normal, as_student

SEED = 20_210_112  # of the draws behind simultaneous bands and the bootstrap
DRAWS = 20_000


class Summaries:
    """Averages over the group-time effects of one panel; ``small_sample`` as in ``adoption_effect``."""

    def __init__(
        self, panel: Panel, effects: GroupTimes, level: float, bootstrap: int = 0, small_sample: bool = False
    ) -> None:
        self.panel, self.effects, self.level, self.bootstrap = panel, effects, level, bootstrap
        self.clusters = int(panel.cluster.max()) + 1
        joined = 1 < self.clusters < len(panel.cluster)  # units as their own clusters go uncorrected, as in R's did
        self._correction = self.clusters / (self.clusters - 1) if joined and not small_sample else 1.0
        self.size = {g: float((panel.weight * (panel.adopted == g)).mean()) for g in panel.cohorts}
        self._cohort = effects.table["cohort"].to_numpy()
        self.shares = np.array([self.size[g] for g in self._cohort])
        self._small = SmallCohorts(panel, self._cohort, effects.borrowed) if small_sample else None

    def average(self, chosen: np.ndarray) -> tuple[float, np.ndarray]:
        """The average of the chosen effects weighted by the size of their cohorts, and each unit's influence on it."""
        share, cohorts = self.shares[chosen], self._cohort[chosen]
        total, estimate = share.sum(), self.effects.table["estimate"].to_numpy()[chosen]
        mean = float(share @ estimate / total)
        influence = self.effects.influence[:, chosen] @ (share / total)
        belongs = self.panel.weight[:, None] * (self.panel.adopted[:, None] == cohorts) - share
        return mean, influence + belongs @ ((estimate - mean) / total)

    def covariance(self, influence: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The covariance of estimates from their influences (units, estimates), and the degrees of freedom of each.

        ``weights`` (effects, estimates) says what each is an average of.
        """
        sums = self._by_cluster(influence)
        plain = self._correction * sums.T @ sums / len(influence) ** 2
        if self._small is None:
            return plain, np.full(influence.shape[1], np.inf)
        added, freedom = self._small.added(sums, weights)
        return plain + added, freedom

    def table(self, labels: dict[str, Iterable], parts: list[np.ndarray], bands: bool = False) -> pd.DataFrame:
        """One row an average: the labels, estimate, se, df, lower, upper, and band_lower and band_upper."""
        estimate, influence, weights = self._averages(parts)
        covariance, freedom = self.covariance(influence, weights)
        se, draws = np.sqrt(np.diag(covariance)), None
        if self.bootstrap:
            draws = self._draws(influence)
            se = (np.quantile(draws, 0.75, axis=0) - np.quantile(draws, 0.25, axis=0)) / (ndtri(0.75) - ndtri(0.25))
        se = np.where(se > 0, se, np.nan)  # a variance of 0 means too few units to know it
        half = as_student(quantile_of_level(self.level), freedom) * se
        ends = {"lower": estimate - half, "upper": estimate + half}
        out = pd.DataFrame({**labels, "estimate": estimate, "se": se, "df": freedom, **ends})
        if bands:
            wide = as_student(self._wide(covariance, se, draws), freedom) * se
            out["band_lower"], out["band_upper"] = estimate - wide, estimate + wide
        return out

    def _averages(self, parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimates, influences (units, estimates) and the weights of the effects in each (effects, estimates)."""
        found = [self.average(part) for part in parts]
        influence = np.column_stack([each for _, each in found]) if found else np.zeros((len(self.panel.adopted), 0))
        weights = [np.where(part, self.shares, 0.0) / self.shares[part].sum() for part in parts]
        stacked = np.column_stack(weights) if found else np.zeros((len(self.shares), 0))
        return np.array([mean for mean, _ in found]), influence, stacked

    def pre_trend(self, by_event_time: pd.DataFrame) -> pd.DataFrame:
        """Two tests that nothing happened before adoption: test, statistic, df, p_value, statement."""
        before = self.effects.table["clean"].to_numpy()
        rows = [self._wald(before), self._largest(by_event_time)]
        return pd.DataFrame(rows, columns=["test", "statistic", "df", "p_value", "statement"])

    def _wald(self, before: np.ndarray) -> tuple:
        name, k = "Wald, all group-times before adoption", int(before.sum())
        if not k:
            return name, np.nan, 0, np.nan, "no cohort is seen in two periods before adoption"
        alone = int((self.effects.table["adopters"].to_numpy()[before] < 2).sum())
        if alone:
            return (
                name,
                np.nan,
                k,
                np.nan,
                f"{alone} of {k} effects before adoption rest on one unit, whose variation cannot be seen",
            )
        covariance, _ = self.covariance(self.effects.influence[:, before], np.eye(len(before))[:, before])
        scale = np.sqrt(np.diag(covariance))
        if (scale == 0).any() or np.linalg.matrix_rank(covariance / np.outer(scale, scale)) < k:
            return (
                name,
                np.nan,
                k,
                np.nan,
                f"{k} effects before adoption cannot be tested together with {self.clusters} clusters",
            )
        estimate = self.effects.table["estimate"].to_numpy()[before]
        statistic = float(estimate @ np.linalg.solve(covariance, estimate))
        return name, statistic, k, float(chi2.sf(statistic, k)), ""

    def _largest(self, by_event_time: pd.DataFrame) -> tuple:
        name = "largest of the event times before adoption"
        clean = self.effects.table.groupby("event_time")["clean"].all().reindex(by_event_time["event_time"]).to_numpy()
        early = by_event_time[clean & by_event_time["se"].notna()]
        if early.empty:
            return name, np.nan, 0, np.nan, "no event time before adoption has a standard error"
        times = self.effects.table["event_time"].to_numpy()
        _, influence, weights = self._averages([times == e for e in early["event_time"]])
        covariance, freedom = self.covariance(influence, weights)
        statistic = float(as_normal((early["estimate"] / early["se"]).to_numpy(), freedom).max())
        largest = self._largest_of_normals(covariance)
        return name, statistic, len(early), float((1 + (largest >= statistic).sum()) / (1 + len(largest))), ""

    def _wide(self, covariance: np.ndarray, se: np.ndarray, draws: np.ndarray | None) -> float:
        """How many standard errors wide a band must be for all of it to cover at once."""
        known = ~np.isnan(se)
        if not known.any():
            return np.nan
        largest = (
            self._largest_of_normals(covariance[np.ix_(known, known)])
            if draws is None
            else np.abs(draws[:, known] / se[known]).max(axis=1)
        )
        return max(float(np.quantile(largest, self.level)), quantile_of_level(self.level))

    def _largest_of_normals(self, covariance: np.ndarray) -> np.ndarray:
        """Draws of the largest absolute value of correlated standard normals, from uniform numbers of a fixed seed."""
        scale = np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        root = vectors * np.sqrt(np.maximum(values, 0))
        uniform = np.random.default_rng(SEED).random((DRAWS, len(scale)))
        return np.abs(ndtri(uniform) @ root.T).max(axis=1)

    def _draws(self, influence: np.ndarray) -> np.ndarray:
        """Multiplier bootstrap: sums over clusters with random signs, less the estimate."""
        sums = self._by_cluster(influence)
        signs = np.where(np.random.default_rng(SEED).random((self.bootstrap, len(sums))) < 0.5, -1.0, 1.0)
        return np.sqrt(self._correction) * signs @ sums / len(influence)

    def _by_cluster(self, influence: np.ndarray) -> np.ndarray:
        sums = np.zeros((self.clusters, influence.shape[1]))
        np.add.at(sums, self.panel.cluster, influence)
        return sums
