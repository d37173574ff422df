"""Three answers to "what share is re-arrested?" where people can also leave through another event.

First event: re-arrested before anything else happened (Aalen-Johansen). Competing events censored: what
would be seen if they did not exist (one minus Kaplan-Meier). Any later event: re-arrested at some time,
whatever came between (one minus Kaplan-Meier of follow-up that goes on through competing events).
"""

from collections.abc import Iterable

import pandas as pd

from analysis.recidivism.life_table import life_table, names
from analysis.recidivism.survival import at, cumulative_incidence, kaplan_meier

ESTIMANDS = ("first event", "competing events censored", "any later event")


def estimands(
    cohort,
    times: float | Iterable[float],
    later=None,
    by: str | Iterable[str] | None = None,
    cause: str | None = None,
    level: float = 0.95,
    cluster: str | None = None,
) -> pd.DataFrame:
    """The three estimands side by side at given times.

    Parameters
    ----------
    cohort : pandas.DataFrame or ibis Table
        With competing events as events.
    times : number or numbers
        In the cohort's unit.
    later : pandas.DataFrame or ibis Table
        The same cohort followed through competing events (``competing=()``); without it the third
        estimand has no rows.
    by : column or columns
    cause : str
        The event; by default ``attrs["event"]`` of the cohort, or the only one.
    level : float
        Of log-log intervals.
    cluster : column
        Rows that intervals take as dependent, as for ``life_table``.

    Returns
    -------
    pandas.DataFrame
        ``estimand, *by, time, at_risk, events, estimate, se, lower, upper, beyond_follow_up``.
    """
    by = names(by)
    cause = cause or getattr(cohort, "attrs", {}).get("event")
    life = life_table(cohort, by=by, cluster=cluster)
    blocks = [_shares(cumulative_incidence(life, cause, "log-log", level), times)]
    blocks.append(_shares(kaplan_meier(life, cause, level=level), times))
    if later is not None:
        blocks.append(_shares(kaplan_meier(life_table(later, by=by, cluster=cluster), cause, level=level), times))
    named = [block.assign(estimand=name) for name, block in zip(ESTIMANDS, blocks, strict=False)]
    out = pd.concat(named, ignore_index=True)
    columns = ["estimand", *by, "time", "at_risk", "events", "estimate", "se", "lower", "upper", "beyond_follow_up"]
    out = out[columns]
    out.attrs = {**life.attrs, "cause": cause, "level": level}
    return out


def _shares(curve: pd.DataFrame, times: float | Iterable[float]) -> pd.DataFrame:
    """A curve at the times, as a share with the event."""
    read = at(curve, times)
    if "incidence" in read:
        return read.rename(columns={"incidence": "estimate"})
    return read.assign(estimate=1 - read["survival"], lower=1 - read["upper"], upper=1 - read["lower"])
