"""What an estimator should find in a simulation: risks of re-arrest computed from the process, not from its data.

People are drawn anew from the same places by a seed of their own, many times as many as the simulation has.
Given a person's own hazard r, the risk of re-arrest as the first event within h days in the community is
r / (r + c + m) (1 - exp(-(r + c + m) h)), with c and m the hazards of ICE custody and death: the average of
that is the truth, so that the only random error left is that of who is drawn.
"""

import numpy as np

from validation.simulator.histories import STAYS, Histories, People, draw, simulate, under
from validation.simulator.simulation import DIRECTIONS, TRUTH, Simulation

HORIZONS = (30, 105, 365, 730, 1095, 1826)
TRUTH_SEED = 20_260_310
DRAWN = 500_000  # people


def truth(sim: Simulation, horizons: tuple[int, ...] = HORIZONS, drawn: int = DRAWN, seed: int = TRUTH_SEED) -> dict:
    """Return the true risks of a simulation by horizon in days, each with its Monte-Carlo standard error.

    ``prepared`` is everyone with a detainer, from the day it was prepared; ``released`` is everyone
    released by a local jail, from the first such release that the data could show. For each:
    ``first_event`` (re-arrest before custody, removal and death: what Aalen-Johansen estimates), ``net``
    (released only: were there no competing events, what one minus Kaplan-Meier estimates here, because
    the other hazards are the same for everyone) and ``any_later`` (whatever came between).
    ``had_everyone`` is the first-event risk of all people with a detainer at a local facility, had every
    place had that one rule: the difference between two of them is the effect of policy through release and
    through the hazard together. Places are those of the simulation; people are drawn with ``seed``.
    """
    population = draw(sim, sim.stream(TRUTH, seed), drawn / sim.people)
    cut = min(sim.day(sim.arrests_end), sim.day(sim.exits_end)) - sim.lag_days
    until = sim.days + max(horizons)
    histories = simulate(sim, population, sim.stream(TRUTH, seed, 1), until)
    origins = {"prepared": _first_detainers(histories, cut), "released": _first_releases(histories, cut)}
    found = {name: _risks(sim, histories, rows, name, horizons) for name, rows in origins.items()}
    found["had_everyone"] = _had_everyone(sim, population, horizons)
    return {
        "synthetic": "Computed from the process that generated synthetic data. Describes no real person or place.",
        "world_seed": sim.seed,
        "truth_seed": seed,
        "people_drawn": len(population),
        "effect_hazard_ratio": sim.effect,
        "share_honoured": {
            d: dict(zip(("convicted", "pending", "other"), sim.honour[d], strict=True)) for d in DIRECTIONS
        },
        "lodging_rate_ratio": sim.lodging,
        "last_origin": str(np.datetime64(sim.start, "D") + cut),
        **found,
    }


def had_everyone(sim: Simulation, horizons: tuple[int, ...], drawn: int, seed: int) -> dict:
    """Return ``had_everyone`` of ``truth`` alone, without following anybody."""
    population = draw(sim, sim.stream(TRUTH, seed), drawn / sim.people)
    return _had_everyone(sim, population, horizons)


def _had_everyone(sim: Simulation, population: People, horizons: tuple[int, ...]) -> dict:
    local = under(population, population.operator == 0)
    return {
        direction: {str(h): _mean(_had(sim, local, code, h)) for h in horizons}
        for code, direction in enumerate(DIRECTIONS)
    }


def first_event_risk(sim: Simulation, rate: np.ndarray, days: np.ndarray | float) -> np.ndarray:
    """Return each person's probability that re-arrest is the first event within ``days`` in the community."""
    total = rate + sim.custody + sim.death
    return rate / total * -np.expm1(-total * np.maximum(days, 0))


def _first_detainers(histories: Histories, cut: int) -> np.ndarray:
    b = histories.bookings
    return np.flatnonzero((b["number"] == 0) & (b["prepared"] <= cut))


def _first_releases(histories: Histories, cut: int) -> np.ndarray:
    """Rows of each person's first release by a local jail (bookings are in order of number)."""
    b = histories.bookings
    rows = np.flatnonzero((b["operator"] == 0) & ~b["honoured"] & (b["left"] <= cut))
    _, first = np.unique(b["person"][rows], return_index=True)
    return rows[first]


def _risks(sim: Simulation, histories: Histories, rows: np.ndarray, origin: str, horizons: tuple[int, ...]) -> dict:
    b = histories.bookings
    start = b[origin if origin == "prepared" else "left"][rows]
    again = _next_arrest(histories, rows)
    risks: dict[str, dict] = {"people": len(rows), "first_event": {}, "any_later": {}}
    if origin == "released":
        risks["net"] = {}
    for h in horizons:
        free = start + h - b["left"][rows]
        first = np.where(b["honoured"][rows], 0.0, first_event_risk(sim, b["rate"][rows], free))
        risks["first_event"][str(h)] = _mean(first)
        risks["any_later"][str(h)] = _mean((again - start <= h).astype(float))
        if origin == "released":
            risks["net"][str(h)] = _mean(-np.expm1(-b["rate"][rows] * h))
    return risks


def _next_arrest(histories: Histories, rows: np.ndarray) -> np.ndarray:
    """Return the day of each booking's next one of the same person, infinite where there is none."""
    b = histories.bookings
    width = int(b["number"].max()) + 2
    key = b["person"] * width + b["number"]
    order = np.argsort(key)
    wanted = key[rows] + 1
    at = np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)
    found = key[order][at] == wanted
    return np.where(found, b["booked"][order][at], np.inf)


def _had(sim: Simulation, local: People, code: int, horizon: int) -> np.ndarray:
    """Return each person's first-event risk had the rule ``code`` been in force where the detainer was lodged.

    Exact over who is honoured and over the stay in jail: the floor of an exponential, hence geometric, so that
    the average over stays s of 1 - exp(-total (horizon - s)) is a geometric series.
    """
    mean = STAYS[0, local.criminality]
    rate = local.rate * (sim.effect if DIRECTIONS[code] == "limits" else 1.0)
    total = rate + sim.custody + sim.death
    stays = horizon + 1  # 0 days to the horizon
    step = total - 1 / mean  # log of the series' ratio
    flat = np.abs(step) * stays < 1e-9
    last = np.exp(np.where(flat, 0, stays * step) - total * horizon) - np.exp(-total * horizon)
    series = np.where(flat, stays * np.exp(-total * horizon), last / np.where(flat, 1, np.expm1(step)))
    risk = rate / total * (-np.expm1(-stays / mean) + np.expm1(-1 / mean) * series)
    return risk * (1 - sim.shares_honoured()[code, local.criminality])


def _mean(values: np.ndarray) -> dict[str, float]:
    return {"risk": round(float(values.mean()), 6), "se": round(float(values.std(ddof=1) / np.sqrt(len(values))), 6)}
