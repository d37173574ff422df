"""Cases described in public reports: the offence at release and at re-arrest, by offence group, and no person.

In: `cases.csv`, which a user can extend. Out: pairs of offence groups. Cases chosen by a report say nothing about how
often something happens; under ten of them are listed and labelled as anecdote.
"""

import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from analysis.data.errors import InputError
from analysis.data.published import published
from analysis.data.tables import CHARGE_GROUPS

FEW = 10
COLUMNS = ("case", "month_released", "offence_at_release", "rearrest_month", "offence_at_rearrest", "source")


def read_cases(folder: Path | None = None) -> pd.DataFrame:
    """Return one row a case and re-arrest: case, month_released, group_at_release, rearrest_month, group_at_rearrest, source.

    Groups are those of the canonical tables; an offence that no rule of ``offences.toml`` names is ``other``, a case
    without a stated re-arrest has none. Raises InputError for a missing column, or a row without case or source.
    """
    found = published("cases", folder)
    if missing := [name for name in COLUMNS if name not in found]:
        raise InputError(f"cases.csv has no column '{missing[0]}'. Its columns: {', '.join(COLUMNS)}.")
    for number, row in enumerate(found.to_dict("records"), start=2):
        for name in ("case", "offence_at_release", "source"):
            if not row[name].strip():
                raise InputError(f"cases.csv, row {number}, column '{name}' is empty: every case needs it.")
    groups = {
        f"group_at_{when}": [offence_group(text) for text in found[f"offence_at_{when}"]]
        for when in ("release", "rearrest")
    }
    return found.assign(**groups)[
        ["case", "month_released", "group_at_release", "rearrest_month", "group_at_rearrest", "source"]
    ]


def offence_group(text: str) -> str:
    """Return the offence group of an offence in words: that of the word of ``offences.toml`` that stands first in it; "" for nothing."""
    if not text.strip():
        return ""
    found = [(text.lower().find(word), i, group) for i, (word, group) in enumerate(_words()) if word in text.lower()]
    return min(found)[2] if found else "other"


def pairs(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of groups with the number of cases: group_at_release, group_at_rearrest, cases; most frequent first.

    A case with several re-arrests stands in a pair for each.
    """
    seen = cases.drop_duplicates(["case", "group_at_release", "group_at_rearrest"])
    counted = (
        seen.groupby(["group_at_release", "group_at_rearrest"], sort=True)["case"].nunique().reset_index(name="cases")
    )
    return counted.sort_values("cases", ascending=False, kind="stable").reset_index(drop=True)


@lru_cache(maxsize=1)
def _words() -> list[tuple[str, str]]:
    found = tomllib.loads((files("analysis.claims") / "offences.toml").read_text(encoding="utf-8"))
    unknown = set(found) - set(CHARGE_GROUPS)
    if unknown:
        raise InputError(
            f"offences.toml: no offence group is called {sorted(unknown)[0]!r}. Groups: {', '.join(CHARGE_GROUPS)}."
        )
    return [(word.lower(), group) for group, words in found.items() for word in words]
