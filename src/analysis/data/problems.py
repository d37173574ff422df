"""Why a row cannot be used: what could not be read, and what is readable and cannot be true."""

import re

import numpy as np
import pandas as pd

from analysis.data.coded import Coded, coded


class Problems:
    """The first problem of each row: a row is set aside once, for one reason."""

    def __init__(self, length: int) -> None:
        self.column = np.full(length, "", dtype=object)
        self.reason = np.full(length, "", dtype=object)
        self.found = np.full(length, "", dtype=object)

    def add(self, bad: np.ndarray, column: str, reason: str, found: pd.Series | Coded | None = None) -> None:
        """Give the rows that have no problem yet this one."""
        fresh = bad & (self.reason == "")
        if not fresh.any():
            return
        self.column[fresh], self.reason[fresh] = column, reason
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
