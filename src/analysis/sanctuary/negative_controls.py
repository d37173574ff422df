"""Checks that should find nothing: places that local policy does not govern, and dates on which nothing changed.

An effect where there can be none says that the design is fooled by something that goes with policy.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.recidivism import inputs
from analysis.sanctuary.adoption import AdoptionEffect, adoption_effect
from analysis.sanctuary.compare import compare

ELSEWHERE = ("federal",)


def elsewhere(cohort: pd.DataFrame, operators: Sequence[str] = ELSEWHERE, **options: object) -> pd.DataFrame:
    """The same comparison among people at facilities that local policy does not govern, by default federal ones.

    ``options`` and the result are those of ``compare``. Their places are known to the state at least; the policy is that
    in force there. Raises ValueError as ``compare`` does, and where the cohort does not say who runs a facility.
    """
    if "operator" not in cohort or not cohort["operator"].isin(list(operators)).any():
        raise ValueError(f"nobody in this cohort was at a facility run by: {', '.join(operators)}")
    return compare(cohort, operators=tuple(operators), **options)


def placebo_dates(
    panel: pd.DataFrame, outcome: str, unit: str, time: str, adopted: str, earlier: int, **options: object
) -> AdoptionEffect:
    """The effect of adoption had it come ``earlier`` periods before it did, from what was seen before it came.

    Parameters
    ----------
    panel, outcome, unit, time, adopted, options
        As for ``adoption_effect``.
    earlier : int
        Periods, 1 or more.

    Returns
    -------
    AdoptionEffect
        Of a date on which nothing changed: it should be near 0.

    Raises
    ------
    KeyError, ValueError
        As for ``adoption_effect``; ``earlier`` less than 1.
    """
    if earlier < 1 or earlier != int(earlier):
        raise ValueError(f"earlier must be a whole number of periods, 1 or more, found {earlier!r}")
    inputs.require(panel.columns, [outcome, unit, time, adopted])
    periods = pd.Index(np.sort(panel[time].dropna().unique()))
    before = panel[panel[adopted].isna() | (panel[time] < panel[adopted])]
    place = periods.searchsorted(before[adopted])
    moved = pd.Series(periods[np.clip(place - earlier, 0, len(periods) - 1)], index=before.index)
    return adoption_effect(
        before.assign(**{adopted: moved.where(before[adopted].notna())}), outcome, unit, time, adopted, **options
    )
