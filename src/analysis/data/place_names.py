"""The names that places go by: counties, towns, single facilities and patterns, read from ``places/``.

In: the text of a facility, city and state as an agency writes it. Out: a county's FIPS code, an operator.
Every rule is in the data files of that folder, which a reader may edit; this module only reads and applies them.
"""

import csv
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.data.errors import InputError, nearest
from analysis.data.tables import OPERATORS

FOLDER = Path(__file__).parent / "places"
_DESIGNATORS = frozenset(("COUNTY", "COUNTYY", "COUNT", "COUN", "CO", "CNTY", "CTY", "PARISH", "PAR", "BOROUGH"))
_KINDS = r" (CITY AND BOROUGH|CENSUS AREA|COUNTY|PARISH|BOROUGH|MUNICIPALITY|MUNICIPIO|CITY|DISTRICT|ISLAND)$"
_SPELLINGS = {"ST": "SAINT", "STE": "SAINTE", "FT": "FORT", "MT": "MOUNT", "SPGS": "SPRINGS", "HGTS": "HEIGHTS"}
_TRUNCATED = 13  # a town of this length or more may be the beginning of a longer name: the field is cut at 15


def plain(text: str) -> str:
    """Return a name in capitals without accents or marks; initials are joined (F.C.I. to FCI)."""
    text = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().upper()
    text = re.sub(r"\b([A-Z])\.(?=[A-Z]\b)", r"\1", text)
    text = text.replace("'", "")
    return re.sub(r"[^A-Z0-9]+", " ", text).strip()


def spelled(name: str) -> str:
    """Return a plain name with the usual abbreviations written out (ST CLOUD to SAINT CLOUD)."""
    return " ".join(_SPELLINGS.get(word, word) for word in name.split())


@dataclass(frozen=True)
class Facility:
    """One row of facilities.csv."""

    words: str
    operator: str
    county: str


@dataclass(frozen=True)
class OperatorRule:
    """One rule of operators.toml."""

    operator: str
    pattern: re.Pattern
    states: tuple[str, ...]


