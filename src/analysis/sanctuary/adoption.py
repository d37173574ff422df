"""The effect of adopting a policy at different times in different places.

In: a panel, one row a place and period, with the period in which each place adopted. Out: group-time effects and their
averages, with standard errors clustered by place. It rests on parallel trends: without adoption, adopters would have
changed as those did that had not adopted.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.data.errors import nearest
from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary.adoption_panel import Panel, read_panel
from analysis.sanctuary.adoption_result import AdoptionEffect, Overall, statements
from analysis.sanctuary.adoption_summaries import Summaries
from analysis.sanctuary.group_times import group_times

CONTROLS = ("never", "not_yet")


def adoption_effect(
    panel: pd.DataFrame,
    outcome: str,
    unit: str,
    time: str,
    adopted: str,
    control: str = "never",
    cluster: str | None = None,
    weight: str | None = None,
    repealed: str | None = None,
    repeals: str = "leave out",
    covariates: Sequence[str] = (),
    anticipation: int = 0,
    unbalanced: str = "pairs",
    bootstrap: int = 0,
    small_sample: bool = False,
    level: float = 0.95,
) -> AdoptionEffect:
    """Estimate group-time effects of a policy adopted at different times, and their averages.

    Parameters
    ----------
    panel : pandas.DataFrame
        One row a unit and period; rows without an outcome are left out.
    outcome, unit, time : column
        ``time`` holds numbers (years, months counted from any start), dates (the first day of each period) or periods.
    adopted : column
        The first period under the policy, on the scale of ``time``, the same in all rows of a unit; missing or infinite
        means never, and so does 0 where periods start above 0 and nothing is missing. A unit that adopted by the
        first period is left out and named; one that adopts after the last period has not adopted within the data.
    control : ``"never"`` or ``"not_yet"``
        Compare with units that never adopt within the data, or with all that have not adopted yet.
    cluster : column
        Where the policy is set, if that is larger than a unit (a state's law over its counties). By default the unit.
        With fewer clusters C than units the variance is multiplied by C / (C - 1).
    weight : column
        The weight of a unit, the same in all its rows. By default every unit counts once.
    repealed : column
        The first period without the policy again, missing where it was not repealed. ``repeals="leave out"`` leaves
        such units out and names them; ``"until"`` uses their rows before the repeal.
    covariates : columns
        What trends may differ by, as it was in the earlier of the two periods of each comparison; numbers, categories or
        terms of a formula. The comparison is then doubly robust (a logistic model of adoption, a linear model of change).
    anticipation : int
        Periods before adoption in which it may already have had an effect: the base is the last period before them.
    unbalanced : ``"pairs"`` or ``"complete"``
        Use the units seen in both periods of each comparison, or only those seen in every period, as R's did does.
    bootstrap : int
        Replications of the multiplier bootstrap (seeded). 0: analytic standard errors.
    small_sample : bool
        False: standard errors and normal quantiles as published, which are too small where cohorts hold few units. True: the
        squares of each cohort are divided by its clusters less one, and quantiles are Student's with Welch-Satterthwaite
        degrees of freedom (``small_cohorts``); cohorts of one or two clusters are taken to vary as their controls do.
    level : float

    Returns
    -------
    AdoptionEffect
        Varying base period: after adoption the last period before it, before adoption the period before. Standard
        errors are missing where they cannot be known. Where every unit adopts, ``"not_yet"`` shows the last cohort before
        its adoption too, which R's did leaves out.

    Raises
    ------
    KeyError
        A column that is not there.
    ValueError
        Both a bootstrap and ``small_sample``.
        More than one row a unit and period, a unit whose adoption, weight or cluster differs between rows, no adoption
        within the data, no unit to compare with, a single period.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225: 200-230; R's ``did``, ``att_gt`` and ``aggte``.
    Sant'Anna and Zhao (2020), Journal of Econometrics 219: 101-122, equation 3.1, for covariates.
    """
    quantile_of_level(level)
    if bootstrap and small_sample:
        raise ValueError("bootstrap and small_sample are two ways to an interval: choose one")
    control = _control(control)
    names = {
        "outcome": outcome,
        "unit": unit,
        "time": time,
        "adopted": adopted,
        "cluster": cluster,
        "weight": weight,
        "repealed": repealed,
    }
    read = read_panel(panel, names, list(covariates), repeals, anticipation, unbalanced)
    _refuse_what_cannot_be_compared(read, control)
    effects = group_times(read, control, anticipation)
    after = effects.table["event_time"].to_numpy() >= 0
    if not after.any():
        raise ValueError("no cohort can be compared after adoption: it and its controls are never seen in both periods")
    sums = Summaries(read, effects, level, bootstrap, small_sample)
    times = pd.Index(sorted(effects.table["event_time"].unique()))
    event = effects.table["event_time"].to_numpy()
    by_event_time = sums.table({"event_time": _whole(times)}, [event == e for e in times], bands=True)
    cohort = effects.table["cohort"].to_numpy()
    cohorts = [g for g in read.cohorts if ((cohort == g) & after).any()]
    labels = {"cohort": [read.label(g) for g in cohorts], "units": [int((read.adopted == g).sum()) for g in cohorts]}
    by_cohort = sums.table(labels, [(cohort == g) & after for g in cohorts])
    return AdoptionEffect(
        _overall(sums, after),
        _group_time(read, effects.table, sums),
        by_cohort,
        by_event_time,
        sums.pre_trend(by_event_time),
        two_way(read, level),
        control,
        len(read.adopted),
        sums.clusters,
        int((read.adopted < float("inf")).sum()),
        int((read.adopted == float("inf")).sum()),
        read.left_out,
        read.named,
        statements(read, cohorts, effects.apart, small_sample),
        level,
    )


def average_effect(read: Panel, control: str, level: float, small_sample: bool = True) -> Overall:
    """The overall effect alone, of a panel that is read already. Raises ValueError where nothing can be compared."""
    _refuse_what_cannot_be_compared(read, control)
    effects = group_times(read, control)
    after = effects.table["event_time"].to_numpy() >= 0
    if not after.any():
        raise ValueError("no cohort can be compared after adoption: it and its controls are never seen in both periods")
    return _overall(Summaries(read, effects, level, 0, small_sample), after)


def _overall(sums: Summaries, after: np.ndarray) -> Overall:
    found = sums.table({}, [after]).iloc[0]
    return Overall(*(float(found[name]) for name in ("estimate", "se", "lower", "upper", "df")))


def _control(control: str) -> str:
    """``never_treated`` and ``not-yet-treated``, as other software has it, are understood too."""
    known = str(control).lower().replace("-", "_").removesuffix("_treated")
    if known not in CONTROLS:
        raise ValueError(f"control = {control!r}.{nearest(known, CONTROLS)}")
    return known


def _refuse_what_cannot_be_compared(panel: Panel, control: str) -> None:
    aside = "".join(f" Left out: {n} {reason}." for reason, n in panel.left_out.items())
    if not len(panel.cohorts):
        raise ValueError(f"no unit adopts within the data, so no effect of adoption can be estimated.{aside}")
    if control == "never" and (panel.adopted < float("inf")).all():
        raise ValueError(
            f"every unit adopts within the data: none is left to compare with. control='not_yet' compares with later adopters.{aside}"
        )


def _group_time(panel: Panel, table: pd.DataFrame, sums: Summaries) -> pd.DataFrame:
    alone = sums.table({}, [table.index.to_numpy() == i for i in table.index])
    out = table.assign(
        cohort=[panel.label(g) for g in table["cohort"]],
        time=[panel.label(t) for t in table["time"]],
        base=[panel.label(t) for t in table["base"]],
        event_time=_whole(table["event_time"]),
        **{name: alone[name] for name in ("se", "lower", "upper")},
    )
    return out[["cohort", "time", "event_time", "base", "estimate", "se", "lower", "upper", "adopters", "controls"]]


def _whole(values: pd.Index | pd.Series) -> pd.Index | pd.Series:
    return values.astype("int64") if (values == values.astype("int64")).all() else values


# ---- two-way fixed effects: one coefficient for "has adopted", after unit and period means are taken out


_ROUNDS, _CLOSE = 10_000, 1e-13


def two_way(panel: Panel, level: float) -> dict[str, float]:
    """Return estimate, se, lower, upper, observations; the error is clustered and corrected as fixest does."""
    seen = ~np.isnan(panel.outcome)
    unit, period = np.nonzero(seen)
    y = panel.outcome[seen]
    adopted = (panel.time[period] >= panel.adopted[unit]).astype(float)
    weight = panel.weight[unit]
    x = _without_means(adopted, unit, period, weight)
    squares = float(weight @ x**2)
    nothing = {"estimate": np.nan, "se": np.nan, "lower": np.nan, "upper": np.nan, "observations": len(y)}
    if squares < 1e-10 * len(y):
        return nothing
    y = _without_means(y, unit, period, weight)
    estimate = float(weight @ (x * y) / squares)
    scores = np.bincount(panel.cluster[unit], weights=weight * x * (y - estimate * x))
    clusters = int((np.bincount(panel.cluster[unit]) > 0).sum())
    parameters = 1 + seen.any(axis=0).sum()  # units lie within clusters and are not counted
    if clusters < 2 or len(y) <= parameters:
        return nothing | {"estimate": estimate}
    correction = clusters / (clusters - 1) * (len(y) - 1) / (len(y) - parameters)
    se = float(np.sqrt(correction * (scores @ scores)) / squares)
    z = quantile_of_level(level)
    return nothing | {"estimate": estimate, "se": se, "lower": estimate - z * se, "upper": estimate + z * se}


def _without_means(values: np.ndarray, unit: np.ndarray, period: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take out weighted unit and period means in turn until nothing moves."""
    totals = [np.bincount(code, weights=weight) for code in (unit, period)]
    values = values - values.mean()
    scale = max(float(np.abs(values).max()), 1e-300)
    for _ in range(_ROUNDS):
        before = values
        for code, total in zip((unit, period), totals, strict=True):
            values = values - (np.bincount(code, weights=weight * values) / np.where(total > 0, total, 1))[code]
        if np.abs(values - before).max() < _CLOSE * scale:
            break
    return values
