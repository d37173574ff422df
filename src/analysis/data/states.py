"""US states and territories by any of their names."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.data.coded import Coded, coded
from analysis.data.spec import Column, fold
from analysis.data.values import categorical


def as_state(
    found: pd.Series | Coded, unknown: Counter, code: str = "abbreviation", rule: Column | None = None
) -> tuple[pd.Series, None]:
    """Return US states and territories as USPS abbreviations (or FIPS codes), from names, abbreviations or codes.

    What a rule's ``values`` name is taken as they say; any other text is missing, and counted in ``unknown``.
    """
    found = coded(found)
    known = {**states(code), **((rule.values or {}) if rule else {})}
    labels = [known.get(fold(text)) for text in found.texts]
    for text, label, rows in zip(found.texts, labels, found.counts, strict=True):
        if label is None and text != "":
            unknown["state", text] += int(rows)
    return categorical(found, labels), None


@cache
def states(code: str) -> dict[str, str]:
    """Return folded names, abbreviations and FIPS codes of states mapped to one of these codes."""
    with (Path(__file__).parent / "states.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {fold(row[key]): row[code] for row in rows for key in ("name", "abbreviation", "fips")}