@cache
def state_codes() -> dict[str, str]:
    """Return the two-digit FIPS code of each state by its plain name, abbreviation and code."""
    with (FOLDER.parent / "states.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {plain(text): row["fips"] for row in rows for text in (row["name"], row["abbreviation"], row["fips"])}


@cache
def counties() -> dict[str, dict[str, str]]:
    """Return for each state code the counties' FIPS by name without kind or blanks; independent cities end in CITY."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows("counties.csv", ("fips", "name", "towns")):
        name = spelled(plain(row["name"]))
        bare = re.sub(_KINDS, "", name) or name
        independent = row["name"].endswith(" city") and row["fips"][2:] >= "500"
        key = bare.replace(" ", "") + ("CITY" if independent else "")
        found.setdefault(row["fips"][:2], {})[key] = row["fips"]
    return found


@cache
def towns() -> dict[str, dict[str, str]]:
    """Return for each state code the county's FIPS by the town's name without blanks, other spellings included."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows("counties.csv", ("fips", "name", "towns")):
        known = found.setdefault(row["fips"][:2], {})
        known.update((_key(town), row["fips"]) for town in row["towns"].split(";") if town)
    for state, names in counties().items():  # Puerto Rico and the islands: a town has its municipality's name
        found[state] = found.get(state) or dict(names)
    valid = {fips for names in counties().values() for fips in names.values()}
    for row in _rows("towns.csv", ("state", "as_written", "town", "county_fips")):
        known = found.setdefault(_state(row, "towns.csv"), {})
        fips = row["county_fips"] or known.get(_key(row["town"]), "")
        if fips not in valid:
            wrong = row["county_fips"] or row["town"]
            raise InputError(
                f"places/towns.csv: '{wrong}' ({row['as_written']}, {row['state']}) is neither county nor town.{nearest(wrong, known)}"
            )
        known[_key(row["as_written"])] = fips
    return found


@cache
def facilities() -> dict[str, tuple[Facility, ...]]:
    """Return for each state code the single facilities, in the order of the file."""
    found: dict[str, list[Facility]] = {}
    for row in _rows("facilities.csv", ("state", "facility", "operator", "county_fips", "note")):
        if row["operator"] not in OPERATORS:
            raise InputError(
                f"places/facilities.csv: operator '{row['operator']}' of '{row['facility']}'.{nearest(row['operator'], OPERATORS)}"
            )
        if row["county_fips"] and row["county_fips"] not in counties().get(_state(row, "facilities.csv"), {}).values():
            raise InputError(
                f"places/facilities.csv: county_fips '{row['county_fips']}' of '{row['facility']}' is no county of {row['state']}."
            )
        facility = Facility(f" {plain(row['facility'])}", row["operator"], row["county_fips"])
        found.setdefault(_state(row, "facilities.csv"), []).append(facility)
    return {state: tuple(rows) for state, rows in found.items()}


@cache
def operator_rules() -> tuple[OperatorRule, ...]:
    """Return the rules of operators.toml in their order."""
    with (FOLDER / "operators.toml").open("rb") as file:
        rules = tomllib.load(file)["rule"]
    return tuple(
        OperatorRule(
            rule["operator"],
            re.compile(rule["pattern"]),
            tuple(state_codes()[name] for name in rule.get("states", ())),
        )
        for rule in rules
    )


def county_named_in(facility: str, state: str) -> str:
    """Return the county that a facility's plain name says it belongs to ("TRAVIS CTY JAIL"), or ""."""
    known, words = counties().get(state, {}), spelled(facility).split()
    for i, word in enumerate(words):
        for length in range(min(i, 4), 0, -1):
            name = "".join(words[i - length : i])
            if word == "CITY" and f"{name}CITY" in known:
                return known[f"{name}CITY"]
            if word in _DESIGNATORS and name in known:
                return known[name]
    return ""


def county_code(name: str, state: str) -> str:
    """Return the FIPS code of a state's county by its name, with or without its kind and its state behind it, or ""."""
    known = counties().get(state_codes()[plain(state)], {})
    text = re.sub(r"^(CITY AND )?COUNTY OF ", "", spelled(plain(name.split(",")[0])))
    whole, bare = text.replace(" ", ""), re.sub(_KINDS, "", text).replace(" ", "")
    return known.get(whole) or known.get(bare) or (name if name in known.values() else "")


def states_of(names: list[str]) -> list[str]:
    """Return the states, by abbreviation, in which all these names are counties."""
    states = sorted(text for text in state_codes() if len(text) == 2 and text.isalpha())
    return [state for state in states if all(county_code(name, state) for name in names)]


def county_of_town(city: str, state: str) -> str:
    """Return the county of a town as written in the records, or "": cut names fit where one county has all candidates."""
    known, town = towns().get(state, {}), _key(city)
    found = known.get(town, "")
    if not found and len(city) >= _TRUNCATED:
        longer = {fips for name, fips in known.items() if name.startswith(town)}
        found = longer.pop() if len(longer) == 1 else ""
    return found


def is_a_place(facility: str, state: str) -> bool:
    """Return whether a facility's whole plain name is the name of a town or county of its state."""
    name = _key(facility)
    return bool(name) and (name in towns().get(state, {}) or name in counties().get(state, {}))


def _key(name: str) -> str:
    return spelled(name).replace(" ", "")


def _rows(file: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise InputError(
                f"places/{file} line {number}: {len(row)} fields found, {len(columns)} expected ({', '.join(columns)})."
            )
    if tuple(rows[0]) != columns:
        raise InputError(f"places/{file}: the header is {', '.join(rows[0])}, expected {', '.join(columns)}.")
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def _state(row: dict[str, str], file: str) -> str:
    try:
        return state_codes()[row["state"]]
    except KeyError:
        raise InputError(
            f"places/{file}: '{row['state']}' is not a state.{nearest(row['state'], state_codes())}"
        ) from None
