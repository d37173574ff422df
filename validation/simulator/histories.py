"""Who gets a first detainer, and what happens to each person afterwards, in continuous time.

A person is in a jail, in ICE custody, in the community, or gone. In the community three hazards compete:
re-arrest at the person's own rate, an arrest by ICE, death. Clock times are rounded up to whole days, so
nothing that follows a release is dated on the day of the release.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from validation.simulator.simulation import HISTORIES, LIMITS, PEOPLE, PLACES, Simulation

_YEAR = 365.25
_MALE, _AGE_DECADE, _CRIMINALITY = 0.45, -0.35, (0.50, 0.25, 0.0)  # log hazard ratios


@dataclass(frozen=True)
class People:
    """Arrays of one length, one entry a person, in order of place and day.

    ``place`` and ``operator`` are codes; ``first`` is the day of the first detainer since the simulation's
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


def draw(sim: Simulation, rng: np.random.Generator, scale: float = 1.0) -> People:
    """Draw the people of a simulation, or ``scale`` times as many of the same kind.

    Places differ by the simulation's own seed, so that a larger draw comes from the same places.
    """
    rule, limiting = sim.rule(), sim.limiting()
    size, offset = _places(sim)
    expected = scale * sim.people * _intensity(sim, size)
    expected = np.where(rule == LIMITS, expected * sim.lodging, expected)
    counts = rng.poisson(expected)
    place, first = (np.repeat(axis, counts[counts > 0]) for axis in np.nonzero(counts))
    n = len(place)
    operator = np.searchsorted(np.cumsum((1 - sum(sim.elsewhere), sim.elsewhere[0])), rng.random(n), side="right")
    male = rng.random(n) < 0.88
    age = 18 + rng.gamma(2.2, 6.5, n)
    criminality = _criminality(sim, limiting[place], rng)
    log_rate = (
        np.log(sim.rearrest)
        + _MALE * male
        + _AGE_DECADE * (age - 32) / 10
        + np.take(_CRIMINALITY, criminality)
        + offset[place]
        + limiting[place] * (sim.hidden + sim.drift * first / _YEAR)
        + (rule[place, first] == LIMITS) * sim.targeting
    )
    frailty = rng.gamma(1 / sim.frailty, sim.frailty, n)
    return People(
        place, first, operator, male, first - np.round(age * _YEAR).astype(int), criminality, frailty * np.exp(log_rate)
    )


def under(people: People, chosen: np.ndarray) -> People:
    """Return only the people that a mask or an index chooses."""
    return replace(people, **{name: getattr(people, name)[chosen] for name in People.__dataclass_fields__})


def _places(sim: Simulation) -> tuple[np.ndarray, np.ndarray]:
    """Return each place's share of the people and what it adds to the log hazard."""
    rng = sim.stream(PLACES)
    size = np.exp(rng.normal(0, 0.4, sim.jurisdictions))
    return size / size.sum(), rng.normal(0, sim.spread, sim.jurisdictions)


def _intensity(sim: Simulation, size: np.ndarray) -> np.ndarray:
    """Return the share of all first detainers by place and day, were there no rules."""
    trend = np.ones(sim.days)
    trend[max(sim.day(date(2025, 1, 20)), 0) :] = sim.surge
    return size[:, None] * (trend / trend.sum())


