"""Who gets a first detainer, when and where, and how likely each is to be arrested again."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from analysis.synthetic.world import PLACES, World

LIMITS = 1  # code of the rule "limits" in places.DIRECTIONS
_YEAR = 365.25
_MALE, _AGE_DECADE, _CRIMINALITY = 0.45, -0.35, (0.50, 0.25, 0.0)  # log hazard ratios


@dataclass(frozen=True)
class People:
    """Arrays of one length, one entry a person, in order of place and day.

    ``place`` and ``operator`` are codes; ``first`` is the day of the first detainer since the world's
    start; ``born`` a day since then (negative); ``rate`` the person's own hazard of re-arrest a day,
    frailty included, before any effect of policy.
    """

    place: np.ndarray
    first: np.ndarray
    operator: np.ndarray
    male: np.ndarray
    born: np.ndarray
    criminality: np.ndarray
    rate: np.ndarray

    def __len__(self) -> int:
        """Number of people."""
        return len(self.place)


def draw(world: World, rng: np.random.Generator, scale: float = 1.0) -> People:
    """Draw the people of a world, or ``scale`` times as many of the same kind.

    Places differ by the world's own seed, so that a larger draw comes from the same places.
    """
    rule, limiting = world.rule(), world.limiting()
    size, offset = _places(world)
    expected = scale * world.people * _intensity(world, size)
    expected = np.where(rule == LIMITS, expected * world.lodging, expected)
    counts = rng.poisson(expected)
    place, first = (np.repeat(axis, counts[counts > 0]) for axis in np.nonzero(counts))
    n = len(place)
    operator = np.searchsorted(np.cumsum((1 - sum(world.elsewhere), world.elsewhere[0])), rng.random(n), side="right")
    male = rng.random(n) < 0.88
    age = 18 + rng.gamma(2.2, 6.5, n)
    criminality = _criminality(world, limiting[place], rng)
    log_rate = (
        np.log(world.rearrest)
        + _MALE * male
        + _AGE_DECADE * (age - 32) / 10
        + np.take(_CRIMINALITY, criminality)
        + offset[place]
        + limiting[place] * (world.hidden + world.drift * first / _YEAR)
        + (rule[place, first] == LIMITS) * world.targeting
    )
    frailty = rng.gamma(1 / world.frailty, world.frailty, n)
    return People(
        place, first, operator, male, first - np.round(age * _YEAR).astype(int), criminality, frailty * np.exp(log_rate)
    )


def under(people: People, chosen: np.ndarray) -> People:
    """Return only the people that a mask or an index chooses."""
    return replace(people, **{name: getattr(people, name)[chosen] for name in People.__dataclass_fields__})


def _places(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return each place's share of the people and what it adds to the log hazard."""
    rng = world.stream(PLACES)
    size = np.exp(rng.normal(0, 0.4, world.jurisdictions))
    return size / size.sum(), rng.normal(0, world.spread, world.jurisdictions)


def _intensity(world: World, size: np.ndarray) -> np.ndarray:
    """Return the share of all first detainers by place and day, were there no rules."""
    trend = np.ones(world.days)
    trend[max(world.day(date(2025, 1, 20)), 0) :] = world.surge
    return size[:, None] * (trend / trend.sum())


def _criminality(world: World, limiting: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return codes of CRIMINALITY: 45 % convicted where nothing shifts it, the rest pending and other as 5 to 3."""
    convicted = 1 / (1 + np.exp(-(np.log(0.45 / 0.55) - world.confounding * limiting)))
    found = rng.random(len(limiting))
    rest = (found - convicted) / (1 - convicted)
    return np.where(found < convicted, 0, np.where(rest < 5 / 8, 1, 2))
