"""Proportions and rates, how two proportions differ, and the risk that a count over a calendar window implies: from counts alone.

Intervals are Wilson's and Clopper and Pearson's for a proportion, Newcombe's for a difference, and exact Poisson intervals
for rates: statsmodels'.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from analysis.recidivism.survival import quantile_of_level

ENTERED = ("start", "evenly")


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval and the numbers it rests on."""

    estimate: float
    lower: float
    upper: float
    numerator: float
    denominator: float
    method: str
    level: float


@dataclass(frozen=True)
class Contrast:
    """A difference of two estimates, first less second, with its interval."""

    estimate: float
    lower: float
    upper: float
    first: float
    second: float
    method: str
    level: float


def proportion(events: int, n: int, method: str = "wilson", level: float = 0.95) -> Estimate:
    """A proportion with its interval (Wilson 1927; Clopper and Pearson 1934; Brown, Cai and DasGupta 2001).

    Parameters
    ----------
    events, n : int
        Numerator and denominator, whole numbers, ``0 <= events <= n``, ``n`` at least 1; any other raises ValueError.
    method, level : ``"wilson"`` or ``"exact"``, and a number between 0 and 1, else ValueError
        Wilson's score interval without continuity correction, as ``prop.test(correct = FALSE)`` of R,
        or Clopper and Pearson's, as ``binom.test``, which covers more than its level by design.

    Examples
    --------
    >>> found = proportion(40, 440)
    >>> round(found.estimate, 3), round(found.lower, 3), round(found.upper, 3)
    (0.091, 0.067, 0.121)
    """
    _whole(events, "events")
    _whole(n, "n")
    if n < 1:
        raise ValueError("a proportion of nobody: n must be at least 1")
    if events > n:
        raise ValueError(f"more events ({events}) than n ({n}): a proportion counts people, not arrests")
    if method not in ("wilson", "exact"):
        raise ValueError(f"method must be 'wilson' or 'exact', found {method!r}")
    return Estimate(events / n, *_limits(events, n, method, level), events, n, method, level)


def proportion_difference(events_1: int, n_1: int, events_2: int, n_2: int, level: float = 0.95) -> Contrast:
    """First proportion minus second, with Newcombe's hybrid score interval (1998, Statistics in Medicine 17: 873, method 10).

    Parameters and errors are those of ``proportion``.

    Examples
    --------
    >>> round(proportion_difference(56, 70, 48, 80).lower, 4)
    0.0524
    """
    first, second = proportion(events_1, n_1, level=level), proportion(events_2, n_2, level=level)
    p, q = first.estimate, second.estimate
    below = ((p - first.lower) ** 2 + (second.upper - q) ** 2) ** 0.5
    above = ((first.upper - p) ** 2 + (q - second.lower) ** 2) ** 0.5
    return Contrast(p - q, p - q - below, p - q + above, p, q, "newcombe", level)


def rate(events: int, exposure: float, level: float = 0.95) -> Estimate:
    """Events per unit of exposure with the exact Poisson interval (Garwood 1936), as ``poisson.test`` of R.

    Parameters
    ----------
    events : int
        A whole number of 0 or more, else ValueError.
    exposure : float
        Time at risk, above 0, else ValueError, in any unit; the rate is per that unit.

    Examples
    --------
    >>> found = rate(40, 1)
    >>> round(found.lower, 2), round(found.upper, 2)
    (28.58, 54.47)
    """
    _whole(events, "events")
    quantile_of_level(level)
    if not 0 < exposure < np.inf:
        raise ValueError(f"exposure must be above 0 and finite, found {exposure!r}")
    lower, upper = confint_poisson(events, exposure, method="exact-c", alpha=1 - level)
    return Estimate(
        events / exposure, float(lower) if events else 0.0, float(upper), events, exposure, "exact poisson", level
    )