def _criminality(sim: Simulation, limiting: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return codes of CRIMINALITY: 45 % convicted where nothing shifts it, the rest pending and other as 5 to 3."""
    convicted = 1 / (1 + np.exp(-(np.log(0.45 / 0.55) - sim.confounding * limiting)))
    found = rng.random(len(limiting))
    rest = (found - convicted) / (1 - convicted)
    return np.where(found < convicted, 0, np.where(rest < 5 / 8, 1, 2))


STAYS = np.array([[25.0, 10.0, 4.0], [220.0, 150.0, 120.0], [170.0, 110.0, 60.0]])  # mean days, operator by criminality
_SAME_PLACE = 0.92  # share of re-arrests in the place of the booking before
_TO_REMOVAL, _TO_RETURN, _TO_COME_BACK = 45.0, 60.0, 400.0  # mean days

Pair = tuple[np.ndarray, np.ndarray]  # people, and a day for each


@dataclass(frozen=True)
class Histories:
    """Everything that happens, as arrays of equal length for each kind of event. Days count from the start.

    ``bookings`` has person, number (0 is the first), place, operator, booked, lodged, prepared (-1 where
    no detainer was lodged), rule, honoured, left (into the community, or into ICE custody where
    honoured) and rate, the hazard of re-arrest a day that applies after it. ``custody``, ``removals``
    and ``deaths`` have person and day.
    """

    bookings: dict[str, np.ndarray]
    custody: dict[str, np.ndarray]
    removals: dict[str, np.ndarray]
    deaths: dict[str, np.ndarray]


def history(sim: Simulation) -> tuple[People, Histories]:
    """Return the people of a simulation and everything that happens to them until its end."""
    people = draw(sim, sim.stream(PEOPLE))
    return people, simulate(sim, people, sim.stream(HISTORIES), sim.days - 1)


def simulate(sim: Simulation, people: People, rng: np.random.Generator, until: int) -> Histories:
    """Follow every person from the first detainer until the day ``until``, or until nothing more can happen."""
    rule = sim.rule()
    bookings, custody, removals, deaths = [], [], [], []
    who = np.arange(len(people))
    booked, place, operator, number = people.first - _wait(rng, len(who)), people.place, people.operator, 0
    while len(who):
        booking = _book(sim, people, rule, rng, number, who, place, operator, booked)
        bookings.append(booking)
        held = booking["honoured"]
        rate = np.zeros(len(people))
        rate[who] = booking["rate"]
        seen = _after(sim, rng, rate, until, (who[held], booking["left"][held]), (who[~held], booking["left"][~held]))
        custody.append(seen[1])
        removals.append(seen[2])
        deaths.append(seen[3])
        home = np.zeros(len(people), dtype=int)
        home[who] = place
        who, booked = seen[0]
        number += 1
        moved = rng.random(len(who)) >= _SAME_PLACE
        place = np.where(moved, rng.integers(0, sim.jurisdictions, len(who)), home[who])
        operator = np.zeros(len(who), dtype=int)
    return Histories(
        {name: np.concatenate([b[name] for b in bookings]) for name in bookings[0]} if bookings else {},
        *(_pairs(events) for events in (custody, removals, deaths)),
    )


def _book(
    sim: Simulation, people: People, rule: np.ndarray, rng: np.random.Generator, number: int,
    who: np.ndarray, place: np.ndarray, operator: np.ndarray, booked: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Book people into a facility: is a detainer lodged, is it honoured, when do they leave."""
    n = len(who)
    prepared = people.first[who] if number == 0 else booked + _wait(rng, n)
    today = rule[place, np.clip(prepared, 0, rule.shape[1] - 1)]
    today = np.where(operator == 0, today, 0)
    chance = np.where(today == LIMITS, sim.relodge * sim.lodging, sim.relodge)
    lodged = rng.random(n) < (1.0 if number == 0 else np.minimum(chance, 1.0))
    criminality = people.criminality[who]
    share = np.where(operator == 0, sim.shares_honoured()[today, criminality], sim.honour_elsewhere)
    honoured = lodged & (rng.random(n) < share)
    left = prepared + np.floor(rng.exponential(STAYS[operator, criminality])).astype(int)
    rate = people.rate[who] * np.where(today == LIMITS, sim.effect, 1.0)
    return {
        "person": who, "number": np.full(n, number), "place": place, "operator": operator, "booked": booked,
        "lodged": lodged, "prepared": np.where(lodged, prepared, -1), "rule": today, "honoured": honoured,
        "left": left, "rate": rate,
    }  # fmt: skip


def _after(
    sim: Simulation, rng: np.random.Generator, rate: np.ndarray, until: int, held: Pair, free: Pair
) -> tuple[Pair, Pair, Pair, Pair]:
    """Follow people out of a facility until each is arrested again, gone, or past ``until``.

    ``held`` enter ICE custody and ``free`` the community, each a pair of people and days. Returns pairs
    of re-arrests, custody, removals and deaths.
    """
    rearrests, custody, removals, deaths = [], [], [], []
    while len(held[0]) or len(free[0]):
        held, free = _until(held, until), _until(free, until)
        custody.append(held)
        removed, back = _leave_custody(sim, rng, *held)
        removals.append(_until(removed, until))
        who, day = (np.concatenate(pair) for pair in zip(free, back, strict=True))
        kind, after = _compete(sim, rng, rate[who])
        day = day + after
        rearrests.append(_until((who[kind == 0], day[kind == 0]), until))
        held = who[kind == 1], day[kind == 1]
        deaths.append(_until((who[kind == 2], day[kind == 2]), until))
        free = who[:0], day[:0]
    return _joined(rearrests), _joined(custody), _joined(removals), _joined(deaths)


def _compete(sim: Simulation, rng: np.random.Generator, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of re-arrest (0), ICE arrest (1) and death (2) comes first, and after how many days (at least 1)."""
    n = len(rate)
    with np.errstate(divide="ignore", over="ignore"):
        times = rng.exponential(size=(3, n)) / np.stack([rate, np.full(n, sim.custody), np.full(n, sim.death)])
    kind = times.argmin(axis=0)
    return kind, np.ceil(np.minimum(times.min(axis=0), 1e6)).astype(int)


def _leave_custody(sim: Simulation, rng: np.random.Generator, who: np.ndarray, day: np.ndarray) -> tuple[Pair, Pair]:
    """Return who is removed, and who is back in the community (released, or returned after removal), with days."""
    n = len(who)
    removed = rng.random(n) < sim.removal
    gone = day + 1 + np.floor(rng.exponential(_TO_REMOVAL, n)).astype(int)
    comes_back = removed & (rng.random(n) < sim.return_after)
    back = np.where(
        removed,
        gone + 1 + np.floor(rng.exponential(_TO_COME_BACK, n)).astype(int),
        day + 1 + np.floor(rng.exponential(_TO_RETURN, n)).astype(int),
    )
    returns = comes_back | ~removed
    return (who[removed], gone[removed]), (who[returns], back[returns])


def _wait(rng: np.random.Generator, n: int) -> np.ndarray:
    """Days from booking to the detainer: 0 for 45 %, then geometric."""
    return rng.geometric(0.45, n) - 1


def _until(pair: Pair, last: int) -> Pair:
    keep = pair[1] <= last
    return pair[0][keep], pair[1][keep]


def _joined(pairs: list[Pair]) -> Pair:
    if not pairs:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    return tuple(np.concatenate(part) for part in zip(*pairs, strict=True))


def _pairs(events: list[Pair]) -> dict[str, np.ndarray]:
    person, day = _joined(events)
    return {"person": person, "day": day}
