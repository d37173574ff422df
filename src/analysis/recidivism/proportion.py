"""Proportions and how two of them differ, from counts alone.

Intervals are Wilson's and Clopper and Pearson's for a proportion, Newcombe's for a difference, and the
score interval for a ratio.
"""

from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import betaincinv

from analysis.recidivism.intervals import quantile_of_level


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
    """A proportion with its interval.

    Parameters
    ----------
    events, n : int
        Numerator and denominator, ``0 <= events <= n``, ``n`` at least 1.
    method : ``"wilson"`` or ``"exact"``
        Wilson's score interval without continuity correction, as ``prop.test(correct = FALSE)`` of R,
        or Clopper and Pearson's, as ``binom.test``, which covers more than its level by design.
    level : float

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        A count that is no whole number, is negative or exceeds ``n``; an unknown method.

    References
    ----------
    Wilson (1927); Clopper and Pearson (1934); Brown, Cai and DasGupta (2001).
    """
    check_counts(events, n)
    if method == "wilson":
        lower, upper = _wilson(events, n, quantile_of_level(level))
    elif method == "exact":
        quantile_of_level(level)
        tail = (1 - level) / 2
        lower = 0.0 if events == 0 else float(betaincinv(events, n - events + 1, tail))
        upper = 1.0 if events == n else float(betaincinv(events + 1, n - events, 1 - tail))
    else:
        raise ValueError(f"method must be 'wilson' or 'exact', found {method!r}")
    return Estimate(events / n, lower, upper, events, n, method, level)


def proportion_difference(events_1: int, n_1: int, events_2: int, n_2: int, level: float = 0.95) -> Contrast:
    """First proportion minus second, with Newcombe's hybrid score interval (his method 10).

    Raises
    ------
    ValueError
        As for ``proportion``.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17: 873-890.
    """
    first, second = proportion(events_1, n_1, level=level), proportion(events_2, n_2, level=level)
    p, q = first.estimate, second.estimate
    below = ((p - first.lower) ** 2 + (second.upper - q) ** 2) ** 0.5
    above = ((first.upper - p) ** 2 + (q - second.lower) ** 2) ** 0.5
    return Contrast(p - q, p - q - below, p - q + above, p, q, "newcombe", level)


def risk_ratio(events_1: int, n_1: int, events_2: int, n_2: int, level: float = 0.95) -> Contrast:
    """First proportion divided by second, with the score interval, which is defined with zero counts.

    The estimate is NaN where both counts are 0 and infinite where the second alone is; the limits
    then run from 0 or to infinity where the data set no bound.

    Raises
    ------
    ValueError
        As for ``proportion``.

    References
    ----------
    Koopman (1984), Biometrics 40: 513-517; Miettinen and Nurminen (1985).
    """
    check_counts(events_1, n_1)
    check_counts(events_2, n_2)
    p, q = events_1 / n_1, events_2 / n_2
    bound = quantile_of_level(level) ** 2
    estimate = float("nan") if events_1 == events_2 == 0 else float("inf") if events_2 == 0 else p / q
    lower = 0.0 if events_1 == 0 else _lowest_ratio(events_1, n_1, events_2, n_2, bound)
    upper = float("inf") if events_2 == 0 else 1 / _lowest_ratio(events_2, n_2, events_1, n_1, bound)
    return Contrast(estimate, lower, upper, p, q, "score", level)


def _wilson(k: int, n: int, z: float) -> tuple[float, float]:
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    # at the ends the limit is exact: rounding would leave 1e-18
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)


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


def _lowest_ratio(x: int, m: int, y: int, n: int, bound: float) -> float:
    """The smallest ratio that the score test does not exclude, for x > 0: the statistic grows as the ratio falls."""
    inside = x * n / (m * y) if y else 1.0
    while _score(x, m, y, n, inside) > bound:
        inside *= 2
    outside = inside / 2
    while _score(x, m, y, n, outside) < bound:
        outside /= 2
    return float(brentq(lambda ratio: _score(x, m, y, n, ratio) - bound, outside, inside, xtol=1e-300, rtol=1e-13))


def check_counts(events: int, n: int | None = None) -> None:
    """Raise ValueError for a count that is no whole number of 0 or more, and for events that exceed ``n``."""
    for value, name in ((events, "events"), (n, "n")):
        if value is not None and (value != value or value < 0 or value != int(value)):
            raise ValueError(f"{name} must be a whole number of 0 or more, found {value!r}")
    if n is not None and n < 1:
        raise ValueError("a proportion of nobody: n must be at least 1")
    if n is not None and events > n:
        raise ValueError(f"more events ({events}) than n ({n}): a proportion counts people, not arrests")
