"""Reads an offence rule: under which conditions a place would honour a detainer, as TOML that anyone can edit.

The shipped rules lie in ``rules/``; ``nyc-2014-law.toml`` there explains every key.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from analysis.data.errors import InputError, nearest
from analysis.data.keys import Entries, Keys, Texts, checked, listed, load_toml, refuse, shown
from analysis.data.tables import CHARGE_GROUPS

FOLDER = Path(__file__).parent / "rules"
BASES = ("conviction", "charge")
MOST_YEARS = 200  # to look back
THEN = ("honour", "release")


class OffenceException(Keys):
    """A column and values under which the answer is fixed."""

    column: str
    values: Annotated[tuple, BeforeValidator(listed)]
    then: Literal[THEN]


class OffenceRule(Keys):
    """The conditions under which a detainer would be honoured; all of them must hold."""

    title: str
    basis: Literal[BASES]
    groups: Texts
    instrument: str
    partly: Texts = ()
    look_back_years: float | None = None
    counted_from: str = "prepared"
    warrant: bool = False
    columns: Entries
    exceptions: Annotated[tuple, BeforeValidator(listed)] = ()
    place: str = ""
    start: date | None = None
    end: date | None = None
    source_seen: str = ""
    approximate: str = ""
    note: str = ""
    name: str = Field("", exclude=True)


class _Columns(Keys):
    conviction_date: str = "conviction_date"
    warrant: str = "judicial_warrant"


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
    where = path.name
    found = checked(OffenceRule, load_toml(path, where), where)
    for key, values in (("groups", found.groups), ("partly", found.partly)):
        for value in values:
            wrong = value not in CHARGE_GROUPS or value == "unknown"
            message = f"{key} names {shown(value)}, which is no charge group.{nearest(value, CHARGE_GROUPS)}"
            refuse(where, (wrong, message))
    both, years = sorted(set(found.groups) & set(found.partly)), found.look_back_years
    refuse(where,
        (both, f"'{''.join(both[:1])}' stands in groups and in partly, expected in one of them."),
        (years is not None and not 0 < years <= MOST_YEARS,
         f"look_back_years = {shown(years)}, expected a number of years above 0, at most {MOST_YEARS}."),
        (years is not None and found.basis == "charge", "look_back_years goes with basis = 'conviction', not with a charge."),
    )  # fmt: skip
    columns = checked(_Columns, found.columns, f"{where}, columns").model_dump()
    exceptions = tuple(
        _exception(item, f"{where}, exception {number}") for number, item in enumerate(found.exceptions, 1)
    )
    return found.model_copy(update={"name": path.stem, "columns": columns, "exceptions": exceptions})


def _exception(raw: object, where: str) -> OffenceException:
    found = checked(OffenceException, raw, where)
    for value in found.values:
        refuse(where, (isinstance(value, dict | list), f"values holds {shown(value)}, expected texts or numbers."))
    return found.model_copy(update={"values": tuple(map(str, found.values))})
