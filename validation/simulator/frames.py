"""A simulation as frames in the shape of the canonical tables, ends of data and reporting lag applied."""

import numpy as np
import pandas as pd

from analysis.data.tables import CHARGE_GROUPS, CRIMINALITY, EXIT_KINDS, OPERATORS, OUTCOMES, SEVERITIES, SEXES
from validation.simulator.histories import Histories, People, history
from validation.simulator.simulation import FILES, LIMITS, Simulation

# share of arrests by charge group, and the share of each that is a felony
_CHARGES = {
    "homicide": (0.003, 1.0), "sexual": (0.022, 0.85), "robbery": (0.025, 1.0), "assault": (0.170, 0.35),
    "kidnapping": (0.005, 0.9), "weapons": (0.030, 0.6), "burglary": (0.040, 0.9), "theft": (0.130, 0.3),
    "fraud": (0.030, 0.6), "drug": (0.140, 0.5), "driving": (0.230, 0.05), "public_order": (0.130, 0.1),
    "immigration": (0.010, 0.5), "other": (0.035, 0.2),
}  # fmt: skip
_PAST_ARRESTS = (1.6, 0.7, 0.2)  # mean number before the first booking, by criminality


def tables(sim: Simulation, past: tuple[People, Histories] | None = None) -> dict[str, pd.DataFrame]:
    """Return the frames ``detainers``, ``releases``, ``arrests`` and ``exits`` of a simulation.

    Columns and vocabularies are those of the canonical tables, as far as the simulation has them; person_id
    and the other identifiers are integers; dates are datetime64[s]; categories are categoricals. Outcomes
    are the true ones: no blank. ``past`` is what ``history`` returns, where it is at hand already.
    """
    population, histories = past or history(sim)
    rng = sim.stream(FILES)
    charges = _charges(len(histories.bookings["person"]), rng)
    return {
        "detainers": _detainers(sim, population, histories),
        "releases": _releases(sim, population, histories, charges),
        "arrests": _arrests(sim, population, histories, charges, rng),
        "exits": _exits(sim, histories),
    }


def _detainers(sim: Simulation, population: People, histories: Histories) -> pd.DataFrame:
    b = histories.bookings
    rows = np.flatnonzero(b["lodged"] & (b["prepared"] < sim.days))
    rows = rows[np.lexsort((b["person"][rows], b["prepared"][rows]))]
    person, honoured = b["person"][rows], b["honoured"][rows]
    frame = pd.DataFrame({"detainer_id": np.arange(len(rows)), "person_id": person})
    frame["prepared"] = dates(sim, b["prepared"][rows])
    frame["jurisdiction"] = _where(sim, b["place"][rows], b["operator"][rows])
    frame["operator"] = _category(b["operator"][rows], OPERATORS[:3], OPERATORS)
    frame["state"] = pd.Categorical.from_codes(_state_codes(sim)[b["place"][rows]], list(sim.states))
    frame["outcome"] = _category(np.where(honoured, 0, 1), ("ice_custody", "declined"), OUTCOMES)
    left = np.where(honoured | (b["left"][rows] >= sim.days), -1, b["left"][rows])
    frame["released"] = dates(sim, left)
    frame["criminality"] = _category(population.criminality[person], CRIMINALITY[:3], CRIMINALITY)
    frame["sex"] = _category(np.where(population.male[person], 0, 1), SEXES[:2], SEXES)
    frame["birth_year"] = birth_year(sim, population)[person]
    return frame


def _releases(
    sim: Simulation, population: People, histories: Histories, charges: tuple[np.ndarray, np.ndarray]
) -> pd.DataFrame:
    """Releases from local jails into the community; prisons and federal facilities keep their own records."""
    b = histories.bookings
    rows = np.flatnonzero((b["operator"] == 0) & ~b["honoured"] & (b["left"] <= sim.day(sim.arrests_end)))
    rows = rows[np.lexsort((b["person"][rows], b["left"][rows]))]
    person = b["person"][rows]
    frame = pd.DataFrame({"release_id": np.arange(len(rows)), "person_id": person})
    frame["booked"] = dates(sim, b["booked"][rows], clip=False)
    frame["released"] = dates(sim, b["left"][rows])
    frame["jurisdiction"] = _where(sim, b["place"][rows], b["operator"][rows])
    frame["operator"] = _category(np.zeros(len(rows), dtype=int), OPERATORS[:1], OPERATORS)
    _add_charges(frame, charges, rows)
    frame["sex"] = _category(np.where(population.male[person], 0, 1), SEXES[:2], SEXES)
    frame["birth_year"] = birth_year(sim, population)[person]
    return frame


