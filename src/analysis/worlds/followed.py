"""People of a synthetic world followed from their first detainer, as arrays: what an analyst of the whole records would hold.

In: a world. Out: who was followed how long to what, under which rule; the same as a contrast of two groups and as a panel of
places by year, which the designs take. Nothing here passes through files or frames of rows: thousands of worlds do.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.recidivism.window import window
from analysis.sanctuary.adoption_panel import Panel, usable
from analysis.sanctuary.adoption_times import NEVER
from analysis.sanctuary.contrast import Contrast, coded
from analysis.synthetic.courses import simulate
from analysis.synthetic.frames import birth_year
from analysis.synthetic.people import LIMITS, draw
from analysis.synthetic.places import Policy
from analysis.synthetic.world import COURSES, CRIMINALITY, FILES, PEOPLE, World

ADJUST = ("criminality", "sex", "age")
YEAR = 365  # days in a year of the panel
REARREST, NOTHING = 0, -1


@dataclass(frozen=True, eq=False)
class Followed:
    """One entry a person whose follow-up could begin.

    ``place`` as code; ``prepared`` in days since the start; ``limits`` whether a rule limited the first detainer;
    ``follow_up`` days that could be seen, ``time`` days to the first event or their end, ``event``: 0 re-arrest, 1 custody, 2
    removal, 3 death, -1 none. ``criminality`` is a code, ``age`` in years.
    """

    place: np.ndarray
    prepared: np.ndarray
    limits: np.ndarray
    follow_up: np.ndarray
    time: np.ndarray
    event: np.ndarray
    criminality: np.ndarray
    male: np.ndarray
    age: np.ndarray


def follow(world: World) -> Followed:
    """Follow first detainers to a recorded re-arrest, custody, removal or death, or the end of the records."""
    people = draw(world, world.stream(PEOPLE))
    course = simulate(world, people, world.stream(COURSES), world.days - 1)
    b, n = course.bookings, len(people)
    end = world.day(min(world.arrests_end, world.exits_end)) - world.lag_days
    later = b["number"] > 0
    # a re-arrest under a limiting rule may go unrecorded; the arrest that led to the detainer is none
    seen = later & ((b["rule"] != LIMITS) | (world.stream(FILES).random(len(later)) < world.detection))
    moves = [(b["person"][seen], b["booked"][seen])]
    moves += [(events["person"], events["day"]) for events in (course.custody, course.removals, course.deaths)]
    earliest = np.full((4, n), np.inf)
    for row, (person, day) in zip(earliest, moves, strict=True):
        np.minimum.at(row, person, day)
    best = earliest.argmin(axis=0)  # on one day a re-arrest counts first
    days = end - people.first
    time = earliest[best, np.arange(n)] - people.first
    born = birth_year(world, people)
    year = (np.datetime64(world.start, "D") + people.first).astype("datetime64[Y]").astype(int) + 1970
    kept = days >= 0
    parts = (
        people.place, people.first, b["rule"][~later] == LIMITS, days, np.minimum(time, days).astype(int),
        np.where(time <= days, best, NOTHING), people.criminality, people.male, year - born,
    )  # fmt: skip
    return Followed(*(part[kept] for part in parts))


def contrast_of(people: Followed, places: int, horizon: int) -> Contrast:
    """People under a limiting rule against the others, clustered by place."""
    frame = pd.DataFrame({
        "criminality": pd.Categorical.from_codes(people.criminality, list(CRIMINALITY)),
        "sex": pd.Categorical.from_codes(people.male.astype(np.int8), ["female", "male"]), "age": people.age,
    })  # fmt: skip
    cluster, number = np.unique(people.place, return_inverse=True)
    hit = (people.event == REARREST) & (people.time <= horizon)
    matrix, columns = coded(frame, ADJUST)
    return Contrast(
        frame, ("none", "limits"), "rearrest", window(horizon, "day", True), people.limits.astype(int), people.time,
        people.event != NOTHING, hit.astype(float), number, pd.RangeIndex(places)[cluster], matrix, columns,
    )  # fmt: skip


def panel_of(people: Followed, world: World, horizon: int) -> Panel:
    """The risk by place and year among those followed for the whole window, and when each place adopted."""
    full = people.follow_up >= horizon
    places, years = len(world.places), int(people.prepared[full].max()) // YEAR + 1
    cell = people.place[full] * years + people.prepared[full] // YEAR
    hit = (people.event[full] == REARREST) & (people.time[full] <= horizon)
    number = np.bincount(cell, minlength=places * years)
    with np.errstate(invalid="ignore"):
        risk = np.bincount(cell, weights=hit, minlength=places * years) / number
    adopted, repealed = _dates(world.policies, world.places, world.start)
    panel = Panel(
        risk.reshape(places, years), np.arange(years, dtype=float), adopted, np.ones(places), np.arange(places),
        pd.RangeIndex(years), pd.RangeIndex(places), {}, {},
    )  # fmt: skip
    return usable(panel, repealed, repeals="until")


@lru_cache(maxsize=4)
def _dates(policies: tuple[Policy, ...], places: tuple[str, ...], start: date) -> tuple[np.ndarray, np.ndarray]:
    """The years of the panel in which each place adopted and repealed, infinite for never."""
    adopted, repealed = np.full(len(places), NEVER), np.full(len(places), NEVER)
    for policy in policies:
        place = places.index(policy.fips)
        adopted[place] = (policy.start - start).days // YEAR
        if policy.end is not None:
            repealed[place] = ((policy.end - start).days + 1) // YEAR
    return adopted, repealed
