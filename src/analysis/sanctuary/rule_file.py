"""Reads an offence rule: under which conditions a place would honour a detainer, as TOML that anyone can edit.

The shipped rules lie in ``rules/``; ``nyc-2014-law.toml`` there explains every key.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analysis.data.errors import InputError, nearest
from analysis.data.keys import check_keys, load_toml, shown, texts
from analysis.data.tables import CHARGE_GROUPS

FOLDER = Path(__file__).parent / "rules"
BASES = ("conviction", "charge")
COLUMNS = {"conviction_date": "conviction_date", "warrant": "judicial_warrant"}
MOST_YEARS = 200  # to look back
THEN = ("honour", "release")
_KEYS = {
    "title": str, "basis": str, "groups": list, "instrument": str, "partly": list, "look_back_years": (int, float), "counted_from": str,
    "warrant": bool, "columns": dict, "exceptions": list, "place": str, "start": date, "end": date, "source_seen": str,
    "approximate": str, "note": str,
}  # fmt: skip


@dataclass(frozen=True)
class OffenceException:
    """A column and values under which the answer is fixed."""

    column: str
    values: tuple[str, ...]
    then: str


@dataclass(frozen=True)
class OffenceRule:
    """The conditions under which a detainer would be honoured; all of them must hold."""

    name: str
    title: str
    basis: str
    groups: tuple[str, ...]
    instrument: str
    partly: tuple[str, ...] = ()
    look_back_years: float | None = None
    counted_from: str = "prepared"
    warrant: bool = False
    columns: dict[str, str] = field(default_factory=lambda: dict(COLUMNS))
    exceptions: tuple[OffenceException, ...] = ()
    place: str = ""
    start: date | None = None
    end: date | None = None
    source_seen: str = ""
    approximate: str = ""
    note: str = ""


def shipped_rules() -> list[str]:
    """Return the names of the rules that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_rule(rule: str | Path) -> OffenceRule:
    """Return a rule by its name among the shipped ones, or by the path of a TOML file.

    Raises InputError for a name or file that is not there, a key or label that is unknown, or a value of the wrong
    kind.
    """
    path = Path(rule) if str(rule).endswith(".toml") else FOLDER / f"{rule}.toml"
    if not path.is_file():
        raise InputError(
            f"there is no offence rule '{rule}'.{nearest(str(rule), shipped_rules())} Or give the path of a TOML file."
        )
    found = load_toml(path, path.name)
    check_keys(found, _KEYS, path.name)
    for key in ("title", "basis", "groups", "instrument"):
        if key not in found:
            raise InputError(f"{path.name}: no key '{key}'. An offence rule needs title, basis, groups and instrument.")
    return _checked(path, found)


def _checked(path: Path, found: dict) -> OffenceRule:
    if found["basis"] not in BASES:
        raise InputError(
            f"{path.name}: basis = {shown(found['basis'])}, expected 'conviction' or 'charge'.{nearest(found['basis'], BASES)}"
        )
    for key in ("groups", "partly"):
        for value in texts(found, key, path.name):
            if value not in CHARGE_GROUPS or value == "unknown":
                raise InputError(
                    f"{path.name}: {key} names {shown(value)}, which is no charge group.{nearest(value, CHARGE_GROUPS)}"
                )
    if both := sorted(set(found["groups"]) & set(found.get("partly", []))):
        raise InputError(f"{path.name}: '{both[0]}' stands in groups and in partly, expected in one of them.")
    years = found.get("look_back_years")
    if years is not None and not 0 < years <= MOST_YEARS:
        raise InputError(
            f"{path.name}: look_back_years = {shown(years)}, expected a number of years above 0, at most {MOST_YEARS}."
        )
    if years is not None and found["basis"] == "charge":
        raise InputError(f"{path.name}: look_back_years goes with basis = 'conviction', not with a charge.")
    columns = found.get("columns", {})
    check_keys(columns, dict.fromkeys(COLUMNS, str), f"{path.name}, columns")
    exceptions = tuple(
        _exception(path.name, number, item) for number, item in enumerate(found.get("exceptions", []), 1)
    )
    lists = {key: tuple(found.get(key, ())) for key in ("groups", "partly")}
    rest = found | lists | {"columns": COLUMNS | columns, "exceptions": exceptions}
    return OffenceRule(name=path.stem, **rest)


def _exception(file: str, number: int, item: object) -> OffenceException:
    where = f"{file}, exception {number}"
    check_keys(item, {"column": str, "values": list, "then": str}, where)
    if len(item) < 3 or item["then"] not in THEN:
        raise InputError(f"{where}: expected column, values (a list) and then ('honour' or 'release').")
    for value in item["values"]:
        if isinstance(value, dict | list):
            raise InputError(f"{where}: values holds {shown(value)}, expected texts or numbers.")
    return OffenceException(item["column"], tuple(str(value) for value in item["values"]), item["then"])
