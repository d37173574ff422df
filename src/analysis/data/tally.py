"""What came in and what became of it: rows by table, file, sheet and reason, columns by use, values that changed."""

from collections import Counter

import pandas as pd

from analysis.data.clean import Cleaned
from analysis.data.read import Batch
from analysis.data.spec import Map, Source
from analysis.data.values import filled

MISFIT = "does not fit the header"


class Tally:
    """Counts that grow batch by batch. ``rows in = kept + set aside`` is checked as each batch is added."""

    def __init__(self) -> None:
        self.rows_in: Counter = Counter()  # (table, file, sheet)
        self.kept: Counter = Counter()
        self.aside: Counter = Counter()  # (table, file, sheet, column, reason)
        self.examples: dict[tuple, str] = {}  # the key of aside -> its first row and what was found there
        self.columns: dict[tuple[str, str, str], list] = {}  # (file, sheet, header) -> [use, rows filled]
        self.unknown: Counter = Counter()  # (table, column, value)
        self.changed: Counter = Counter()  # (table, column, what)
        self.places: Counter = Counter()  # (table, level, how, operator)
        self.layouts: dict[str, str] = {}  # file -> the known layout by which it was read

    def see(self, batch: Batch, source: Source, file: str) -> None:
        """Count, for each raw column of a batch, what it is used for and in how many rows it is filled."""
        self.layouts[file] = (source.format or "") + (" (recognized)" if source.recognized else "")
        uses = dict.fromkeys(source.keep, "kept")
        uses |= {
            h: f"mapped to {rule.name}" for part in source.maps for rule in part.columns.values() for h in rule.read
        }
        uses |= dict.fromkeys(source.sensitive, "sensitive")
        for header, rows in zip(batch.frame.columns, filled(batch.frame), strict=True):
            entry = self.columns.setdefault((file, batch.sheet, header), [uses.get(header, "not used"), 0])
            entry[1] += rows

    def add(self, result: Cleaned, batch: Batch, mapping: Map, file: str) -> None:
        """Count a cleaned batch. Raises RuntimeError where a row is not accounted for: a fault of the program."""
        key = (mapping.table, file, batch.sheet)
        aside = result.aside
        for (column, reason), rows in aside.groupby(["column", "reason"], sort=False):
            first = rows.iloc[0]
            found = f", found '{first['found'][:80]}'" if first["found"] else ""
            self._set_aside((*key, column, reason), len(rows), f"row {first['source_row']}{found}")
        # rows that do not fit the header have no columns: they are the main table's to account for
        broken = [] if mapping.secondary else batch.broken
        if broken:
            row, text = broken[0]
            self._set_aside((*key, "", MISFIT), len(broken), f"row {row}, found '{' '.join(text.split())[:80]}'")
        accounted = len(result.kept) + len(aside) + len(broken)
        rows_in = accounted if mapping.secondary else len(batch.rows) + len(broken)
        if rows_in != accounted:
            raise RuntimeError(
                f"{file}: {rows_in} rows in, {accounted} accounted for. This is a fault of the program: report it."
            )
        self.rows_in[key] += rows_in
        self.kept[key] += len(result.kept)
        self.unknown.update({(mapping.table, *what): n for what, n in result.unknown.items()})
        self.changed.update({(mapping.table, *what): n for what, n in result.changed.items()})
        self.places.update({(mapping.table, *what): n for what, n in result.places.items()})

    def merge(self, other: "Tally") -> None:
        """Add what was counted in a later batch."""
        for name in ("rows_in", "kept", "aside", "unknown", "changed", "places"):
            getattr(self, name).update(getattr(other, name))
        for key, example in other.examples.items():
            self.examples.setdefault(key, example)
        for key, (use, rows) in other.columns.items():
            self.columns.setdefault(key, [use, 0])[1] += rows
        self.layouts.update(other.layouts)

    def _set_aside(self, key: tuple, rows: int, example: str) -> None:
        self.aside[key] += rows
        self.examples.setdefault(key, example)

    def quality(self) -> pd.DataFrame:
        """Return one row for the rows kept and one a reason, for each table, file and sheet: each row adds up by itself."""
        keys = ["table", "source_file", "source_sheet", "column", "reason"]
        rows = [(*key, "", "kept", n, n, 0) for key, n in self.kept.items()]
        rows += [(*key, n, 0, n) for key, n in self.aside.items()]
        frame = pd.DataFrame(rows, columns=[*keys, "rows_in", "kept", "set_aside"])
        counts = frame[["rows_in", "kept", "set_aside"]].astype("int64")
        layout = frame["source_file"].map(self.layouts).astype("str")
        frame = pd.concat([frame[keys].astype("str"), counts, layout.rename("layout")], axis=1)
        return frame.sort_values(
            ["table", "source_file", "source_sheet", "set_aside", "column", "reason"], ignore_index=True
        )

    def place_counts(self) -> pd.DataFrame:
        """Return what the places and operators of a table rest on: table, level, how, operator, rows, share of its rows."""
        keys = ["table", "level", "how", "operator"]
        frame = pd.DataFrame([(*key, n) for key, n in sorted(self.places.items())], columns=[*keys, "rows"])
        frame = frame.astype({**dict.fromkeys(keys, "str"), "rows": "int64"})
        return frame.assign(share=frame["rows"] / frame.groupby("table")["rows"].transform("sum"))
