"""The long term: shares year by year, as the Bureau of Justice Statistics tabulates them, and rates by stretch of follow-up.

Cumulative shares (by the end of year n) and annual shares (in year n) are kept apart. A year that was not observed in
full is marked and, unless asked for, not filled.
"""

import math

import numpy as np
import pandas as pd

from analysis.recidivism.life_table import each_stratum, one_cause, strata_of
from analysis.recidivism.proportions import proportion, rate
from analysis.recidivism.survival import at, cumulative_incidence, estimate_of


def share_at(curve: pd.DataFrame, time: float, level: float = 0.95) -> tuple[float, float, float, int, int | None]:
    """The share with the event by a time, read off a curve: estimate, lower, upper, events, at risk (None where unknown).

    Before the first event a curve has no interval: Wilson's of none among those followed so long stands in. Where the curve
    shows nothing at that time the estimate is missing and the counts are 0.

    Examples
    --------
    >>> from analysis import kaplan_meier, life_table
    >>> life = life_table(pd.DataFrame({"days": [5, 8, 9], "event": ["rearrest", None, None]}))
    >>> [round(float(each), 3) for each in share_at(kaplan_meier(life), 8)]
    [0.333, 0.055, 0.946, 1.0, 2.0]
    """
    name = estimate_of(curve)
    read = at(curve, time).dropna(subset=[name])
    if read.empty:
        return np.nan, np.nan, np.nan, 0, 0
    row = read.iloc[0]
    events, at_risk = int(row["events"]), None if pd.isna(row["at_risk"]) else int(row["at_risk"])
    if not events and at_risk:
        none = proportion(0, at_risk, level=level)
        return none.estimate, none.lower, none.upper, 0, at_risk
    share = (row[name], row["lower"], row["upper"])
    return (*(share if name == "incidence" else (1 - share[0], 1 - share[2], 1 - share[1])), events, at_risk)


def yearly(
    life: pd.DataFrame, cause: str | None = None, year: float = 365.25, incomplete: str = "blank"
) -> pd.DataFrame:
    """Cumulative, annual and conditional shares of first events by year of follow-up (Aalen-Johansen).

    Source: Antenangeli and Durose (2021), Recidivism of Prisoners Released in 24 States in 2008, methodology. An unknown
    cause or handling of incomplete years raises KeyError or ValueError.

    Parameters
    ----------
    life, cause
        As for ``kaplan_meier``; count the life table ``by`` the year of release to cross release cohorts with years.
    year : float
        Length of a year in the table's unit (365.25 days, 12 months). Where all times are whole
        numbers a year ends at the last whole number within it: day 1,095 ends year 3.
    incomplete : ``"blank"`` or ``"estimate"``
        What a year holds in which someone was censored before its end: nothing, or the estimate while anyone is still at risk.

    Returns
    -------
    pandas.DataFrame
        ``*by, year, at_risk, cumulative, annual_first, conditional, complete``. ``at_risk`` is the number
        still under observation and free of any event when the year starts. ``cumulative`` is the share
        with the event by the end of the year, ``annual_first`` the share of everyone whose first event
        falls in the year, ``conditional`` that share among those free of any event when it starts.
        ``complete`` is True where nobody was censored before the end of the year and nobody entered late
        at a time of their own, so that the figures are plain shares.

    Examples
    --------
    >>> from analysis import life_table
    >>> life = life_table(pd.DataFrame({"days": [100, 500, 730, 730], "event": ["rearrest", "rearrest", None, None]}))
    >>> yearly(life)[["year", "at_risk", "cumulative", "annual_first"]]
       year  at_risk  cumulative  annual_first
    0     1        4        0.25          0.25
    1     2        3        0.50          0.25
    """
    if incomplete not in ("blank", "estimate"):
        raise ValueError(f"incomplete must be 'blank' or 'estimate', found {incomplete!r}")
    if not 0 < year < math.inf:
        raise ValueError(f"year must be a positive length in the table's unit, found {year!r}")
    by, causes = strata_of(life)
    cause, cells = one_cause(cause, causes), life.attrs.get("cells")
    every = {each: cumulative_incidence(life, each)["incidence"].to_numpy() for each in causes}
    cumulative, free = every[cause], 1 - sum(every.values())

    def years(label: tuple, rows: slice) -> dict[str, np.ndarray]:
        block = life.iloc[rows]
        time, last = block["time"].to_numpy(), block["time"].iat[-1]
        # the first year is there even where everything happened at time 0
        ends = np.arange(max(1, math.ceil(round(last / year, 9))) + 1) * year
        ends = np.floor(ends + 1e-9) if (time == np.floor(time)).all() else ends
        ends = ends[: max(2, np.searchsorted(ends, last) + 1)]
        step = np.searchsorted(time, ends, side="right")
        step[0] = 0  # events at time 0 belong to the first year
        by_end, free_at = np.append(0.0, cumulative[rows])[step], np.append(1.0, free[rows])[step]
        # people who came under observation at different times
        late = cells is not None and len(np.unique(cells.entry[cells.of(by, label)])) > 1
        censored = np.append(0, block["censored"].to_numpy().cumsum())
        complete = (censored[np.searchsorted(time, ends[1:], side="left")] == 0) & (not late)
        shown = complete if incomplete == "blank" else complete | (last >= ends[1:])
        annual, begun = np.diff(by_end), free_at[:-1]
        conditional = np.divide(annual, begun, out=np.full(len(annual), np.nan), where=begun > 1e-12)
        shares = {"cumulative": by_end[1:], "annual_first": annual, "conditional": conditional}
        return {
            "year": np.arange(1, len(ends)), "at_risk": np.append(block["at_risk"].to_numpy(), 0)[step[:-1]],
            **{name: np.where(shown, values, np.nan) for name, values in shares.items()}, "complete": complete,
        }  # fmt: skip

    columns = ["year", "at_risk", "cumulative", "annual_first", "conditional", "complete"]
    return each_stratum(life, columns, years, cause=cause, year_length=year)


