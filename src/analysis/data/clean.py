"""Raw rows to canonical rows: one pure function, column by column, nothing dropped.

In: a batch of raw rows and the map of one table. Out: the rows that can be used, in the columns of the
table, and beside them the rows that can't with the reason for each. ``kept + set aside = rows in``,
always. Nothing here knows a path, so that the same function runs in batches here and on a cluster.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.data.blocks import Map, Source
from analysis.data.columns import Column
from analysis.data.errors import InputError, nearest
from analysis.data.problems import Problems, check_durations, check_rows
from analysis.data.tables import LINEAGE, TABLES
from analysis.data.values import as_category, as_date, as_number, as_state, as_text, raw_text

RAW_BESIDE = ("outcome",)


@dataclass
class Cleaned:
    """A cleaned batch: rows kept, rows set aside (row, column, reason, found), and what became unknown."""

    kept: pd.DataFrame
    aside: pd.DataFrame
    unknown: Counter = field(default_factory=Counter)  # (column, raw value) -> rows
    changed: Counter = field(default_factory=Counter)  # (column, "redacted" | "unreadable") -> rows


def clean(
    raw: pd.DataFrame, rows: np.ndarray, mapping: Map, source: Source, lineage: tuple[str, str],
    hashed: Callable[[pd.Series], pd.Series], follow_up: float | None = None,
) -> Cleaned:  # fmt: skip
    """Clean one batch for one table.

    ``raw`` holds the rows by header, ``rows`` their numbers in the file, ``lineage`` the file's name
    and sheet; ``hashed`` replaces identifiers; ``follow_up`` is the planned length where everyone was
    followed equally. Raises InputError where a mapped header is absent.
    """
    table = TABLES[mapping.table]
    where = f"{lineage[0]}, sheet '{lineage[1]}'" if lineage[1] else lineage[0]
    result = Cleaned(pd.DataFrame(index=raw.index), pd.DataFrame())
    problems = Problems(len(raw))
    missing_key = np.zeros(len(raw), dtype=bool)
    columns: dict[str, pd.Series] = {}
    assumed: dict[str, np.ndarray] = {}  # where a blank was given its meaning
    for name, rule in mapping.columns.items():
        rule = _typed(rule, raw, free=table.free)
        found = _found(raw, rule, source, result, where)
        if rule.blank is not None:
            found = raw_text(found)
            assumed[name] = (found == "").to_numpy()
            found = found.where(found != "", rule.blank)
        values, bad = _converted(rule, found, result, hashed)
        # an event that cannot be read is not "no event": that would count the person as followed without one
        if bad is not None and (rule.kind == "date" or name in table.keys or name == "event"):
            problems.add(bad, name, f"not readable as a {_noun(rule)}", found)
        elif bad is not None and bad.any():
            result.changed[name, "unreadable"] += int(bad.sum())
        if name in table.keys:
            blank = values.isna().to_numpy() & ~(bad if bad is not None else np.zeros(len(raw), dtype=bool))
            if mapping.secondary and rule.kind == "date":
                missing_key |= blank
            else:
                problems.add(blank, name, "blank", found)
        columns[name] = values
        if name in RAW_BESIDE and rule.headers:
            columns[f"{name}_raw"] = found.where(found != "").astype("category")
    check_rows(columns, problems)
    if mapping.table == "follow_up":
        check_durations(columns, assumed.get("days"), follow_up, problems)
    for header in () if mapping.secondary else source.keep:
        if header not in raw.columns:
            raise InputError(
                f"{where}: keep names the column '{header}', which is not there.{nearest(header, raw.columns)}"
            )
        columns[header] = as_text(raw_text(raw[header]))[0]
    frame = _complete(columns, table, raw.index)
    frame[LINEAGE[0]], frame[LINEAGE[1]], frame[LINEAGE[2]] = lineage[0], lineage[1], rows
    aside = problems.rows()
    # a row of the file without a secondary table's date is not a row of that table
    result.kept = frame[~aside & ~missing_key].reset_index(drop=True)
    result.aside = problems.frame(rows, aside & ~missing_key)
    return result


def _found(raw: pd.DataFrame, rule: Column, source: Source, result: Cleaned, where: str) -> pd.Series:
    """Return a column's raw values, blanks and redactions as "" (dates and numbers of typed sources as they are)."""
    if rule.value is not None:
        return pd.Series(rule.value, index=raw.index, dtype="str")
    header = next((header for header in rule.headers if header in raw.columns), None)
    if header is None:
        if rule.optional:
            return pd.Series("", index=raw.index, dtype="str")
        expected = " or ".join(f"'{header}'" for header in rule.headers)
        raise InputError(
            f"{where}: the header {expected} (for {rule.name}) is not there.{nearest(rule.headers[0], raw.columns)}"
        )
    values = raw[header]
    if rule.kind == "date" and pd.api.types.is_datetime64_any_dtype(values):
        return values
    text = raw_text(values)
    if source.nulls:
        text = text.where(~text.isin(source.nulls), "")
    if source.redacted is not None:
        hit = text.str.contains(source.redacted, regex=True).to_numpy(dtype=bool)
        if hit.any():
            result.changed[rule.name, "redacted"] += int(hit.sum())
            text = text.where(~hit, "")
    return text


