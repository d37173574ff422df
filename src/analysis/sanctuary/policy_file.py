"""Reads a file of policies, one row a rule with its dates, and refuses what cannot be told in order.

In: a CSV of laws, court rulings and practices (``data/raw/published/policies.csv``, or a dataset's own
``policies.csv``). Out: a frame with places as FIPS codes and dates as dates. Two rules at one level, place and basis
whose days overlap are an error: neither the level, nor the basis, nor the order of their dates says which of them
held.
"""

import csv
import re
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.place_names import state_codes

LEVELS = ("city", "county", "state")
DIRECTIONS = ("limits", "requires", "bans_limits", "none")
BASES = ("law", "court", "practice")
NEEDED = ("jurisdiction", "level", "state", "county_fips", "start", "end", "direction", "basis", "instrument")
OPTIONAL = ("scope", "confidence", "source_seen", "note", "practice_disagrees")
INCOMPLETE = (
    "The list of policies is incomplete: a place without a row is not known to have no policy, it is not listed."
)
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


def read_policies(path: str | Path) -> pd.DataFrame:
    """Return the rules of a policy file, checked.

    Parameters
    ----------
    path
        A CSV file (UTF-8) with the columns jurisdiction, level (city, county or state), state (USPS abbreviation,
        name or two digits), county_fips (five digits, several parted by semicolons; empty for a whole state), start
        and end (YYYY-MM-DD, both days in force; an empty end is still in force), direction (limits, requires,
        bans_limits, none), basis (law, court, practice) and instrument (the source); optional: scope, confidence,
        source_seen, note, practice_disagrees (any text: the rule was not followed).

    Returns
    -------
    DataFrame
        One row a rule, in the order of the file: the columns of the file, with ``state`` as two digits, ``counties``
        (tuple of FIPS codes), ``start`` and ``end`` as dates (9999-12-31 where still in force),
        ``practice_disagrees`` boolean, and ``line``, the line in the file. ``attrs["file"]`` names the file,
        ``attrs["incomplete"]`` is the sentence to show with every use.

    Raises
    ------
    InputError
        A file, column or value that cannot be used, or rules that overlap: with line, column, what was found and
        expected.
    """
    path = Path(path)
    rows = _lines(path)
    seen = [_checked(path.name, line, row) for line, row in rows]
    columns = [*NEEDED, *OPTIONAL, "counties", "line"]
    frame = pd.DataFrame(seen, columns=columns)
    _refuse_overlaps(path.name, frame)
    frame.attrs = {"file": path.name, "incomplete": INCOMPLETE}
    return frame


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise InputError(f"there is no policy file {path}. Give the path of a CSV with {', '.join(NEEDED)}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            lines = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: not UTF-8 text ({error.reason}). Save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise InputError(f"{path.name}: not a CSV file ({error}).") from None
    for name in NEEDED:
        if name not in header:
            raise InputError(f"{path.name}: no column '{name}'.{nearest(name, header)}")
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path.name}: the column '{name}' stands twice in the header.")
    found = []
    for line, row in lines:
        if len(row) != len(header):
            raise InputError(
                f"{path.name} line {line}: {len(row)} fields, expected {len(header)}. A text with a comma stands in quotes."
            )
        found.append((line, {name: field.strip() for name, field in zip(header, row, strict=True)}))
    return found


def _checked(file: str, line: int, row: dict[str, str]) -> dict:
    """Return one rule with its values checked and parsed."""
    where = f"{file} line {line}"
    if not row["jurisdiction"]:
        raise InputError(f"{where}, column 'jurisdiction': empty, expected the place's name.")
    for name, valid in (("level", LEVELS), ("direction", DIRECTIONS), ("basis", BASES)):
        if row[name] not in valid:
            raise InputError(
                f"{where}, column '{name}': '{row[name]}', expected one of {', '.join(valid)}.{nearest(row[name], valid)}"
            )
    state = _state(where, row["state"])
    counties = tuple(_county(where, code, state) for code in row["county_fips"].split(";") if code.strip())
    if row["level"] != "state" and not counties:
        raise InputError(
            f"{where}, column 'county_fips': empty, expected the five digits of the {row['level']}'s counties."
        )
    start, end = _date(where, "start", row["start"]), _date(where, "end", row["end"], empty=LAST)
    if end < start:
        raise InputError(f"{where}: end {end} is before start {start}.")
    disagrees = row.get("practice_disagrees", "").lower() not in ("", "no", "false")
    optional = {name: row.get(name, "") for name in OPTIONAL}
    needed = {name: row[name] for name in NEEDED}
    parsed = {"state": state, "counties": counties, "start": start, "end": end, "practice_disagrees": disagrees}
    return needed | optional | parsed | {"line": line}


def _state(where: str, text: str) -> str:
    code = state_codes().get(text.upper(), text)
    if not re.fullmatch(r"[0-9]{2}", code):
        raise InputError(
            f"{where}, column 'state': '{text}', expected an abbreviation such as NY or a two-digit code.{nearest(text, state_codes())}"
        )
    return code


def _county(where: str, text: str, state: str) -> str:
    code = text.strip()
    if not re.fullmatch(r"[0-9]{5}", code):
        raise InputError(
            f"{where}, column 'county_fips': '{code}', expected five digits (leading zeros belong to the code; spreadsheets drop them)."
        )
    if code[:2] != state:
        raise InputError(f"{where}, column 'county_fips': {code} does not lie in state {state}.")
    return code


def _date(where: str, column: str, text: str, empty: date | None = None) -> date:
    if not text and empty is not None:
        return empty
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{where}, column '{column}': '{text}', expected a date as YYYY-MM-DD.") from None


def _refuse_overlaps(file: str, policies: pd.DataFrame) -> None:
    """Refuse two rules at one level, place and basis of which one begins before the other has ended."""
    last: dict[tuple[str, str, str], pd.Series] = {}
    for row in policies.sort_values(["start", "line"]).itertuples():
        for place in row.counties if row.level != "state" else (row.state,):
            before = last.get((row.level, place, row.basis))
            if before is not None and row.start <= before.end:
                end = "has no end" if before.end == LAST else f"ends on {before.end}"
                raise InputError(
                    f"{file}: two rules of basis {row.basis} hold at once in {place} ({row.jurisdiction}): line {before.line} {end} "
                    f"and line {row.line} starts on {row.start}. End the first on the day before the second starts."
                )
            last[row.level, place, row.basis] = row


def rules_of(policies: str | Path | pd.DataFrame | None, dataset: str = "") -> pd.DataFrame:
    """Return checked rules: those given, a dataset's own, or the published ones."""
    if isinstance(policies, pd.DataFrame):
        if "counties" not in policies or "line" not in policies:
            raise InputError("policies: expected the path of a policy file, or what read_policies returned.")
        return policies
    if policies is not None:
        return read_policies(policies)
    from analysis.data.state import home

    raw = home() / "data" / "raw"
    own = raw / dataset / "policies.csv"
    return read_policies(own if dataset and own.is_file() else raw / "published" / "policies.csv")
