"""Proportions and rates, and how two of them differ, from counts alone.

Intervals are Wilson's and Clopper and Pearson's for a proportion, Newcombe's for a difference, Koopman's score interval for
a ratio, and exact Poisson intervals for rates: statsmodels', but for the ratio, where its interval turns complex (29 of 29
against 11 of 11).
"""

from dataclasses import dataclass

from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from analysis.recidivism.survival import quantile_of_level


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
    """A difference or ratio of two estimates, first against second, with its interval."""

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
    method : ``"wilson"`` or ``"exact"``
        Wilson's score interval without continuity correction, as ``prop.test(correct = FALSE)`` of R,
        or Clopper and Pearson's, as ``binom.test``, which covers more than its level by design.
    level : float

    Returns
    -------
    Estimate

    Examples
    --------
    >>> found = proportion(40, 440)
    >>> round(found.estimate, 3), round(found.lower, 3), round(found.upper, 3)
    (0.091, 0.067, 0.121)
    """
    _check_counts(events, n)
    quantile_of_level(level)
    if method not in ("wilson", "exact"):
        raise ValueError(f"method must be 'wilson' or 'exact', found {method!r}")
    lower, upper = proportion_confint(events, n, 1 - level, {"wilson": "wilson", "exact": "beta"}[method])
    # at the ends a limit is exact: rounding would leave 1e-18
    lower, upper = 0.0 if events == 0 else float(lower), 1.0 if events == n else float(upper)
    return Estimate(events / n, lower, upper, events, n, method, level)


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


def risk_ratio(events_1: int, n_1: int, events_2: int, n_2: int, level: float = 0.95) -> Contrast:
    """First proportion divided by second, with the score interval (Koopman 1984, Biometrics 40: 513).

    The estimate is NaN where both counts are 0 and infinite where the second alone is; the limits then run from 0 or to
    infinity where the data set no bound. Parameters and errors are those of ``proportion``.

    Examples
    --------
    >>> found = risk_ratio(36, 40, 16, 80)
    >>> round(found.estimate, 2), round(found.lower, 2), round(found.upper, 2)
    (4.5, 2.94, 7.15)
    """
    _check_counts(events_1, n_1)
    _check_counts(events_2, n_2)
    p, q = events_1 / n_1, events_2 / n_2
    bound = quantile_of_level(level) ** 2
    estimate = float("nan") if events_1 == events_2 == 0 else float("inf") if events_2 == 0 else p / q
    lower = 0.0 if events_1 == 0 else _lowest_ratio(events_1, n_1, events_2, n_2, bound)
    upper = float("inf") if events_2 == 0 else 1 / _lowest_ratio(events_2, n_2, events_1, n_1, bound)
    return Contrast(estimate, lower, upper, p, q, "score", level)


def _lowest_ratio(x: int, m: int, y: int, n: int, bound: float) -> float:
    """The smallest ratio that the score test does not exclude, for x > 0: the statistic grows as the ratio falls."""
    inside = x * n / (m * y) if y else 1.0
    while _score(x, m, y, n, inside) > bound:
        inside *= 2
    outside = inside / 2
    while _score(x, m, y, n, outside) < bound:
        outside /= 2
    return float(brentq(lambda ratio: _score(x, m, y, n, ratio) - bound, outside, inside, xtol=1e-300, rtol=1e-13))


def _score(x: int, m: int, y: int, n: int, ratio: float) -> float:
    """Koopman's chi-square for p / q = ratio, at the restricted maximum likelihood estimate of p and q."""
    a, b, c = ratio * (m + n), ratio * (m + y) + x + n, x + y
    q = min(2 * c / (b + max(b**2 - 4 * a * c, 0.0) ** 0.5), 1.0)  # the smaller root of a q^2 - b q + c, stably
    return _pearson(x, m, min(ratio * q, 1.0)) + _pearson(y, n, q)


def _pearson(k: int, n: int, p: float) -> float:
    """Pearson's chi-square of k in n against p, in a form that is exact at the ends."""
    if k == n:
        return n * (1 - p) / p
    if k == 0:
        return n * p / (1 - p) if p < 1 else float("inf")
    return (k - n * p) ** 2 / (n * p * (1 - p)) if 0 < p < 1 else float("inf")


def rate(events: int, exposure: float, level: float = 0.95) -> Estimate:
    """Events per unit of exposure with the exact Poisson interval (Garwood 1936), as ``poisson.test`` of R.

    Parameters
    ----------
    events : int
        A whole number of 0 or more, else ValueError.
    exposure : float
        Time at risk, above 0, else ValueError, in any unit; the rate is per that unit.
    level : float

    Returns
    -------
    Estimate

    Examples
    --------
    >>> found = rate(40, 1)
    >>> round(found.lower, 2), round(found.upper, 2)
    (28.58, 54.47)
    """
    _check_counts(events)
    quantile_of_level(level)
    if not 0 < exposure < float("inf"):
        raise ValueError(f"exposure must be above 0 and finite, found {exposure!r}")
    lower, upper = confint_poisson(events, exposure, method="exact-c", alpha=1 - level)
    lower = 0.0 if events == 0 else float(lower)
    return Estimate(events / exposure, lower, float(upper), events, exposure, "exact poisson", level)


def rate_ratio(events_1: int, exposure_1: float, events_2: int, exposure_2: float, level: float = 0.95) -> Contrast:
    """First rate divided by second, exact given the total count (Przyborowski and Wilenski 1940), as ``poisson.test`` of R.

    Parameters and errors are those of ``rate``.

    Examples
    --------
    >>> round(rate_ratio(11, 800, 3, 1011).lower, 3)
    1.224
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


def _check_counts(events: int, n: int | None = None) -> None:
    for value, name in ((events, "events"), (n, "n")):
        if value is not None and (value != value or value < 0 or value != int(value)):
            raise ValueError(f"{name} must be a whole number of 0 or more, found {value!r}")
    if n is not None and n < 1:
        raise ValueError("a proportion of nobody: n must be at least 1")
    if n is not None and events > n:
        raise ValueError(f"more events ({events}) than n ({n}): a proportion counts people, not arrests")
