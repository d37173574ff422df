"""Kaplan-Meier and Aalen-Johansen curves from a life table.

One minus Kaplan-Meier of a cause treats the other causes as censoring; Aalen-Johansen gives the share
of everyone whose first event is that cause. The two differ wherever a competing event exists.
"""

import numpy as np
import pandas as pd

from analysis.data import rounding
from analysis.recidivism import inputs
from analysis.recidivism.influence import Members, sum_of_squares
from analysis.recidivism.intervals import interval
from analysis.recidivism.strata import members_from_table, members_of, strata_of, strata_slices

_ROUNDING = 1e-11


def survivors(at_risk: np.ndarray, events: np.ndarray) -> np.ndarray:
    """At risk less events, exactly 0 where they differ by rounding alone."""
    left = at_risk - events
    return np.where(left < _ROUNDING * at_risk, 0.0, left)


def greenwood(at_risk: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Running sum of d / (n (n - d)), 0 added where everyone had the event."""
    left = survivors(at_risk, events)
    return np.cumsum(np.divide(events, at_risk * left, out=np.zeros(len(left)), where=left > 0))


def kaplan_meier(
    life: pd.DataFrame, cause: str | None = None, ci: str = "log-log", level: float = 0.95
) -> pd.DataFrame:
    """Kaplan-Meier: the share without the event, other causes taken as censoring.

    Standard errors are Greenwood's; from a weighted or clustered life table they are sandwich errors
    (the infinitesimal jackknife, over rows or clusters), as R's ``survfit(..., robust = TRUE)``.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table (``life_table``).
    cause : str
        A cause of the table; may be left out where there is only one.
    ci : ``"log-log"``, ``"log"`` or ``"plain"``
    level : float

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, survival, se, lower, upper``; ``se`` is that of survival. Where
        survival is 1 a log-log interval is missing, where it is 0 every interval is, as in R.

    Raises
    ------
    KeyError, ValueError
        An unknown or unnamed cause, an unknown ``ci``.

    References
    ----------
    Kalbfleisch and Prentice (2002), section 1.4; ``survfit`` of R's survival 3.5.
    """
    by, causes = strata_of(life)
    cause = inputs.one_cause(cause, causes)
    curve = life[[*by, "time", "at_risk"]].assign(events=life[cause])
    survival, se = np.ones(len(life)), np.zeros(len(life))
    for label, rows in strata_slices(life, by):
        n, d = curve["at_risk"].to_numpy()[rows], curve["events"].to_numpy()[rows]
        survival[rows] = np.cumprod(survivors(n, d) / n)
        members = members_of(life, by, label, curve["time"].to_numpy()[rows])
        robust = members is not None and life.attrs["cells"].robust
        squares = _squared(members, n, d, causes.index(cause)) if robust else greenwood(n, d)
        se[rows] = survival[rows] * np.sqrt(squares)
        if not robust:
            se[rows] = np.where(survival[rows] == 0, np.nan, se[rows])
    return _finish(life, curve, "survival", survival, se, ci, level, cause)


def _squared(members: Members, n: np.ndarray, d: np.ndarray, cause: int) -> np.ndarray:
    """Sum of squared relative influences on the survival curve.

    The derivative of log S(t) in a member's weight is the sum over s <= t of
    (Y d / n - dN) / (n - d): H(t) - H(entry) while at risk, with H the running sum of d / (n (n - d)).
    """
    left = survivors(n, d)
    h = greenwood(n, d)
    own = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    start = members.before(h)
    final = h[members.leave] - start - np.where(members.cause == cause, own[members.leave], 0.0)
    at_risk = np.column_stack([-start, np.ones(len(start))])
    afterwards = np.column_stack([final, np.zeros(len(start))])
    return sum_of_squares(members, at_risk, afterwards, np.column_stack([np.ones(len(h)), h]))


def cumulative_incidence(
    life: pd.DataFrame, cause: str | None = None, ci: str = "log", level: float = 0.95
) -> pd.DataFrame:
    """Aalen-Johansen: the share whose first event is this cause, competing events taken as such.

    Standard errors are the infinitesimal jackknife's, those of R's ``survfit`` for several causes;
    with weights or clusters they are sandwich errors over rows or clusters.

    Parameters
    ----------
    life : pandas.DataFrame
        A life table (``life_table``) with one column a cause.
    cause : str
        A cause of the table; may be left out where there is only one.
    ci : ``"log"``, ``"log-log"`` or ``"plain"``
    level : float

    Returns
    -------
    pandas.DataFrame
        ``*by, time, at_risk, events, incidence, se, lower, upper``. While the incidence is 0 a log or
        log-log interval is missing.

    Raises
    ------
    KeyError, ValueError
        An unknown or unnamed cause, an unknown ``ci``.

    References
    ----------
    Aalen and Johansen (1978); ``survfit`` of R's survival 3.5 for factor events.
    """
    by, causes = strata_of(life)
    cause = inputs.one_cause(cause, causes)
    curve = life[[*by, "time", "at_risk"]].assign(events=life[cause])
    incidence, se = np.zeros(len(life)), np.zeros(len(life))
    counts = life[["censored", *causes]].to_numpy()
    times, at_risk = (life[name].to_numpy() for name in ("time", "at_risk"))
    for label, rows in strata_slices(life, by):
        n, dj, d = at_risk[rows], counts[rows, 1 + causes.index(cause)], counts[rows, 1:].sum(axis=1)
        before = np.concatenate([[1.0], np.cumprod(survivors(n, d) / n)[:-1]])
        incidence[rows] = np.cumsum(before * dj / n)
        members = members_of(life, by, label, times[rows]) or members_from_table(counts[rows])
        se[rows] = np.sqrt(_squared_incidence(members, n, d, dj, before, causes.index(cause)))
    return _finish(life, curve, "incidence", incidence, se, ci, level, cause)


def _squared_incidence(
    members: Members, n: np.ndarray, d: np.ndarray, dj: np.ndarray, before: np.ndarray, cause: int
) -> np.ndarray:
    """Sum of squared influences on the incidence F of a cause.

    A member's weight moves F(t) by the sum over s <= t of S(s-) (dN_j - Y d_j / n) / n, the direct
    part, and of g(s-) S(s-) d_j / n, through survival, where g is the derivative of log S. While at
    risk g = H(t) - H(entry); after leaving it stays as it is. Everything is linear in 1, F and K.
    """
    left = survivors(n, d)
    h = greenwood(n, d)
    own = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    f = np.cumsum(before * dj / n)
    h_before = np.concatenate([[0.0], h[:-1]])
    k = np.cumsum(before * dj / n * (h_before - 1 / n))
    leave, start = members.leave, members.before(h)
    constant = start * members.before(f) - members.before(k)
    g = h[leave] - start - np.where(members.cause >= 0, own[leave], 0.0)
    direct = np.where(members.cause == cause, (before / n)[leave], 0.0)
    final = k[leave] + constant - start * f[leave] + direct - g * f[leave]
    zero = np.zeros(len(start))
    at_risk = np.column_stack([constant, -start, zero + 1])
    afterwards = np.column_stack([final, g, zero])
    return sum_of_squares(members, at_risk, afterwards, np.column_stack([np.ones(len(f)), f, k]))


def _finish(
    life: pd.DataFrame,
    curve: pd.DataFrame,
    name: str,
    estimate: np.ndarray,
    se: np.ndarray,
    ci: str,
    level: float,
    cause: str,
) -> pd.DataFrame:
    if "exact" in life.attrs:
        se = _over_people(life, name, cause)
    lower, upper = interval(estimate, se, ci, level)
    curve = curve.assign(**{name: estimate, "se": se, "lower": lower, "upper": upper})
    curve.attrs = {**life.attrs, "cause": cause, "ci": ci, "level": level}
    return curve


def _over_people(life: pd.DataFrame, name: str, cause: str) -> np.ndarray:
    """Standard errors over dependent people for a rounded life table: two digits, and none for a stratum under 500 people."""
    exact = life.attrs["exact"].life
    curve = (kaplan_meier if name == "survival" else cumulative_incidence)(exact, cause)
    by, se = strata_of(life)[0], np.full(len(life), np.nan)
    blocks = dict(strata_slices(curve, by))
    for label, rows in strata_slices(life, by):
        whole = curve.iloc[blocks[label]]
        if life["at_risk"].iloc[rows].max() >= rounding.LEAST_MODEL:
            place = np.searchsorted(whole["time"], life["time"].iloc[rows], side="right") - 1
            se[rows] = rounding.significant(whole["se"].to_numpy()[place])
    return se
