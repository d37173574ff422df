"""The rate of re-arrest per person-year at large: of time in which a person could be arrested in the community.

A description, beside the shares: time in any recorded custody is taken out, and so is the time before a release. It says
how often people are re-arrested while free, not what share of them is.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.data.custody import time_at_risk
from analysis.data.errors import InputError
from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import names, require
from analysis.recidivism.proportions import rate
from analysis.recidivism.windows import counts_of, units_per_year

COLUMNS = ["people", "released", "events", "person_years", "rate", "lower", "upper"]


def at_large(cohort: Cohort, by: str | Iterable[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Return events over person-years at large: from release to re-arrest, custody, removal, death or the data end.

    Parameters
    ----------
    cohort : Cohort
        Follow-up may start at the release or at the detainer; from a detainer, time counts from the release on.
    by : column or columns
        Groups; a missing label is a group of its own, ``unknown``.
    level : float
        Of the exact Poisson interval, which takes people as independent.

    Returns
    -------
    pandas.DataFrame
        ``*by, people, released, events, person_years, rate, lower, upper``: everyone in the cohort, those with a release before
        anything else happened, first events while at large, years of 365.25 days at large, and events a year. People
        without a release are counted in ``people`` and contribute nothing. Time in recorded custody is taken out where the
        cohort knows booking days (``custody``); else all time after a release is taken as time at large.

    Raises
    ------
    TypeError
        A frame, which does not say what its rows mean.
    InputError
        Counts of patterns where dates are needed: from a detainer, or where custody is known.

    Examples
    --------
    >>> import analysis, pandas as pd
    >>> people = pd.DataFrame({"days": [365, 731], "event": ["rearrest", None]})
    >>> analysis.at_large(analysis.as_cohort(people, event="rearrest"))[["events", "person_years"]].round(2)
       events  person_years
    0       1           3.0
    """
    frame, by = checked(cohort, "at_large").frame, names(by)
    require(frame.columns, by)
    number = counts_of(frame)
    dated = cohort.origin == "prepared" or cohort.bookings is not None
    if "count" in frame and dated:
        raise InputError(
            "at_large: counts hold no dates; where time before a release or in custody is taken out it needs rows."
        )
    if "entry" in frame and frame["entry"].notna().any():
        raise InputError("at_large: follow-up must begin at the origin; this cohort has delayed entry (entry_days).")
    free = _free_days(cohort, frame) if dated else frame["days"].to_numpy(float)
    out = free >= 0
    hit = out & (frame["event"] == cohort.event).to_numpy()
    groups = frame[by].astype("object").fillna("unknown") if by else pd.DataFrame(index=frame.index)
    rows = groups.assign(
        people=number, released=number * out, events=number * hit, person_years=number * np.where(out, free, 0)
    )
    sums = rows.groupby(by, sort=True).sum() if by else rows.sum().to_frame().T
    sums = sums.astype(dict.fromkeys(("people", "released", "events"), "int64"))
    sums["person_years"] /= units_per_year(cohort.time_unit)
    for i, group in sums[sums["person_years"] > 0].iterrows():
        found = rate(int(group["events"]), group["person_years"], level)
        sums.loc[i, ["rate", "lower", "upper"]] = found.estimate, found.lower, found.upper
    return sums.reset_index(drop=not by).reindex(columns=[*by, *COLUMNS])


def _free_days(cohort: Cohort, frame: pd.DataFrame) -> np.ndarray:
    """Days at large in each row's follow-up; below 0 where nobody was released before it ended."""
    start = frame[cohort.origin]
    wait = (frame["released"] - start).dt.days.clip(lower=0)
    known = (wait <= frame["days"]).to_numpy()
    free = (frame["days"] - wait).to_numpy(float)
    if cohort.bookings is not None and known.any():
        ends = (start + pd.to_timedelta(days, unit="D") for days in (wait, frame["days"]))
        since, until = (pd.Series(end[known].to_numpy(), index=frame["person_id"][known]) for end in ends)
        spans = time_at_risk(since, until, cohort.spells)
        days = (spans["stop"] - spans["start"]).groupby(spans["row"]).sum()
        free[known] = days.reindex(range(len(since)), fill_value=0).to_numpy(float)
    return np.where(known, free, -1.0)
