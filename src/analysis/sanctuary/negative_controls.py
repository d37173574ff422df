"""Checks that should find nothing: places that local policy does not govern, dates on which nothing changed, offences that
lie before the detainer.

An effect where there can be none says that the design is fooled by something that goes with policy.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import require
from analysis.sanctuary.adoption import AdoptionEffect, adoption_effect
from analysis.sanctuary.compare import compare

ELSEWHERE, EARLIER = ("federal",), "earlier_arrest"


def elsewhere(cohort: Cohort, operators: Sequence[str] = ELSEWHERE, **options: object) -> pd.DataFrame:
    """The same comparison among people at facilities that local policy does not govern, by default federal ones.

    ``options`` and the result are those of ``compare``. Their places are known to the state at least; the policy is that
    in force there. Raises ValueError as ``compare`` does, and where the cohort does not say who runs a facility.
    """
    if "operator" not in cohort.columns or not cohort.frame["operator"].isin(list(operators)).any():
        raise ValueError(f"nobody in this cohort was at a facility run by: {', '.join(operators)}")
    return compare(cohort, operators=tuple(operators), **options)


def offences_before(cohort: Cohort, arrests: pd.DataFrame, days: int = 365, gap: int = 30) -> Cohort:
    """The cohort with offences as its event that no rule about the detainer could touch: arrests before it.

    Parameters
    ----------
    cohort : Cohort
        From ``cohort(ds, origin="prepared")``, each person's first detainer, with the policy in force.
    arrests : pandas.DataFrame
        ``person_id`` and ``arrested``.
    days : int
        How long before the detainer to look.
    gap : int
        Days just before it that do not count: the arrest that led to the detainer lies in them.

    Returns
    -------
    Cohort
        For ``compare`` with a horizon of ``days``: the event is ``earlier_arrest``, and everyone is followed for
        the whole window. People whose window begins before the first arrest in the records are left out, and counted
        in ``left_out``.

    Raises
    ------
    KeyError, ValueError
        An absent column; no arrest; nobody whose window the records cover.
    """
    people = checked(cohort, "offences_before").frame
    require(people.columns, ["person_id", "prepared"], where="the cohort")
    require(arrests.columns, ["person_id", "arrested"], where="the arrests")
    day = pd.to_datetime(arrests["arrested"])
    origin = pd.to_datetime(people["prepared"])
    until, since = origin - pd.Timedelta(days=gap), origin - pd.Timedelta(days=gap + days)
    kept = since >= day.min()
    if not kept.any():
        raise ValueError(f"nobody's window of {days} days before the detainer is covered by the records of arrests")
    seen = pd.DataFrame({"person_id": arrests["person_id"], "arrested": day}).dropna()
    windows = pd.DataFrame(
        {"person_id": people["person_id"], "row": range(len(people)), "since": since, "until": until}
    )
    pairs = windows.merge(seen, on="person_id")
    hit = pairs.loc[(pairs["arrested"] >= pairs["since"]) & (pairs["arrested"] < pairs["until"]), "row"].unique()
    found = np.isin(np.arange(len(people)), hit)
    rows = people.assign(
        days=np.where(found, 0, days), event=pd.Series(np.where(found, EARLIER, None), index=people.index, dtype="object"),
        follow_up=days, entry=np.nan,
    )[kept]  # fmt: skip
    left_out = {"window before the detainer not covered by the records of arrests": int((~kept).sum())}
    return replace(
        cohort, rows=rows.reset_index(drop=True), event=EARLIER, competing=(), time_unit="day", left=left_out
    )


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
    require(panel.columns, [outcome, unit, time, adopted])
    periods = pd.Index(np.sort(panel[time].dropna().unique()))
    before = panel[panel[adopted].isna() | (panel[time] < panel[adopted])]
    place = periods.searchsorted(before[adopted])
    moved = pd.Series(periods[np.clip(place - earlier, 0, len(periods) - 1)], index=before.index)
    return adoption_effect(
        before.assign(**{adopted: moved.where(before[adopted].notna())}), outcome, unit, time, adopted, **options
    )