def unequal_follow_up(
    events: int, people: int, window: float, entered: str = "evenly",
    released: float | Iterable[float] = 1.0, horizons: float | Iterable[float] = (), level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """The risk over a full window, and the exposure, implied by a count over a calendar window.

    A press release gives events and people over some months. People who came under observation late in it were followed for
    less of it, and not all were released. The share with the event, events / (people x released), is 1 - exp(-x) if all came
    at the start and 1 - (1 - exp(-x)) / x if they came evenly, with x the hazard times the window. One hazard for all times is
    an assumption: where it falls with time, horizons beyond the window come out too high.

    Parameters
    ----------
    events, people, window : int, int, float
        People with the event, and people counted, over a window of this length in any unit. Here and below, what does not
        fit raises ValueError.
    entered : ``"start"`` or ``"evenly"``
        All came under observation when the window opened, or evenly over it.
    released, horizons : number or numbers
        Shares of ``people`` that were released and could have the event; further times at which the risk is wanted.
    level : float
        Of the Clopper-Pearson interval of the crude share, carried over to the risk.

    Returns
    -------
    pandas.DataFrame
        ``entered, released, horizon, risk, lower, upper, hazard, exposure, time_to_half``; a row a share
        released and horizon, the window itself first. ``exposure`` is the time at risk that the hazard
        implies. NaN where fewer would have been released than had the event.

    Examples
    --------
    >>> unequal_follow_up(40, 440, 3.5, horizons=12)[["horizon", "risk"]].round(3).to_numpy().tolist()
    [[3.5, 0.176], [12.0, 0.485]]
    """
    if not (people >= 1 and 0 <= events <= people):
        raise ValueError(f"events must lie between 0 and people, found {events!r} of {people!r}")
    if not 0 < window < np.inf:
        raise ValueError(f"window must be a positive length of time, found {window!r}")
    shares = np.atleast_1d(np.asarray(released, dtype=float))
    if not ((shares > 0) & (shares <= 1)).all():
        raise ValueError(f"released must be a share above 0 and up to 1, found {released!r}")
    if entered not in ENTERED:
        raise ValueError(f"entered must be 'start' or 'evenly', found {entered!r}")

    def solved(share: float) -> float:
        """The hazard under which this share is expected to have the event by the end of the window."""
        if not 0 < share < 1:
            return np.inf if share == 1 else share
        if entered == "start":
            return -np.log1p(-share) / window
        log_x = brentq(lambda y: 1 + np.expm1(-np.exp(y)) / np.exp(y) - share, np.log(1e-12), np.log(1e15), xtol=1e-14)
        return float(np.exp(log_x)) / window

    rows = []
    for share in shares:
        n = max(round(people * share, 9), 1e-9)  # need not be whole
        limits = (events / n, *_limits(events, n, "exact", level)) if events <= n else [np.nan] * 3
        hazards = np.array([solved(limit) for limit in limits])
        # no event says nothing about exposure beyond the people's own follow-up
        exposure, half = (
            (events / hazards[0], np.log(2) / hazards[0])
            if events
            else (n * window / (2 if entered == "evenly" else 1), np.inf)
        )
        for end in [window, *np.atleast_1d(np.asarray(horizons, dtype=float)).tolist()]:
            rows.append((entered, share, end, *-np.expm1(-hazards * end), hazards[0], exposure, half))
    columns = ["entered", "released", "horizon", "risk", "lower", "upper", "hazard", "exposure", "time_to_half"]
    return pd.DataFrame(rows, columns=columns)


def _limits(events: int, n: float, method: str, level: float) -> tuple[float, float]:
    """Limits of a share, exact at the ends, where rounding would leave 1e-18."""
    quantile_of_level(level)
    lower, upper = proportion_confint(events, n, 1 - level, {"wilson": "wilson", "exact": "beta"}[method])
    return 0.0 if events == 0 else float(lower), 1.0 if events == n else float(upper)


def _whole(value: float, name: str) -> None:
    if value != value or value < 0 or value != int(value):
        raise ValueError(f"{name} must be a whole number of 0 or more, found {value!r}")
