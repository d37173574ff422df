"""Rates and how two of them differ, from counts of events and time at risk alone: exact Poisson intervals."""

from scipy.special import gammaincinv

from analysis.recidivism.intervals import quantile_of_level
from analysis.recidivism.proportion import Contrast, Estimate, check_counts, proportion


def rate(events: int, exposure: float, level: float = 0.95) -> Estimate:
    """Events per unit of exposure with the exact Poisson interval, as ``poisson.test`` of R.

    Parameters
    ----------
    events : int
        0 or more.
    exposure : float
        Time at risk, above 0, in any unit; the rate is per that unit.

    Raises
    ------
    ValueError
        A count that is no whole number or negative, an exposure that is not positive.

    References
    ----------
    Garwood (1936), Biometrika 28: 437-442.
    """
    check_counts(events)
    _check_exposure(exposure)
    quantile_of_level(level)
    tail = (1 - level) / 2
    lower = 0.0 if events == 0 else float(gammaincinv(events, tail))
    upper = float(gammaincinv(events + 1, 1 - tail))
    return Estimate(events / exposure, lower / exposure, upper / exposure, events, exposure, "exact poisson", level)


def rate_ratio(events_1: int, exposure_1: float, events_2: int, exposure_2: float, level: float = 0.95) -> Contrast:
    """First rate divided by second, exact given the total count, as ``poisson.test`` of R for two rates.

    Raises
    ------
    ValueError
        As for ``rate``.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31: 313-323.
    """
    first, second = rate(events_1, exposure_1, level), rate(events_2, exposure_2, level)
    infinite, total = float("inf"), events_1 + events_2
    if total == 0:
        return Contrast(float("nan"), 0.0, infinite, 0.0, 0.0, "exact conditional", level)
    share = proportion(events_1, total, "exact", level)
    scale = exposure_2 / exposure_1
    lower, upper = (infinite if limit == 1 else limit / (1 - limit) * scale for limit in (share.lower, share.upper))
    estimate = infinite if events_2 == 0 else first.estimate / second.estimate
    return Contrast(estimate, lower, upper, first.estimate, second.estimate, "exact conditional", level)


def _check_exposure(exposure: float) -> None:
    if not 0 < exposure < float("inf"):
        raise ValueError(f"exposure must be above 0 and finite, found {exposure!r}")
