"""Raw rows to canonical rows: one pure function, column by column, nothing dropped.

In: a batch of raw rows and the map of one table. Out: the rows that can be used, in the columns of the
table, and beside them the rows that can't with the reason for each. ``kept + set aside = rows in``,
always. Nothing here knows a path, so that the same function runs in batches here and on a cluster.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, RawColumns, coded, constant
from analysis.data.convert import Changes, birth_years, converted, found_values, noun, plain, scrubbed, typed
from analysis.data.errors import InputError, nearest
from analysis.data.link_input import has_name
from analysis.data.person_names import name_headers
from analysis.data.places import located
from analysis.data.scrub import Names, Own, own
from analysis.data.spec import Map, Source, fold
from analysis.data.states import as_state
from analysis.data.tables import LINEAGE, TABLES, Table
from analysis.data.values import as_text

RAW_BESIDE = ("outcome", "request", "case_status", "criminality", "threat_level")  # kept as written beside their label


@dataclass
class Cleaned(Changes):
    """A cleaned batch: rows kept, rows set aside (row, column, reason, found), what changed, and what places rest on."""

    kept: pd.DataFrame = field(default_factory=pd.DataFrame)
    aside: pd.DataFrame = field(default_factory=pd.DataFrame)
    places: Counter = field(default_factory=Counter)  # (level, how, operator) -> rows


def clean(
    raw: pd.DataFrame | RawColumns, rows: np.ndarray, mapping: Map, source: Source, lineage: tuple[str, str],
    hashed: Callable[[pd.Series], pd.Series], follow_up: float | None = None,
) -> Cleaned:  # fmt: skip
    """Clean one batch for one table.

    ``raw`` holds the rows by header, ``rows`` their numbers in the file, ``lineage`` the file's name
    and sheet; ``hashed`` replaces identifiers; ``follow_up`` is the planned length where everyone was
    followed equally. Raises InputError where a mapped header is absent.
    """
    table = TABLES[mapping.table]
    where = f"{lineage[0]}, sheet '{lineage[1]}'" if lineage[1] else lineage[0]
    result = Cleaned()
    raw = raw if isinstance(raw, RawColumns) else RawColumns(raw)
    identifiers = _identifiers(raw, mapping, source)
    problems = Problems(len(raw))
    missing_key = np.zeros(len(raw), dtype=bool)
    for header, wanted in mapping.only.items():
        found = _named(raw, header, "only", where)
        out = found.rows(np.array([fold(text) not in wanted for text in found.texts], dtype=bool))
        if mapping.secondary:
            missing_key |= out
            continue
        named = scrubbed(found, header, identifiers, result)
        reasons = np.array([f"left out by only: {text or 'blank'}" for text in named.texts], dtype=object)
        problems.add(out, header, named.rows(reasons), found)
    columns: dict[str, pd.Series] = {}
    assumed: dict[str, np.ndarray] = {}  # where a blank was given its meaning
    for name, rule in mapping.columns.items():
        rule = typed(rule, raw, free=table.free)
        found = found_values(raw, rule, source, identifiers, result, where)
        written, found = found, plain(found, rule)
        if rule.blank is not None:
            assumed[name] = found.blank
            found = found.filled(constant(rule.blank, len(raw)))
        values, bad = converted(rule, found, result, hashed, source.ids)
        # an event that cannot be read is not "no event": that would count the person as followed without one
        if bad is not None and (rule.kind == "date" or name in table.keys or name == "event"):
            problems.add(bad, name, f"not readable as a {noun(rule)}", found)
        elif bad is not None and bad.any():
            result.changed[name, "unreadable"] += int(bad.sum())
        if name in table.keys:
            blank = values.isna().to_numpy() & ~(bad if bad is not None else np.zeros(len(raw), dtype=bool))
            if mapping.secondary and rule.kind in ("date", "category"):
                missing_key |= blank
            elif not (name == "person_id" and source.link):  # a person may be known by name alone
                problems.add(blank, name, "blank", written)
        columns[name] = values
        if name in RAW_BESIDE and rule.headers:
            columns[f"{name}_raw"] = as_text(found)[0]
    if "birth_year" in columns:
        columns["birth_year"] = birth_years(columns, mapping.columns["birth_year"], table)
    if source.link and "person_id" in table.keys:
        identified = (
            columns["person_id"].notna().to_numpy() if "person_id" in columns else np.zeros(len(raw), dtype=bool)
        )
        named = has_name(raw.frame, source.link, lineage, (source.nulls, source.redacted))
        problems.add(~identified & ~named, "person_id", "blank, and no name")
    check_rows(columns, problems)
    if mapping.table == "follow_up":
        check_durations(columns, assumed.get("days"), follow_up, problems)
    for header in () if mapping.secondary else source.keep:
        columns[header] = as_text(scrubbed(_named(raw, header, "keep", where), header, identifiers, result))[0]
    frame = _complete(columns, table, raw.frame.index)
    for name, value in zip(LINEAGE, lineage, strict=False):
        frame[name] = _same(0, [value], frame.index)
    frame[LINEAGE[2]] = rows
    aside = problems.rows()
    # a row of the file without a secondary table's date or kind is not a row of that table
    kept = frame[~aside & ~missing_key].reset_index(drop=True)
    result.kept, result.places = located(kept, mapping.columns) if not table.free else (kept, Counter())
    result.aside = problems.frame(rows, aside & ~missing_key)
    return result


def _named(raw: RawColumns, header: str, key: str, where: str) -> Coded:
    if header not in raw.columns:
        raise InputError(
            f"{where}: {key} names the column '{header}', which is not there.{nearest(header, raw.columns)}"
        )
    return raw.coded(header)


def _identifiers(raw: RawColumns, mapping: Map, source: Source) -> list[Own | Names]:
    """Return the raw identifiers and names of the rows: what is mapped to an id, and what the block calls sensitive."""
    mapped = [header for rule in mapping.columns.values() if rule.kind == "id" for header in rule.headers]
    headers = [header for header in dict.fromkeys((*mapped, *source.sensitive)) if header in raw.columns]
    identifiers = [found.once(own, partial(own, found)) for found in map(raw.coded, headers)]
    named = [raw.coded(header) for header in name_headers(source) if header in raw.columns]
    return [*identifiers, named[0].once(Names, partial(Names, named))] if named else identifiers


def _complete(columns: dict[str, pd.Series], table: Table, index: pd.Index) -> pd.DataFrame:
    """Add the table's columns that the map does not name, empty and of the right type, in the table's order."""
    if table.free:
        return pd.DataFrame(columns, index=index)
    if "jurisdiction" not in columns and "state" in columns:
        columns = {**columns, "jurisdiction": as_state(columns["state"], Counter(), code="fips")[0]}
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
    if kind == "flag":
        return pd.Series(pd.NA, index=index, dtype="boolean")
    if isinstance(kind, tuple):
        return _same(kind.index("unknown") if "unknown" in kind else -1, list(kind), index)
    if kind == "text":
        return _same(-1, [], index)
    import pyarrow as pa

    return pd.Series(pd.array(pa.nulls(len(index), pa.large_string()), dtype="str"), index=index)


def _same(code: int, categories: list[str], index: pd.Index) -> pd.Series:
    """Return a categorical that holds one category in every row; -1: missing."""
    codes = np.full(len(index), code, dtype="int8")
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(categories, dtype="str")), index=index)


# ---- why a row cannot be used: what could not be read, and what is readable and cannot be true


class Problems:
    """The first problem of each row: a row is set aside once, for one reason."""

    def __init__(self, length: int) -> None:
        self.column = np.full(length, "", dtype=object)
        self.reason = np.full(length, "", dtype=object)
        self.found = np.full(length, "", dtype=object)

    def add(
        self, bad: np.ndarray, column: str, reason: str | np.ndarray, found: pd.Series | Coded | None = None
    ) -> None:
        """Give the rows that have no problem yet this one."""
        fresh = bad & (self.reason == "")
        if not fresh.any():
            return
        self.column[fresh], self.reason[fresh] = column, reason if isinstance(reason, str) else reason[fresh]
        if found is not None:
            some = found.at(fresh) if isinstance(found, Coded) else coded(found[fresh])
            self.found[fresh] = some.rows(some.texts)

    def rows(self) -> np.ndarray:
        """Return which rows have a problem."""
        return self.reason != ""

    def frame(self, rows: np.ndarray, chosen: np.ndarray) -> pd.DataFrame:
        """Return the chosen rows' numbers, their places in the batch, and their problems."""
        parts = {"column": self.column, "reason": self.reason, "found": self.found}
        texts = {name: pd.Series(values[chosen], dtype="str") for name, values in parts.items()}
        return pd.DataFrame({"source_row": rows[chosen], "at": np.flatnonzero(chosen), **texts})


