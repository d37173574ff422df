"""One place of a dataset: which rows are its own, what it is called, and which places have enough rows.

A jurisdiction is a FIPS code as text: ``06`` is a state with all its counties, ``06037`` one county. Only tables
that start a follow-up are narrowed to a place. What happens later may happen anywhere: a person released in one
county and arrested in the next was re-arrested.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError, nearest

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

STARTS = ("detainers", "releases", "follow_up")  # the tables whose rows start a follow-up
LEVELS = {"state": 2, "county": 5}
_HERE = Path(__file__).parent


def inside(table: "pd.DataFrame | ibis.Table", jurisdiction: str) -> "pd.DataFrame | ibis.Table":
    """Return the rows of a place, those of its counties included; all rows where ``jurisdiction`` is empty.

    Raises InputError where the table has no column ``jurisdiction``.
    """
    if not jurisdiction:
        return table
    if "jurisdiction" not in table.columns:
        raise InputError(f"jurisdiction = '{jurisdiction}': the table has no column 'jurisdiction' to choose rows by.")
    if isinstance(table, pd.DataFrame):
        here = table["jurisdiction"].astype("str").str.startswith(jurisdiction).fillna(value=False)
        return table[here.astype(bool)].reset_index(drop=True)
    return table.filter(table.jurisdiction.cast("string").startswith(jurisdiction))


def placed(table: "ibis.Table", digits: int) -> "ibis.Table":
    """Return a table with the column ``place``: the first ``digits`` of its jurisdiction, empty text where there are none.

    Rows whose jurisdiction is not known that far have a missing place. Raises InputError as ``inside`` does.
    """
    import ibis

    if not digits:
        return table.mutate(place=ibis.literal(""))
    if "jurisdiction" not in table.columns:
        raise InputError("the table has no column 'jurisdiction' to choose rows by.")
    code = table.jurisdiction.cast("string")
    return table.mutate(place=ibis.ifelse(code.length() >= digits, code.left(digits), ibis.null("string")))


def counted(ds: "Dataset", table: str, level: str = "county") -> pd.DataFrame:
    """Return the places of a table, one row each: jurisdiction, name, rows; in the order of their codes.

    At the level ``state`` a row counts for its state whether or not its county is known; at the level ``county`` rows
    without a known county are in no place.

    Raises InputError for a table without jurisdictions, and for another level.
    """
    if level not in LEVELS:
        raise InputError(f"level = '{level}'.{nearest(level, LEVELS)}")
    source = ds.table(table)
    if "jurisdiction" not in source.columns:
        raise InputError(f"{ds.name}: the table '{table}' has no column 'jurisdiction'.")
    rows = source.group_by(jurisdiction=source.jurisdiction.cast("string")).aggregate(rows=source.count()).to_pandas()
    rows = rows.dropna(subset=["jurisdiction"])
    long_enough = rows["jurisdiction"].str.len() >= LEVELS[level]
    codes = rows.loc[long_enough, "jurisdiction"].str[: LEVELS[level]]
    total = rows.loc[long_enough, "rows"].groupby(codes).sum().sort_index()
    found = pd.DataFrame({"jurisdiction": list(total.index), "rows": total.to_numpy(dtype="int64")})
    found.insert(1, "name", [ds.place_name(code) for code in found["jurisdiction"]])
    return found


def check(ds: "Dataset", jurisdiction: str) -> None:
    """Refuse a place in which nothing of the dataset starts, with the nearest one that there is.

    Raises InputError, also where no table that starts a follow-up says where it was, and for a number: a code is text.
    """
    if not isinstance(jurisdiction, str):
        raise InputError(f'jurisdiction = {jurisdiction!r}: expected a FIPS code as text. Write it in quotes: "06037".')
    tables = [name for name in STARTS if name in ds.tables]
    codes = {code for name in tables for code in _codes(ds, name)}
    if not codes:
        raise InputError(f"jurisdiction = '{jurisdiction}': the rows of {ds.name} do not say where they happened.")
    if not any(code.startswith(jurisdiction) for code in codes):
        raise InputError(
            f"{ds.name} has no {' or '.join(tables)} in jurisdiction '{jurisdiction}' (a FIPS code as text, such as "
            f"06 or 06037).{nearest(jurisdiction, codes | {code[:2] for code in codes})}"
        )


def name_of(jurisdiction: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a place's name, ``Los Angeles County, California``; the code itself where the code is not a known one.

    ``own`` holds names that a dataset gives to places by their code; they go before all others.
    """
    if jurisdiction in own:
        return own[jurisdiction]
    state = _states().get(jurisdiction[:2])
    if len(jurisdiction) == 2:
        return state or f"jurisdiction {jurisdiction}"
    county = _counties().get(jurisdiction)
    return f"{county}, {state}" if county and state else f"jurisdiction {jurisdiction}"


def _codes(ds: "Dataset", table: str) -> list[str]:
    source = ds.table(table)
    if "jurisdiction" not in source.columns:
        return []
    codes = source.select(code=source.jurisdiction.cast("string")).distinct().to_pandas()["code"]
    return list(codes.dropna())


@cache
def _states() -> dict[str, str]:
    with (_HERE / "states.csv").open(encoding="utf-8", newline="") as file:
        return {row["fips"]: row["name"] for row in csv.DictReader(file)}


@cache
def _counties() -> dict[str, str]:
    with (_HERE / "places" / "counties.csv").open(encoding="utf-8", newline="") as file:
        return {row["fips"]: row["name"] for row in csv.DictReader(file)}
