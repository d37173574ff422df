"""From a count over a calendar window to a risk: what unequal follow-up and unknown releases do to it.

A press release gives events and people over some months. People who came under observation late in the
window were followed for less of it, and not all were released. Given an assumption about both, the count
implies a constant hazard, and with it the risk over the full window.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import betaincinv

from analysis.recidivism.survival import quantile_of_level

ENTERED = ("start", "evenly")


def unequal_follow_up(
    events: int,
    people: int,
    window: float,
    entered: str | Iterable[float] = "evenly",
    released: float | Iterable[float] = 1.0,
    horizons: float | Iterable[float] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """The risk over a full window, and the exposure, implied by a count over a calendar window.

    Parameters
    ----------
    events, people : int
        People with the event, and people counted, over the window.
    window : float
        Its length, in any unit of time.
    entered : ``"start"``, ``"evenly"`` or numbers
        All came under observation when the window opened, evenly over it, or these are the lengths for
        which a dataset's own people were followed within it (0 to ``window``; any number of them).
    released : share or shares
        The share of ``people`` that was released and could have the event.
    horizons : number or numbers
        Further times at which the risk under a constant hazard is wanted.
    level : float
        Of the Clopper-Pearson interval of the crude share, carried over to the risk.

    Returns
    -------
    pandas.DataFrame
        ``entered, released, horizon, risk, lower, upper, hazard, exposure, time_to_half``; a row a share
        released and horizon, the window itself first. ``exposure`` is the time at risk that the hazard
        implies. NaN where fewer would have been released than had the event.

    Raises
    ------
    ValueError
        Counts that do not fit, a share outside 0 to 1, an entry pattern that is not known.

    Notes
    -----
    The hazard h solves mean(1 - exp(-h f)) = events / (people x released) over the lengths f of
    follow-up; evenly spread entry gives 1 - (1 - exp(-x)) / x with x = h x window. One hazard for
    all times is an assumption: where it falls with time, horizons beyond the window come out too high.
    """
    if not (people >= 1 and 0 <= events <= people):
        raise ValueError(f"events must lie between 0 and people, found {events!r} of {people!r}")
    if not 0 < window < np.inf:
        raise ValueError(f"window must be a positive length of time, found {window!r}")
    shares = np.atleast_1d(np.asarray(released, dtype=float))
    if not ((shares > 0) & (shares <= 1)).all():
        raise ValueError(f"released must be a share above 0 and up to 1, found {released!r}")
    quantile_of_level(level)
    name, expected, least = _pattern(entered, window)
    ends = [window, *np.atleast_1d(np.asarray(horizons, dtype=float)).tolist()]
    rows = []
    for share in shares:
        n = people * share
        limits = _limits(events, n, level) if events <= n else (np.nan,) * 3
        hazards = [_solve(expected, value, least) for value in limits]
        # no event says nothing about exposure beyond the people's own follow-up
        exposure, half = (n * least, np.inf) if events == 0 else (events / hazards[0], np.log(2) / hazards[0])
        for end in ends:
            risk = [float(-np.expm1(-h * end)) for h in hazards]
            rows.append((name, share, end, *risk, hazards[0], exposure, half))
    columns = ["entered", "released", "horizon", "risk", "lower", "upper", "hazard", "exposure", "time_to_half"]
    return pd.DataFrame(rows, columns=columns)


def _pattern(entered: str | Iterable[float], window: float) -> tuple[str, Callable[[float], float], float]:
    """The name of an entry pattern, the share with the event at a hazard, and the mean follow-up."""
    if isinstance(entered, str):
        if entered not in ENTERED:
            raise ValueError(f"entered must be 'start', 'evenly' or lengths of follow-up, found {entered!r}")
        if entered == "start":
            return entered, lambda h: -np.expm1(-h * window), window
        return entered, lambda h: 1 + np.expm1(-h * window) / (h * window), window / 2
    lengths = np.asarray(list(entered), dtype=float)
    if not len(lengths) or not ((lengths >= 0) & (lengths <= window)).all() or not lengths.any():
        raise ValueError("lengths of follow-up must lie between 0 and the window, and not all be 0")
    return "as observed", lambda h: float(-np.expm1(-h * lengths).mean()), float(lengths.mean())


def _limits(events: int, n: float, level: float) -> tuple[float, float, float]:
    """The crude share and its Clopper-Pearson limits; n need not be whole."""
    tail = (1 - level) / 2
    lower = 0.0 if events == 0 else float(betaincinv(events, n - events + 1, tail))
    upper = 1.0 if n - events < 1e-9 else float(betaincinv(events + 1, n - events, 1 - tail))
    return events / n, lower, upper


def _solve(expected: Callable[[float], float], share: float, scale: float) -> float:
    """The hazard at which the expected share is this one."""
    if np.isnan(share) or share == 0:
        return share
    low = high = 1 / scale
    while expected(high) < share:
        high *= 2
        if high * scale > 1e12:
            return np.inf
    while expected(low) > share:
        low /= 2
    return float(brentq(lambda h: expected(h) - share, low, high, xtol=1e-15 / scale, rtol=1e-13))
