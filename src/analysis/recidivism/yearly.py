"""The long term, year by year, as the Bureau of Justice Statistics tabulates it.

Cumulative shares (by the end of year n) and annual shares (in year n) are kept apart. A year that was not observed in
full is marked and, unless asked for, not filled.
"""

import math

import numpy as np
import pandas as pd

from analysis.recidivism.life_table import label_columns, one_cause, strata_of, strata_slices
from analysis.recidivism.proportions import proportion
from analysis.recidivism.survival import at, cumulative_incidence, estimate_of, kaplan_meier

METHODS = ("aalen-johansen", "kaplan-meier")


def share_at(curve: pd.DataFrame, time: float, level: float = 0.95) -> tuple[float, float, float, int, int | None]:
    """The share with the event by a time, read off a curve: estimate, lower, upper, events, at risk (None where unknown).

    Before the first event a curve has no interval: Wilson's of none among those followed so long stands in. Where the curve
    shows nothing at that time the estimate is missing and the counts are 0.

    Examples
    --------
    >>> from analysis import life_table
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
    share = [row[name], row["lower"], row["upper"]]
    return (*(share if name == "incidence" else (1 - share[0], 1 - share[2], 1 - share[1])), events, at_risk)


def yearly(
    life: pd.DataFrame, cause: str | None = None, year: float = 365.25, method: str = "aalen-johansen",
    incomplete: str = "blank",
) -> pd.DataFrame:  # fmt: skip
    """Cumulative, annual and conditional shares by year of follow-up.

    Source: Antenangeli and Durose (2021), Recidivism of Prisoners Released in 24 States in 2008, methodology. An unknown
    cause, method or handling of incomplete years raises KeyError or ValueError.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table; count it ``by`` the year of release to cross release cohorts with years.
    cause : str
        A cause of the table; may be left out where there is only one.
    year : float
        Length of a year in the table's unit (365.25 days, 12 months). Where all times are whole
        numbers a year ends at the last whole number within it: day 1,095 ends year 3.
    method : ``"aalen-johansen"`` or ``"kaplan-meier"``
        Whether competing events are events of their own or censoring. With one cause they agree.
    incomplete : ``"blank"`` or ``"estimate"``
        What a year holds in which someone was censored before its end: nothing, or the estimate while
        anyone is still at risk at its end.

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
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, found {method!r}")
    if incomplete not in ("blank", "estimate"):
        raise ValueError(f"incomplete must be 'blank' or 'estimate', found {incomplete!r}")
    if not 0 < year < math.inf:
        raise ValueError(f"year must be a positive length in the table's unit, found {year!r}")
    by, causes = strata_of(life)
    cause, cells = one_cause(cause, causes), life.attrs.get("cells")
    if method == "kaplan-meier":
        free = kaplan_meier(life, cause)["survival"].to_numpy()
        cumulative = 1 - free
    else:
        every = {each: cumulative_incidence(life, each)["incidence"].to_numpy() for each in causes}
        cumulative, free = every[cause], 1 - sum(every.values())
    columns = [*by, "year", "at_risk", "cumulative", "annual_first", "conditional", "complete"]
    blocks = []
    for label, rows in strata_slices(life, by):
        # people who came under observation at different times
        late = cells is not None and len(np.unique(cells.entry[cells.of(by, label)])) > 1
        block = _years(life.iloc[rows], cumulative[rows], free[rows], year, incomplete, late)
        blocks.append(block.assign(**{name: [value] * len(block) for name, value in zip(by, label, strict=True)}))
    out = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=columns)
    out = label_columns(out[columns], by, life)
    out.attrs = {**life.attrs, "cause": cause, "method": method, "year_length": year}
    return out


def _years(
    block: pd.DataFrame, cumulative: np.ndarray, free: np.ndarray, year: float, incomplete: str, late: bool
) -> pd.DataFrame:
    time = block["time"].to_numpy()
    last = time[-1]
    number = max(
        1, math.ceil(round(last / year, 9))
    )  # the first year is there even where everything happened at time 0
    ends = np.arange(number + 1) * year
    ends = np.floor(ends + 1e-9) if (time == np.floor(time)).all() else ends
    while number > 1 and ends[number - 1] >= last:
        number -= 1
    ends = ends[: number + 1]
    step = np.searchsorted(time, ends, side="right")
    by_end, free_at = np.concatenate([[0.0], cumulative])[step], np.concatenate([[1.0], free])[step]
    by_end[0], free_at[0] = 0.0, 1.0
    censored = np.concatenate([[0], block["censored"].to_numpy().cumsum()])
    complete = (censored[np.searchsorted(time, ends[1:], side="left")] == 0) & (not late)
    shown = complete if incomplete == "blank" else complete | (last >= ends[1:])
    start = np.concatenate([[0], step[1:-1]])  # events at time 0 belong to the first year
    annual = np.diff(by_end)
    conditional = np.divide(annual, free_at[:-1], out=np.full(number, np.nan), where=free_at[:-1] > 1e-12)
    shares = {"cumulative": by_end[1:], "annual_first": annual, "conditional": conditional}
    return pd.DataFrame({
        "year": np.arange(1, number + 1), "at_risk": np.append(block["at_risk"].to_numpy(), 0)[start],
        **{name: np.where(shown, values, np.nan) for name, values in shares.items()}, "complete": complete,
    })  # fmt: skip