def hazard(life: pd.DataFrame, cause: str | None = None, width: float = 30.4375, level: float = 0.95) -> pd.DataFrame:
    """Events over time at risk in consecutive stretches of equal width (a piecewise constant hazard).

    Source: Clayton and Hills (1993), Statistical Models in Epidemiology, chapters 4 and 5.

    Parameters
    ----------
    life, cause
        As for ``yearly``, without weights; other causes end the time at risk.
    width, level : float
        Length of a stretch in the table's unit; one that is not positive raises ValueError. Intervals are exact Poisson.

    Returns
    -------
    pandas.DataFrame
        ``*by, start, end, events, exposure, at_risk, rate, lower, upper``: events and person-time with
        ``start < t <= end`` (an event at time 0 falls in the first stretch), the number at risk when the
        stretch begins, and events per unit of time. The last stretch ends with the last person at risk.

    Examples
    --------
    >>> from analysis import life_table
    >>> life = life_table(pd.DataFrame({"days": [3, 5, 9], "event": ["rearrest", "rearrest", None]}))
    >>> hazard(life, width=5)[["start", "end", "events", "exposure", "at_risk"]].to_numpy().tolist()
    [[0.0, 5.0, 2.0, 13.0, 3.0], [5.0, 9.0, 0.0, 4.0, 1.0]]
    """
    if not 0 < width < np.inf:
        raise ValueError(f"width must be a positive length in the table's unit, found {width!r}")
    cause = one_cause(cause, strata_of(life)[1])

    def stretches(_: tuple, rows: slice) -> list[tuple]:
        time, n, d = (life[name].to_numpy()[rows] for name in ("time", "at_risk", cause))
        ends = np.append(np.arange(width, time[-1], width), time[-1]).astype(float)
        starts = np.append(0.0, ends[:-1])
        # between two rows of a life table the number at risk is that of the later row
        total = np.append(0.0, np.cumsum(n * np.diff(time, prepend=0.0)))
        exposure = np.diff(np.interp(np.append(0.0, ends), np.append(0.0, time), total))
        events = np.bincount(np.searchsorted(ends, time), weights=d, minlength=len(ends)).astype(int).tolist()
        first = np.searchsorted(time, starts, side="right").clip(max=len(time) - 1)
        first[0] = 0
        out = []
        for k, t, *stretch in zip(events, exposure.tolist(), starts, ends, n[first].astype(int), strict=True):
            found = rate(k, t, level) if t > 0 else None
            limits = (found.estimate, found.lower, found.upper) if found else [np.nan] * 3
            out.append((*stretch[:2], k, t, stretch[2], *limits))
        return out

    columns = ["start", "end", "events", "exposure", "at_risk", "rate", "lower", "upper"]
    return each_stratum(life, columns, stretches, cause=cause, width=width, level=level)