def _arrests(
    sim: Simulation,
    population: People,
    histories: Histories,
    charges: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Arrests that led to a booking, and arrests before the first one; those not yet reported are absent."""
    b = histories.bookings
    count = rng.poisson(np.take(_PAST_ARRESTS, population.criminality))
    earlier = np.repeat(np.arange(len(population)), count)
    before = population.first[earlier] - 30 - np.floor(rng.exponential(900, len(earlier))).astype(int)
    person = np.concatenate([b["person"], earlier])
    day = np.concatenate([b["booked"], before])
    place = np.concatenate([b["place"], population.place[earlier]])
    limits = np.concatenate([(b["rule"] == LIMITS) & (b["number"] > 0), np.zeros(len(earlier), dtype=bool)])
    adult = day - population.born[person] >= 16 * 365
    seen = adult & (day + rng.integers(0, sim.lag_days + 1, len(day)) <= sim.day(sim.arrests_end))
    seen &= ~limits | (rng.random(len(day)) < sim.detection)
    charges = tuple(np.concatenate(pair) for pair in zip(charges, _charges(len(earlier), rng), strict=True))
    rows = np.flatnonzero(seen)
    rows = rows[np.lexsort((person[rows], day[rows]))]
    frame = pd.DataFrame({"arrest_id": np.arange(len(rows)), "person_id": person[rows]})
    frame["arrested"] = dates(sim, day[rows], clip=False)
    frame["jurisdiction"] = _where(sim, place[rows], np.zeros(len(rows), dtype=int))
    _add_charges(frame, charges, rows)
    return frame


def _charges(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the charge group (codes of _CHARGES) of n arrests, and whether each is a felony."""
    group = rng.choice(len(_CHARGES), n, p=[share for share, _ in _CHARGES.values()])
    return group, rng.random(n) < np.array([felony for _, felony in _CHARGES.values()])[group]


def _add_charges(frame: pd.DataFrame, charges: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> None:
    group, felony = charges
    frame["charge_group"] = _category(group[rows], tuple(_CHARGES), CHARGE_GROUPS)
    frame["severity"] = _category(np.where(felony[rows], 0, 1), SEVERITIES[:2], SEVERITIES)


def _exits(sim: Simulation, histories: Histories) -> pd.DataFrame:
    """Custody and death until the end of that source; removals, which detainer files carry, until theirs."""
    parts = []
    ends = (sim.day(sim.exits_end), sim.days - 1, sim.day(sim.exits_end))
    for code, (events, end) in enumerate(
        zip((histories.custody, histories.removals, histories.deaths), ends, strict=True)
    ):
        keep = events["day"] <= end
        parts.append((events["person"][keep], events["day"][keep], np.full(int(keep.sum()), code)))
    person, day, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((kind, person, day))
    frame = pd.DataFrame({"person_id": person[order]})
    frame["date"] = dates(sim, day[order])
    frame["kind"] = _category(kind[order], EXIT_KINDS, EXIT_KINDS)
    return frame


def dates(sim: Simulation, day: np.ndarray, *, clip: bool = True) -> np.ndarray:
    """Return days since the start as datetime64[s]; with ``clip`` a day before the start is missing."""
    when = (np.datetime64(sim.start, "D") + day.astype("timedelta64[D]")).astype("datetime64[s]")
    return np.where(day < 0, np.datetime64("NaT", "s"), when) if clip else when


def birth_year(sim: Simulation, population: People) -> np.ndarray:
    """Return each person's year of birth."""
    born = np.datetime64(sim.start, "D") + population.born.astype("timedelta64[D]")
    return born.astype("datetime64[Y]").astype(int) + 1970


def _where(sim: Simulation, place: np.ndarray, operator: np.ndarray) -> pd.Categorical:
    """Return the county's code for local facilities, the state's for the others."""
    codes = np.where(operator == 0, len(sim.states) + place, _state_codes(sim)[place])
    return pd.Categorical.from_codes(codes, [*sim.states, *sim.places])


def _state_codes(sim: Simulation) -> np.ndarray:
    return np.array([sim.states.index(place[:2]) for place in sim.places])


def _category(codes: np.ndarray, names: tuple[str, ...], labels: tuple[str, ...]) -> pd.Categorical:
    """Return a categorical over the closed list ``labels`` from codes into ``names``."""
    into = np.array([labels.index(name) for name in names])
    return pd.Categorical.from_codes(into[codes], list(labels))
