"""What an estimator should find in a world: risks of re-arrest computed from the process, not from its data.

People are drawn anew from the same places by a seed of their own, many times as many as the world has.
Given a person's own hazard r, the risk of re-arrest as the first event within h days in the community is
r / (r + c + m) (1 - exp(-(r + c + m) h)), with c and m the hazards of ICE custody and death: the average of
that is the truth, so that the only random error left is that of who is drawn.
"""

import numpy as np

from analysis.synthetic import courses, people
from analysis.synthetic.courses import Courses
from analysis.synthetic.places import DIRECTIONS
from analysis.synthetic.world import TRUTH, World

HORIZONS = (30, 105, 365, 730, 1095, 1826)
TRUTH_SEED = 20_260_310
DRAWN = 500_000  # people


def truth(world: World, horizons: tuple[int, ...] = HORIZONS, drawn: int = DRAWN, seed: int = TRUTH_SEED) -> dict:
    """Return the true risks of a world by horizon in days, each with its Monte-Carlo standard error.

    ``prepared`` is everyone with a detainer, from the day it was prepared; ``released`` is everyone
    released by a local jail, from the first such release that the data could show. For each:
    ``first_event`` (re-arrest before custody, removal and death: what Aalen-Johansen estimates), ``net``
    (released only: were there no competing events, what one minus Kaplan-Meier estimates here, because
    the other hazards are the same for everyone) and ``any_later`` (whatever came between).
    ``had_everyone`` is the first-event risk of all people with a detainer at a local facility, had every
    place had that one rule: the difference between two of them is the effect of policy through release and
    through the hazard together. Places are those of the world; people are drawn with ``seed``.
    """
    population = people.draw(world, world.stream(TRUTH, seed), drawn / world.people)
    cut = min(world.day(world.arrests_end), world.day(world.exits_end)) - world.lag_days
    until = world.days + max(horizons)
    course = courses.simulate(world, population, world.stream(TRUTH, seed, 1), until)
    origins = {"prepared": _first_detainers(course, cut), "released": _first_releases(course, cut)}
    found = {name: _risks(world, course, rows, name, horizons) for name, rows in origins.items()}
    found["had_everyone"] = _had_everyone(world, population, horizons)
    return {
        "synthetic": "Computed from the process that generated synthetic data. Describes no real person or place.",
        "world_seed": world.seed,
        "truth_seed": seed,
        "people_drawn": len(population),
        "effect_hazard_ratio": world.effect,
        "share_honoured": {
            d: dict(zip(("convicted", "pending", "other"), world.honour[d], strict=True)) for d in DIRECTIONS
        },
        "lodging_rate_ratio": world.lodging,
        "last_origin": str(np.datetime64(world.start, "D") + cut),
        **found,
    }


def had_everyone(world: World, horizons: tuple[int, ...], drawn: int, seed: int) -> dict:
    """Return ``had_everyone`` of ``truth`` alone, without following anybody."""
    population = people.draw(world, world.stream(TRUTH, seed), drawn / world.people)
    return _had_everyone(world, population, horizons)


def _had_everyone(world: World, population: people.People, horizons: tuple[int, ...]) -> dict:
    local = people.under(population, population.operator == 0)
    return {
        direction: {str(h): _mean(_had(world, local, code, h)) for h in horizons}
        for code, direction in enumerate(DIRECTIONS)
    }


def first_event_risk(world: World, rate: np.ndarray, days: np.ndarray | float) -> np.ndarray:
    """Return each person's probability that re-arrest is the first event within ``days`` in the community."""
    total = rate + world.custody + world.death
    return rate / total * -np.expm1(-total * np.maximum(days, 0))


def _first_detainers(course: Courses, cut: int) -> np.ndarray:
    b = course.bookings
    return np.flatnonzero((b["number"] == 0) & (b["prepared"] <= cut))


def _first_releases(course: Courses, cut: int) -> np.ndarray:
    """Rows of each person's first release by a local jail (bookings are in order of number)."""
    b = course.bookings
    rows = np.flatnonzero((b["operator"] == 0) & ~b["honoured"] & (b["left"] <= cut))
    _, first = np.unique(b["person"][rows], return_index=True)
    return rows[first]


def _risks(world: World, course: Courses, rows: np.ndarray, origin: str, horizons: tuple[int, ...]) -> dict:
    b = course.bookings
    start = b[origin if origin == "prepared" else "left"][rows]
    again = _next_arrest(course, rows)
    risks: dict[str, dict] = {"people": len(rows), "first_event": {}, "any_later": {}}
    if origin == "released":
        risks["net"] = {}
    for h in horizons:
        free = start + h - b["left"][rows]
        first = np.where(b["honoured"][rows], 0.0, first_event_risk(world, b["rate"][rows], free))
        risks["first_event"][str(h)] = _mean(first)
        risks["any_later"][str(h)] = _mean((again - start <= h).astype(float))
        if origin == "released":
            risks["net"][str(h)] = _mean(-np.expm1(-b["rate"][rows] * h))
    return risks


def _next_arrest(course: Courses, rows: np.ndarray) -> np.ndarray:
    """Return the day of each booking's next one of the same person, infinite where there is none."""
    b = course.bookings
    width = int(b["number"].max()) + 2
    key = b["person"] * width + b["number"]
    order = np.argsort(key)
    wanted = key[rows] + 1
    at = np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)
    found = key[order][at] == wanted
    return np.where(found, b["booked"][order][at], np.inf)


def _had(world: World, local: people.People, code: int, horizon: int) -> np.ndarray:
    """Return each person's first-event risk had the rule ``code`` been in force where the detainer was lodged.

    Exact over who is honoured and over the stay in jail: the floor of an exponential, hence geometric, so that
    the average over stays s of 1 - exp(-total (horizon - s)) is a geometric series.
    """
    mean = courses.STAYS[0, local.criminality]
    rate = local.rate * (world.effect if DIRECTIONS[code] == "limits" else 1.0)
    total = rate + world.custody + world.death
    stays = horizon + 1  # 0 days to the horizon
    step = total - 1 / mean  # log of the series' ratio
    flat = np.abs(step) * stays < 1e-9
    last = np.exp(np.where(flat, 0, stays * step) - total * horizon) - np.exp(-total * horizon)
    series = np.where(flat, stays * np.exp(-total * horizon), last / np.where(flat, 1, np.expm1(step)))
    risk = rate / total * (-np.expm1(-stays / mean) + np.expm1(-1 / mean) * series)
    return risk * (1 - world.shares_honoured()[code, local.criminality])


def _mean(values: np.ndarray) -> dict[str, float]:
    return {"risk": round(float(values.mean()), 6), "se": round(float(values.std(ddof=1) / np.sqrt(len(values))), 6)}
