"""The results of a sweep side by side, read from the files beside its pages.

What was published on the pages, and nothing else, goes in: the release rule has been kept there. Out come frames that a figure
and a table can show.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.publish.provenance import read_record
from analysis.publish.sweep_index import PLACE, counts, headline

COLUMNS = ["label", "numerator", "denominator", "estimate", "lower", "upper"]
MOST_LINES = 40  # of a figure, so that it stays readable


@dataclass(frozen=True)
class Group:
    """Reports that differ in their place alone, or in one parameter: what a single figure can compare.

    ``lines`` has the columns label, numerator, denominator, estimate, lower and upper, one row a report; ``whole`` is the
    share of all places together, None where there is none; ``said`` names what else was chosen, and may be empty.
    """

    said: str
    lines: pd.DataFrame
    whole: Mapping | None
    places: bool

    @property
    def drawn(self) -> pd.DataFrame:
        """The lines of a figure: in order of the estimate for places, and at most so many, those of the most people."""
        if not self.places:
            return self.lines.head(MOST_LINES)
        most = self.lines.nlargest(MOST_LINES, "denominator", keep="first")
        return most.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def apart(self) -> int:
        """How many intervals do not hold the share of all places together."""
        if self.whole is None:
            return 0
        inside = self.lines["lower"].le(self.whole["estimate"]) & self.lines["upper"].ge(self.whole["estimate"])
        return int((~inside & self.lines["lower"].notna()).sum())


@dataclass(frozen=True)
class Compared:
    """A sweep: what ``sweep.json`` says of it, its groups, and the reports that stand in none, with the reason."""

    about: Mapping
    groups: list[Group]
    absent: pd.DataFrame


def read(folder: Path) -> Compared:
    """Read a sweep's folder, ``reports/sweeps/<name>``.

    Raises FileNotFoundError where no sweep was made there, and ValueError with the results that there are where no page
    gives the one that the sweep compares.
    """
    about = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    lines: dict[str, list[dict]] = {}
    wholes: dict[str, Mapping] = {}
    absent, known = [], set()
    for row in about["rows"]:
        record = read_record(folder / "reports" / f"{row['report']}.json") if row["page"] else None
        results = record["results"] if record else {}
        known |= {name for name in results if headline(results, name)}
        share = headline(results, about["compare"])
        label, said = _labels(row, about["varied"])
        if share is None:
            absent.append({"report": f"{label}{f', {said}' if said else ''}", "reason": row["why"] or "not shown"})
        elif PLACE in about["varied"] and not row["values"].get(PLACE):
            wholes[said] = share
        else:
            k, n = counts(share)
            limits = {name: share.get(name) for name in ("estimate", "lower", "upper")}
            lines.setdefault(said, []).append({"label": label, "numerator": k, "denominator": n, **limits})
    if not lines and not wholes and any(row["page"] for row in about["rows"]):
        raise ValueError(
            f"no page gives the result {about['compare']!r} as a share that may be shown. Shares there are: "
            f'{", ".join(sorted(known)) or "none"}. Name one: compare = "..." in the sweep\'s file.'
        )
    groups = [
        Group(said, pd.DataFrame(found, columns=COLUMNS), wholes.get(said), PLACE in about["varied"])
        for said, found in lines.items()
    ]
    return Compared(about, groups, pd.DataFrame(absent, columns=["report", "reason"]))


def _labels(row: Mapping, varied: list[str]) -> tuple[str, str]:
    """Return a report's label within its group, and what the group has in common."""
    own = {name: row["values"].get(name) for name in varied}
    words = [f"{name.replace('_', ' ')} {value}" for name, value in own.items() if name != PLACE and value is not None]
    if PLACE in varied:
        return row["called"].get(PLACE, "all places"), ", ".join(words)
    return ", ".join(words), ""
