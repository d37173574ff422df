"""The table of published claims: read, checked, and typed. Adding a claim is adding a row.

In: `claims.csv`, one row a claim, as stated and in codes. Out: the same rows with counts, percentages and dates as
such. A row that lacks its source, or names a count and not what it counts, is refused.
"""

from pathlib import Path

import pandas as pd

from analysis.claims.rules import rules
from analysis.data.errors import InputError, nearest
from analysis.data.published import published

COLUMNS = (
    "claim_id", "claimant", "published", "statement", "numerator", "numerator_stated_as", "numerator_unit", "denominator",
    "denominator_stated_as", "denominator_unit", "stated_percent", "stated_as", "window_start", "window_end", "jurisdiction",
    "follow_up", "follow_up_days", "source", "source_seen", "note", "numerator_code", "denominator_code",
    "follow_up_code", "source_code", "outcome_class", "released_code",
)  # fmt: skip
CODES = {
    "source_seen": ("yes", "partly", "no"),
    "follow_up_code": ("equal", "unequal", "not_stated", "not_applicable"),
    "source_code": ("confirmed", "secondary", "none_given"),
    "released_code": ("", "all", "not_stated"),
}
FILLED = ("claim_id", "claimant", "statement", "source")


def read_claims(folder: Path | None = None) -> pd.DataFrame:
    """Return the published claims, one row a claim.

    Parameters
    ----------
    folder
        Where ``claims.csv`` lies; by default ``data/raw/published``.

    Returns
    -------
    DataFrame
        The columns of the file as text, but ``numerator``, ``denominator`` and ``follow_up_days`` Int64,
        ``stated_percent`` float, ``window_start`` and ``window_end`` dates (missing where not stated). ``follow_up_days``
        is the longest time for which anyone counted was followed; the window is when they were counted.

    Raises
    ------
    InputError
        A column or row that cannot be used: the row, the column, what was found, what to do.
    """
    found = published("claims", folder)
    if missing := [name for name in COLUMNS if name not in found]:
        raise InputError(
            f"claims.csv has no column '{missing[0]}'.{nearest(missing[0], found.columns)} Its columns: {', '.join(COLUMNS)}."
        )
    for number, row in enumerate(found.to_dict("records"), start=2):
        _check(row, number)
    if (again := found["claim_id"].duplicated()).any():
        row = int(again.idxmax())
        raise _refused(
            row + 2, found.loc[row], "claim_id", "is used by an earlier row: give each claim an id of its own"
        )
    typed = {
        name: pd.array([int(v) if v else None for v in found[name]], dtype="Int64")
        for name in ("numerator", "denominator", "follow_up_days")
    }
    typed["stated_percent"] = pd.to_numeric(found["stated_percent"]).astype("float64")
    typed |= {name: pd.to_datetime(found[name], format="%Y-%m-%d") for name in ("window_start", "window_end")}
    return found.assign(**typed)


def one_claim(claims: pd.DataFrame, claim_id: str) -> pd.Series:
    """Return one claim by its id. Raises InputError with the nearest id for one that is not there."""
    chosen = claims[claims["claim_id"] == claim_id]
    if chosen.empty:
        raise InputError(f"there is no claim '{claim_id}' in claims.csv.{nearest(claim_id, claims['claim_id'])}")
    return chosen.iloc[0]


def _check(row: dict[str, str], number: int) -> None:
    for name in FILLED:
        if not row[name].strip():
            raise _refused(number, row, name, f"is empty: every claim needs its {name.replace('_', ' ')}")
    for name in ("numerator", "denominator"):
        _check_count(row, number, name)
    for name, valid in {**CODES, "outcome_class": tuple(rules()["outcome"])}.items():
        if row[name] not in valid:
            raise _refused(number, row, name, f"is {row[name]!r}.{nearest(row[name], filter(None, valid))}")
    _check_number(row, number, "stated_percent")
    _check_window(row, number)
    same = row["numerator_code"] == row["denominator_code"] != ""
    if same and row["numerator"] and row["denominator"] and int(row["numerator"]) > int(row["denominator"]):
        raise _refused(
            number,
            row,
            "numerator",
            f"is {row['numerator']}, more than the denominator of the same unit, {row['denominator']}",
        )


def _check_count(row: dict[str, str], number: int, name: str) -> None:
    value = row[name]
    if value and not (value.isascii() and value.isdigit() and (int(value) > 0 or name == "numerator")):
        raise _refused(number, row, name, f"is {value!r}: expected a whole number, without separators or words")
    if value and not row[f"{name}_unit"].strip():
        raise _refused(number, row, f"{name}_unit", f"is empty beside the {name} {value}: say what it counts")
    code, units = row[f"{name}_code"], rules()["unit"]
    if value and not code:
        raise _refused(number, row, f"{name}_code", f"is empty beside the {name} {value}.{nearest('', units)}")
    if code and code not in units:
        raise _refused(number, row, f"{name}_code", f"is {code!r}.{nearest(code, units)}")


def _check_number(row: dict[str, str], number: int, name: str) -> None:
    try:
        fine = not row[name] or 0 <= float(row[name]) <= 100
    except ValueError:
        fine = False
    if not fine:
        raise _refused(number, row, name, f"is {row[name]!r}: expected a number from 0 to 100, or nothing")


def _check_window(row: dict[str, str], number: int) -> None:
    if (days := row["follow_up_days"]) and not (days.isascii() and days.isdigit() and int(days) > 0):
        raise _refused(number, row, "follow_up_days", f"is {days!r}: expected a whole number of days, or nothing")
    dates = {}
    for name in ("window_start", "window_end"):
        dates[name] = pd.to_datetime(row[name], format="%Y-%m-%d", errors="coerce")
        if row[name] and pd.isna(dates[name]):
            raise _refused(number, row, name, f"is {row[name]!r}: expected a date such as 2018-04-15, or nothing")
    if bool(row["window_start"]) != bool(row["window_end"]):
        raise _refused(number, row, "window_end", "and window_start go together: give both dates or neither")
    if dates["window_end"] < dates["window_start"]:
        raise _refused(number, row, "window_end", f"is {row['window_end']}, before window_start, {row['window_start']}")
    if row["follow_up_code"] == "unequal" and row["denominator"] and not row["window_start"]:
        raise _refused(
            number, row, "window_start", "is empty: unequal follow-up needs the window over which people were counted"
        )


def _refused(number: int, row: dict[str, str], column: str, says: str) -> InputError:
    return InputError(f"claims.csv, row {number} ({row['claim_id'] or 'without claim_id'}), column '{column}' {says}.")