def check_rows(columns: dict[str, pd.Series], problems: Problems) -> None:
    """Find rows that are readable and cannot be true."""
    if "jurisdiction" in columns:
        found = coded(columns["jurisdiction"])
        short = np.array([re.fullmatch(r"\d|\d{4}", text) is not None for text in found.texts], dtype=bool)
        reason = "a FIPS code has 2 or 5 digits: a leading zero is lost"
        problems.add(found.rows(short), "jurisdiction", reason, found)
    if {"booked", "released"} <= columns.keys():
        released = columns["released"]
        problems.add((released < columns["booked"]).to_numpy(), "released", "before booked", released)


def check_durations(
    columns: dict[str, pd.Series], assumed: np.ndarray | None, follow_up: float | None, problems: Problems
) -> None:
    """Find durations that cannot be true: negative, longer than the follow-up, or made up for an event that has none."""
    days = columns["days"]
    problems.add((days < 0).to_numpy(), "days", "negative", days)
    if follow_up is not None:
        problems.add((days > follow_up).to_numpy(), "days", f"beyond the follow-up of {follow_up:g}", days)
    if "follow_up" in columns:
        problems.add((days > columns["follow_up"]).to_numpy(), "days", "beyond the row's follow_up", days)
    if assumed is not None:
        problems.add(assumed & columns["event"].notna().to_numpy(), "days", "blank, though there was an event")
