"""What came in and what became of it: rows by table, file, sheet and reason, columns by use, values that changed."""

from collections import Counter

import numpy as np
import pandas as pd

from analysis.data.spec import Map, Source

MISFIT = "does not fit the header"
_KEYS = ["table", "source_file", "source_sheet", "column", "reason"]


class Tally:
    """Counts of a build, by (table, file, sheet) and what follows."""

    def __init__(self) -> None:
        self.rows_in: Counter = Counter()  # (table, file, sheet)
        self.kept: Counter = Counter()  # (table, file, sheet)
        self.aside: Counter = Counter()  # (table, file, sheet, column, reason)
        self.examples: dict[tuple, str] = {}  # the key of aside -> its first row and what was found there
        self.filled: dict[tuple[str, str, str], tuple[str, int]] = {}  # (file, sheet, header) -> use, rows filled
        self.unknown: Counter = Counter()  # (table, column, value)
        self.changed: Counter = Counter()  # (table, column, what)
        self.places: Counter = Counter()  # (table, level, how, operator)
        self.layouts: dict[str, str] = {}  # file -> the known layout by which it was read

    def see(self, source: Source, place: tuple[str, str], filled: dict[str, int]) -> None:
        """Note, for each raw column of a sheet, what it is used for and in how many rows it is filled."""
        self.layouts[place[0]] = (source.format or "") + (" (recognized)" if source.recognized else "")
        uses = dict.fromkeys(source.keep, "kept")
        uses |= {
            h: f"mapped to {rule.name}" for part in source.maps for rule in part.columns.values() for h in rule.read
        }
        uses |= dict.fromkeys(source.sensitive, "sensitive")
        for header, rows in filled.items():
            use, before = self.filled.get((*place, header), (uses.get(header, "not used"), 0))
            self.filled[*place, header] = use, before + rows

    def change(self, table: str, column: str, what: str, rows: int) -> None:
        """Count values that were made missing."""
        self.changed.update({(table, column, what): int(rows)} if rows else {})

    def not_known(self, table: str, column: str, texts: np.ndarray, rows: np.ndarray) -> None:
        """Count values that no vocabulary has."""
        self.unknown.update({(table, column, text): int(n) for text, n in zip(texts, rows, strict=True)})

    def set_aside(self, key: tuple, rows: int, first: int, found: str) -> None:
        """Count rows set aside for one reason, and keep the first as an example."""
        text = " ".join(found.split())[:80]
        self.aside[key] += rows
        self.examples.setdefault(key, f"row {first}, found '{text}'" if text else f"row {first}")

    def account(self, mapping: Map, place: tuple[str, str], kept: int, aside: int, rows: int) -> None:
        """Count the rows of a sheet. Raises RuntimeError where one is not accounted for: a fault of the program."""
        if not mapping.secondary and kept + aside != rows:
            raise RuntimeError(
                f"{place[0]}: {rows} rows in, {kept + aside} accounted for. This is a fault of the program: report it."
            )
        self.rows_in[mapping.table, *place] += kept + aside
        self.kept[mapping.table, *place] += kept

    def quality(self) -> pd.DataFrame:
        """Return one row for the rows kept and one a reason, for each table, file and sheet: each row adds up by itself."""
        rows = [(*key, "", "kept", n, n, 0) for key, n in self.kept.items()]
        rows += [(*key, n, 0, n) for key, n in self.aside.items()]
        frame = _frame(rows, [*_KEYS], ["rows_in", "kept", "set_aside"])
        frame["layout"] = frame["source_file"].map(self.layouts).astype("str")
        return frame.sort_values([*_KEYS[:3], "set_aside", "column", "reason"], ignore_index=True)

    def columns(self) -> pd.DataFrame:
        """Return what each raw column is used for and in how many rows it is filled."""
        rows = [(*key, use, n) for key, (use, n) in self.filled.items()]
        return _frame(rows, ["source_file", "source_sheet", "column", "use"], ["filled"])

    def unknown_values(self) -> pd.DataFrame:
        """Return the values that no vocabulary has, those of most rows first."""
        frame = _frame([(*key, n) for key, n in self.unknown.items()], ["table", "column", "value"], ["rows"])
        return frame.sort_values(
            ["table", "column", "rows", "value"], ascending=[True, True, False, True], ignore_index=True
        )

    def changes(self) -> pd.DataFrame:
        """Return how many values were made missing, by table, column and why."""
        return _frame([(*key, n) for key, n in sorted(self.changed.items())], ["table", "column", "what"], ["rows"])

    def place_counts(self) -> pd.DataFrame:
        """Return what the places and operators of a table rest on: table, level, how, operator, rows, share of its rows."""
        frame = _frame(
            [(*key, n) for key, n in sorted(self.places.items())], ["table", "level", "how", "operator"], ["rows"]
        )
        return frame.assign(share=frame["rows"] / frame.groupby("table")["rows"].transform("sum"))


def _frame(rows: list[tuple], texts: list[str], numbers: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*texts, *numbers])
    return frame.astype({**dict.fromkeys(texts, "str"), **dict.fromkeys(numbers, "int64")})
