"""Worlds for intervals from counts alone: proportions, how two of them differ, rates, unequal follow-up."""

from collections.abc import Callable

import numpy as np

from analysis.recidivism.proportion import proportion, proportion_difference, risk_ratio
from analysis.recidivism.rates import rate, rate_ratio
from analysis.recidivism.unequal import unequal_follow_up
from analysis.worlds.draws import exponential
from analysis.worlds.trial import APPROXIMATE, AT_LEAST, SHOWN, Interval, Setting, limits_of

NONE = "none"


def _binomial(n: int, risk: float) -> Callable[[np.random.Generator], int]:
    return lambda rng: int((rng.random(n) < risk).sum())


def _poisson(rng: np.random.Generator, mean: float) -> int:
    """Arrivals at rate 1 before ``mean``; four times as many gaps as expected, and 50, are enough."""
    gaps = exponential(rng.random(int(4 * mean) + 50), 1.0)
    return int(np.searchsorted(gaps.cumsum(), mean))


def _pair(limits: object) -> tuple[float, float]:
    return limits.lower, limits.upper


def _one(name: str, n: int, risk: float, wilson: str = APPROXIMATE) -> Setting:
    return Setting(
        name, n, NONE, NONE, _binomial(n, risk),
        (
            Interval("proportion, Wilson", risk, lambda k: _pair(proportion(k, n)), wilson),
            Interval("proportion, Clopper-Pearson", risk, lambda k: _pair(proportion(k, n, "exact")), AT_LEAST),
        ),
    )  # fmt: skip


def _two(name: str, n: tuple[int, int], risk: tuple[float, float], claim: str = APPROXIMATE) -> Setting:
    first, second = (_binomial(size, share) for size, share in zip(n, risk, strict=True))
    return Setting(
        name, sum(n), NONE, NONE, lambda rng: (first(rng), n[0], second(rng), n[1]),
        (
            Interval("risk difference, Newcombe", risk[0] - risk[1], lambda k: _pair(proportion_difference(*k)), claim),
            Interval("risk ratio, Koopman", risk[0] / risk[1], lambda k: _pair(risk_ratio(*k)), claim),
        ),
    )  # fmt: skip


def _events(name: str, first: tuple[float, float], second: tuple[float, float]) -> Setting:
    """Poisson counts: (expected number, exposure) of each of two groups."""
    truth = first[0] / first[1]

    def draw(rng: np.random.Generator) -> tuple[int, float, int, float]:
        return _poisson(rng, first[0]), first[1], _poisson(rng, second[0]), second[1]

    return Setting(
        name, 0, NONE, NONE, draw,
        (
            Interval("rate, exact Poisson", truth, lambda k: _pair(rate(k[0], k[1])), AT_LEAST),
            Interval("rate ratio, exact", truth * second[1] / second[0], lambda k: _pair(rate_ratio(*k)), AT_LEAST),
        ),
    )  # fmt: skip


def _window(entered: str, n: int, hazard: float, window: float) -> Setting:
    """People who come under observation evenly over a window or when it opens, with a constant hazard."""

    def draw(rng: np.random.Generator) -> int:
        followed = window * rng.random(n) if entered == "evenly" else window
        return int((exponential(rng.random(n), hazard) <= followed).sum())

    def limits(k: int) -> tuple[float, float]:
        return limits_of(unequal_follow_up(k, n, window, entered))

    truth = float(-np.expm1(-hazard * window))
    return Setting(
        f"{n} people observed from {entered}", n, f"window of {window:g} months", NONE, draw,
        (Interval("risk over the window, unequal follow-up", truth, limits, AT_LEAST),),
    )  # fmt: skip


SETTINGS = (
    _one("440 people, risk .09", 440, 0.09),
    _one("120 people, risk .35", 120, 0.35),
    _one("1445 people, risk .38", 1445, 0.38),
    _one("50 people, risk .01", 50, 0.01, SHOWN),
    _two("440 and 440 people, risks .09 and .15", (440, 440), (0.09, 0.15)),
    _two("70 and 80 people, risks .8 and .6", (70, 80), (0.8, 0.6)),
    _two("40 and 60 people, risks .02 and .05", (40, 60), (0.02, 0.05), SHOWN),
    _events("40 and 60 events expected", (40.0, 722.59), (60.0, 800.0)),
    _events("2 and 3 events expected", (2.0, 40.0), (3.0, 30.0)),
    _window("start", 440, 0.05, 3.5),
    _window("evenly", 440, 0.1937476 / 3.5, 3.5),
)