def _converted(
    rule: Column, found: pd.Series, result: Cleaned, hashed: Callable[[pd.Series], pd.Series]
) -> tuple[pd.Series, np.ndarray | None]:
    """Return the canonical values and, for kinds that can fail, which of them could not be read."""
    if rule.kind == "date":
        return as_date(found, rule.formats)
    if rule.kind == "number":
        return as_number(found)
    if rule.kind == "id":
        return hashed(found.where(found != "")), None
    if rule.kind == "state":
        return as_state(found, result.unknown, rule=rule)
    if rule.kind == "category":
        return as_category(found, rule, result.unknown)
    return as_text(found, rule, strict=rule.name == "event")


def _typed(rule: Column, raw: pd.DataFrame, *, free: bool) -> Column:
    """A covariate that a typed source holds as numbers is a number, unless the map says otherwise."""
    header = next((header for header in rule.headers if header in raw.columns), None)
    covariate = free and rule.kind == "text" and rule.name != "event" and not rule.explicit and rule.values is None
    numeric = header is not None and pd.api.types.is_numeric_dtype(raw[header])
    if covariate and numeric and not pd.api.types.is_bool_dtype(raw[header]):
        return replace(rule, kind="number")
    return rule


def _noun(rule: Column) -> str:
    return {"date": "date", "number": "number", "category": "known label"}.get(rule.kind, "value of the map")


def _complete(columns: dict[str, pd.Series], table: object, index: pd.Index) -> pd.DataFrame:
    """Add the table's columns that the map does not name, empty and of the right type, in the table's order."""
    if table.free:
        return pd.DataFrame(columns, index=index)
    if "jurisdiction" not in columns and "state" in columns:
        columns = {
            **columns,
            "jurisdiction": as_state(columns["state"].astype("str").fillna(""), Counter(), code="fips")[0],
        }
    whole: dict[str, pd.Series] = {}
    for name, kind in table.columns.items():
        whole[name] = columns.get(name, _empty(kind, index))
        if f"{name}_raw" in columns:
            whole[f"{name}_raw"] = columns[f"{name}_raw"]
    return pd.DataFrame({**whole, **{n: v for n, v in columns.items() if n not in whole}}, index=index)


def _empty(kind: str | tuple[str, ...], index: pd.Index) -> pd.Series:
    if kind == "date":
        return pd.Series(pd.NaT, index=index, dtype="datetime64[s]")
    if kind == "number":
        return pd.Series(np.nan, index=index, dtype="float64")
    if isinstance(kind, tuple):
        value = "unknown" if "unknown" in kind else None
        return pd.Series(pd.Categorical([value] * len(index), categories=list(kind)), index=index)
    if kind == "text":
        return pd.Series(pd.Categorical([None] * len(index), categories=[]), index=index)
    return pd.Series(None, index=index, dtype="str")
