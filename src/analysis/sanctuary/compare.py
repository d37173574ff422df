"""Compare people under one policy with people under another, by every standard design, with what each assumes.

In: a cohort with the policy in force (``with_policy``). Out: one table of estimand by design. A cohort that starts at
release yields descriptive rows only: who is released is decided by the policy itself, so that the released in a place
that honours detainers are not like the released elsewhere.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.data.rounding import too_few
from analysis.recidivism.cohort import Cohort
from analysis.recidivism.survival import quantile_of_level
from analysis.sanctuary import descriptive
from analysis.sanctuary.clustered import FEW
from analysis.sanctuary.contrast import Contrast, read_contrast
from analysis.sanctuary.designs import DOUBLY_ROBUST, TRIM, Result, results
from analysis.sanctuary.hazard_ratio import hazard_ratios

COLUMNS = [
    "question", "estimand", "design", "estimate", "lower", "upper", "clusters_0", "clusters_1", "smallest_detectable", "assumes",
]  # fmt: skip
QUESTIONS = {
    "prepared": "(a) everyone with a detainer",
    "released": "(b) everyone released, descriptive only",
}


def compare(
    cohort: Cohort,
    group: str = "policy",
    adjust: Sequence[str] = (),
    cluster: str | None = "policy_cluster",
    horizon: float = 365,
    contrast: tuple[str, str] | None = None,
    operators: Sequence[str] | None = ("local",),
    trim: float = TRIM,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the risk of the event by a horizon between two groups.

    Parameters
    ----------
    cohort : Cohort
        From ``cohort`` and ``with_policy``, or any frame with ``days``, ``event`` (a label, missing where censored), the
        group, the covariates and the cluster. ``attrs`` say event, origin and time_unit.
    group : column
        Two levels, or the policy. Estimates are group 1 less group 0: ``limits`` less ``none`` where both are there,
        else the later of the two levels in order less the other.
    adjust : columns
        Covariates. A name that is no column is read as a term of a formula.
    cluster : column or None
        Where policy is set. Policy clusters that share a place are joined. None: every row for itself.
    horizon : float
        In days; converted where follow-up is in other units.
    contrast : (group 1, group 0)
        Which two levels to compare where there are more.
    operators : names or None
        Facilities whose people are compared, where the cohort says who runs them. Local policy governs local ones only.
    trim : float
        People with a propensity below this or above one less this have no counterpart and are left out of adjusted
        designs, counted.
    level : float

    Returns
    -------
    pandas.DataFrame
        question, estimand, design, estimate, lower, upper, clusters_0, clusters_1, smallest_detectable (the effect found
        with 80 % power at this level), assumes; one row an estimand and design. Where a design cannot be had the
        estimate is missing and ``assumes`` says why. ``attrs``: headline (a warning, or empty), names (group 0, group
        1), risks, left_out, lost (rows lost before the horizon, stood for by others), trimmed, effective, overlap.

    Raises
    ------
    KeyError
        A column or level that is not there.
    ValueError
        Other than two groups, delayed entry, a missing cluster, a group under 500 people where the data are restricted.

    References
    ----------
    Hernan and Robins (2020), What If, chapters 12 to 13; Cameron, Gelbach and Miller (2008).
    """
    quantile_of_level(level)
    adjust = list(adjust)
    read = read_contrast(cohort, group, adjust, cluster, horizon, contrast, operators)
    if few := too_few(*((read.group == code).sum() for code in (0, 1))):
        raise ValueError(few)
    origin = cohort.origin
    if origin == "released":
        rows, found = descriptive.rows(read, level), []
    else:
        found = results(read, adjust, level, trim)
        rows = [_row(read, result) for result in found]
        rows += [_ratio(read, result) for result in found if result.design == DOUBLY_ROBUST and not result.because]
        rows += hazard_ratios(read, adjust, level)
    table = pd.DataFrame(rows).assign(
        question=QUESTIONS.get(origin, origin), clusters_0=read.sides[0], clusters_1=read.sides[1]
    )
    table = table[COLUMNS]
    table.attrs = _account(cohort, read, found, level)
    return table


def _row(read: Contrast, result: Result) -> dict:
    estimand = f"risk difference by {read.horizon.rule}"
    if result.uncertainty is None:
        return {
            "estimand": estimand,
            "design": result.design,
            **_none(),
            "assumes": f"cannot be estimated: {result.because}",
        }
    spread = result.uncertainty
    lost = "; people lost before the horizon are stood for by others of their group" if result.lost else ""
    return {
        "estimand": estimand, "design": result.design, "estimate": result.difference, "lower": spread.lower,
        "upper": spread.upper, "smallest_detectable": spread.smallest, "assumes": f"{result.assumes}{lost}; {spread.method}",
    }  # fmt: skip


def _ratio(read: Contrast, result: Result) -> dict:
    row = _row(read, result)
    estimate, lower, upper = result.ratio
    return {
        **row,
        "estimand": f"risk ratio by {read.horizon.rule}",
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "smallest_detectable": np.nan,
    }


def _none() -> dict:
    return {"estimate": np.nan, "lower": np.nan, "upper": np.nan, "smallest_detectable": np.nan}


def _account(cohort: Cohort, read: Contrast, found: list[Result], level: float) -> dict:
    few = [
        f"{n} cluster{'s' if n != 1 else ''} with {name}"
        for n, name in zip(read.sides, read.names, strict=True)
        if n < FEW
    ]
    main = next((result for result in found if result.design == DOUBLY_ROBUST), None) or (found[0] if found else None)
    headline = (
        f"Only {' and '.join(few)}: with fewer than {FEW} on a side the estimates say little about policy in general."
        if few
        else ""
    )
    account = {
        **{name: getattr(cohort, name) for name in ("dataset", "origin", "event", "time_unit", "area", "policy")},
        "headline": headline, "names": read.names, "left_out": read.left_out, "horizon": read.horizon.length, "level": level,
        "rows": tuple(int((read.group == code).sum()) for code in (0, 1)),
        "risks": {result.design: result.risks for result in found if not result.because},
    }  # fmt: skip
    if main is not None:
        account |= {name: getattr(main, name) for name in ("lost", "trimmed", "effective", "overlap")}
    return account
