"""What the effect of adoption comes as: estimates, what they rest on, and the sentences that belong beside them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary.adoption_panel import Panel
from analysis.sanctuary.group_times import SHOWING, small_cohort
from analysis.sanctuary.small_cohorts import as_student

FEW = 10


@dataclass(frozen=True)
class Overall:
    """One number for the whole: an estimate with its standard error, its interval and the degrees of freedom of that."""

    estimate: float
    se: float
    lower: float
    upper: float
    df: float = np.inf


@dataclass(frozen=True, eq=False)
class AdoptionEffect:
    """What adoption did, on the scale of the outcome.

    ``overall``: the average over all group-times after adoption, weighted by the size of the cohort (R did's
    "simple"). ``group_time``: cohort, time, event_time, base, estimate, se, lower, upper, adopters, controls.
    ``by_cohort``: cohort, units, estimate, se, df, lower, upper. ``by_event_time``: event_time (0 is the period of
    adoption), estimate, se, df, lower, upper, and the simultaneous band_lower and band_upper. ``df`` is infinite where
    quantiles are normal. ``pre_trend``: tests that
    nothing happened before adoption. ``benchmark``: two-way fixed effects, for comparison only. ``units``,
    ``clusters``, ``adopters`` and ``controls`` are counts (controls: units that never adopt within the data),
    ``left_out`` counts units by reason and ``named`` names them. ``smallest_detectable``: the overall effect that would
    be found with 80 % power. ``statements`` are sentences that belong beside the numbers.
    """

    overall: Overall
    group_time: pd.DataFrame
    by_cohort: pd.DataFrame
    by_event_time: pd.DataFrame
    pre_trend: pd.DataFrame
    benchmark: dict[str, float]
    control: str
    units: int
    clusters: int
    adopters: int
    controls: int
    left_out: dict[str, int]
    named: dict[str, list]
    statements: tuple[str, ...]
    level: float

    @property
    def smallest_detectable(self) -> float:
        """The overall effect that an interval of this level would leave 0 out for in four samples of five."""
        quantiles = [float(as_student(quantile_of_level(p), np.array(self.overall.df))) for p in (self.level, 0.6)]
        return sum(quantiles) * self.overall.se


def statements(panel: Panel, cohorts: list, apart: int, small_sample: bool = False) -> tuple[str, ...]:
    """What a reader must know of a panel: who is left to compare with, how few places there are, who is left out.

    ``apart`` counts effects that the covariates leave nobody to compare in.
    """
    ever = np.isfinite(panel.adopted)
    out = list(panel.notes)
    if ever.all():
        out.append("Every unit adopts within the data: each comparison is with later adopters.")
    what = "cluster" if len(np.unique(panel.cluster)) < len(panel.cluster) else "unit"
    for side, said in ((ever, ("adopts", "adopt")), (~ever, ("never adopts", "never adopt"))):
        n = len(np.unique(panel.cluster[side]))
        if 0 < n < FEW:
            many = f"{what}s {said[1]}" if n != 1 else f"{what} {said[0]}"
            risk = (
                "with so few an interval rests on changes being close to normal"
                if small_sample
                else "standard errors are too small with so few"
            )
            out.append(f"Only {n} {many} within the data: {risk}.")
    out += _small_cohorts(panel, cohorts, small_sample)
    gaps = int((np.isnan(panel.outcome).any(axis=1)).sum())
    if gaps:
        out.append(
            f"{gaps} of {len(panel.adopted)} units are not seen in every period: each comparison uses those seen in both of its periods."
        )
    if apart:
        out.append(f"{apart} effects are left out: the covariates tell adopters from the others completely.")
    return (*out, *(f"{n} left out: {reason}." for reason, n in panel.left_out.items()))


def _small_cohorts(panel: Panel, cohorts: list, small_sample: bool) -> list[str]:
    if small_sample:
        few = sum(small_cohort(panel, panel.adopted == g) for g in cohorts)
        says = f"hold fewer than {SHOWING} units, too few to show how they vary; they are taken to vary as the units that they are compared with do"
    else:
        few = sum(int((panel.adopted == g).sum() == 1) for g in cohorts)
        says = "hold one unit, whose own variation cannot be seen"
    return [f"{few} of {len(cohorts)} cohorts {says}."] if few else []
