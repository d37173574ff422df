"""A county's own files: releases, arrests and what became of people, as CSV with the habits of three clerks.

Names, dates of birth and identifiers are made up: names are built from syllables and are nobody's, no identifier
follows the numbering of a real agency. They exist so that linking can be tried and so that a leak would be seen.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from validation.simulator.histories import People
from validation.simulator.simulation import FILES, Simulation

CHARGES = {
    "homicide": ("HOM", "HOMICIDE"), "sexual": ("SEX", "SEXUAL ASSAULT"), "robbery": ("ROB", "ROBBERY"),
    "assault": ("ASL", "ASSAULT"), "kidnapping": ("KID", "KIDNAPPING"), "weapons": ("WPN", "POSSESSION OF WEAPON"),
    "burglary": ("BUR", "BURGLARY"), "theft": ("LAR", "LARCENY"), "fraud": ("FRD", "FRAUD"),
    "drug": ("DRG", "DANGEROUS DRUGS"), "driving": ("TRF", "DRIVING UNDER INFLUENCE"),
    "public_order": ("ORD", "DISORDERLY CONDUCT"), "immigration": ("IMM", "IMMIGRATION"),
    "other": ("OTH", "OTHER OFFENSE"),
}  # fmt: skip
CLASSES = {"felony": "F", "misdemeanor": "M"}
GENDERS = {"male": "M", "female": "F"}
EXIT_CODES = {"ice_custody": "TAKEN INTO ICE CUSTODY", "died": "DECEASED"}
NOT_ON_FILE = 0.08  # share of transfers to ICE missing from exits.csv, of those that a removal followed
_US = "%m/%d/%Y"
TYPING_ERRORS = 0.03  # share of rows of a local file in which a name is misspelt
_STARTS = (
    "Qar", "Vel", "Zor", "Bex", "Tulm", "Kriv", "Jaz", "Wym", "Drex", "Fyr", "Glon", "Hux", "Yev", "Pixt", "Ombr",
    "Uld",
)  # fmt: skip
_MIDDLES = ("vañ", "quel", "zim", "tovo", "rixa", "bénd", "lumo", "gaxe", "dorf", "pyx", "nüm", "wexo")
_ENDS = ("dath", "ovex", "imund", "arqua", "estov", "urnik", "elzor", "abvin", "yxten", "onquil")
_GIVEN_STARTS = ("Az", "Bry", "Cel", "Dov", "Ez", "Fen", "Gix", "Hul", "Ixa", "Jov", "Kel", "Lur")
_GIVEN_ENDS = ("quin", "zara", "voth", "mirel", "dax", "lyx", "nuvo", "teph", "rund", "wexa")


@dataclass(frozen=True)
class Identities:
    """Arrays, one entry a person: number (40 hexadecimal digits), names, date of birth, whether ICE has the number."""

    number: np.ndarray
    last: np.ndarray
    first: np.ndarray
    born: np.ndarray
    known_to_ice: np.ndarray


def identities(sim: Simulation, people: People, missing: float = 0.13) -> Identities:
    """Make up an identity for every person; a share of ``missing`` has no identifier in the detainer files."""
    rng = sim.stream(FILES, 1)
    n = len(people)
    number = np.array(
        [hashlib.sha1(f"synthetic {sim.seed} {i}".encode(), usedforsecurity=False).hexdigest() for i in range(n)]
    )
    surnames = np.array([a + b + c for a in _STARTS for b in _MIDDLES for c in _ENDS])
    given = np.array([a + b for a in _GIVEN_STARTS for b in _GIVEN_ENDS])
    last = surnames[rng.integers(0, len(surnames), n)].astype(object)
    second = surnames[rng.integers(0, len(surnames), n)]
    both = rng.random(n) < 0.3
    last[both] = last[both] + " " + second[both]
    born = np.datetime64(sim.start, "D") + people.born.astype("timedelta64[D]")
    return Identities(
        number, last, given[rng.integers(0, len(given), n)].astype(object), born, rng.random(n) >= missing
    )


def misspelt(names: np.ndarray, rng: np.random.Generator, share: float = TYPING_ERRORS) -> np.ndarray:
    """Return names as a clerk typed them: a share with two letters exchanged, one dropped, or no second surname."""
    typed = names.copy()
    for i in np.flatnonzero(rng.random(len(names)) < share):
        name = typed[i]
        at = int(rng.integers(1, len(name) - 1))
        kind = int(rng.integers(0, 3))
        if kind == 2 and " " in name:
            typed[i] = name.split()[0]
        elif kind == 1:
            typed[i] = name[:at] + name[at + 1 :]
        else:
            typed[i] = name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    return typed


def releases_csv(sim: Simulation, releases: pd.DataFrame, known: Identities) -> bytes:
    """Local jail releases: Latin-1, American dates, one unreadable date, one row without a person."""
    rng = sim.stream(FILES, 2)
    person = releases["person_id"].to_numpy()
    frame = pd.DataFrame(_person(person, known, rng))
    frame.insert(0, "BookingNo", [f"SB{i:07d}" for i in releases["release_id"]])
    frame["BirthYear"] = releases["birth_year"].to_numpy()
    frame["Gender"] = releases["sex"].map(GENDERS).astype("str")
    frame["BookingDate"] = releases["booked"].dt.strftime(_US)
    frame["ReleaseDate"] = releases["released"].dt.strftime(_US)
    frame["FIPS"] = releases["jurisdiction"].astype("str")
    frame["Facility"] = _named(sim, releases["jurisdiction"], "Synthetic County {:02d} Jail")
    _charge(frame, releases)
    frame.loc[len(frame) // 3, "ReleaseDate"] = "02/30/2023"
    frame.loc[len(frame) // 2, "PersonNo"] = ""
    return frame.to_csv(index=False, lineterminator="\r\n").encode("latin-1")


def arrests_csv(sim: Simulation, arrests: pd.DataFrame, releases: pd.DataFrame, known: Identities) -> bytes:
    """Arrests: UTF-8 with a byte-order mark, one row a charge, ISO dates before 2023 and American ones since.

    Second charges repeat an arrest's day. A few later releases have an arrest dated the same day, which is
    the booking that ended and no new arrest.
    """
    rng = sim.stream(FILES, 3)
    again = releases[releases["person_id"].duplicated()]
    paper = again[rng.random(len(again)) < 0.03]
    columns = ["arrest_id", "person_id", "arrested", "jurisdiction", "charge_group", "severity"]
    charges = arrests[rng.random(len(arrests)) < 0.12].assign(charge_group="other", severity="misdemeanor")
    same_day = paper.rename(columns={"released": "arrested"}).assign(
        arrest_id=paper["release_id"] + len(arrests), charge_group="public_order", severity="misdemeanor"
    )
    rows = pd.concat([arrests.assign(kind=0), charges.assign(kind=1), same_day.assign(kind=2)], ignore_index=True)
    rows = rows[[*columns, "kind"]].sort_values(["arrested", "person_id", "kind"], kind="stable", ignore_index=True)
    frame = pd.DataFrame(_person(rows["person_id"].to_numpy(), known, rng))
    frame.insert(0, "ArrestNo", [f"SA{i:07d}" for i in rows["arrest_id"]])
    recent = rows["arrested"] >= "2023-01-01"
    frame["ArrestDate"] = rows["arrested"].dt.strftime(_US).where(recent, rows["arrested"].dt.strftime("%Y-%m-%d"))
    frame["FIPS"] = rows["jurisdiction"].astype("str")
    frame["Agency"] = _named(sim, rows["jurisdiction"], "Synthetic County {:02d} Sheriff")
    _charge(frame, rows)
    return frame.to_csv(index=False).encode("utf-8-sig")


def exits_csv(sim: Simulation, exits: pd.DataFrame, known: Identities) -> bytes:
    """Transfers to ICE and deaths; removals are in the detainer files alone.

    Some transfers that a removal followed are not on file: there the removal is the first that anyone sees.
    """
    rng = sim.stream(FILES, 5)
    ordered = exits.sort_values(["person_id", "date", "kind"], kind="stable")
    followed = (ordered["kind"].shift(-1) == "removed") & (ordered["person_id"].shift(-1) == ordered["person_id"])
    lost = followed.reindex(exits.index).to_numpy() & (rng.random(len(exits)) < NOT_ON_FILE)
    rows = exits[(exits["kind"] != "removed") & ~lost]
    frame = pd.DataFrame({"PersonNo": known.number[rows["person_id"]]})
    frame["EventDate"] = rows["date"].dt.strftime("%Y-%m-%d").to_numpy()
    frame["Event"] = rows["kind"].astype("str").map(EXIT_CODES).to_numpy()
    frame["Remark"] = "SYNTHETIC"
    return frame.to_csv(index=False).encode()


def _person(person: np.ndarray, known: Identities, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "PersonNo": known.number[person],
        "LastName": misspelt(known.last[person], rng),
        "FirstName": misspelt(known.first[person], rng),
        "DOB": pd.Series(known.born[person]).dt.strftime(_US).to_numpy(),
    }


def _charge(frame: pd.DataFrame, rows: pd.DataFrame) -> None:
    group = rows["charge_group"].astype("str")
    frame["ChargeCode"] = group.map({name: code for name, (code, _) in CHARGES.items()})
    frame["Charge"] = group.map({name: text for name, (_, text) in CHARGES.items()})
    frame["Class"] = rows["severity"].astype("str").map(CLASSES)


def _named(sim: Simulation, jurisdiction: pd.Series, pattern: str) -> list[str]:
    names = {place: pattern.format(i) for i, place in enumerate(sim.places, 1)}
    return [names[place] for place in jurisdiction]
