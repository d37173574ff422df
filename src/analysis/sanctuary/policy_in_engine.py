"""Policies joined to rows that stay in the query engine: a join with the timeline of their places.

In: an Ibis table with a place and a date. Out: the table with the three columns of ``with_policy``. Nothing is
computed but the list of places.
"""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.sanctuary.timeline import ADDED, timeline

if TYPE_CHECKING:
    import ibis

_KINDS = {"_place": "string", "_start": "date", "_end": "date", **dict.fromkeys(ADDED, "string")}


def joined(
    table: "ibis.Table", definition: str, on: str, rules: pd.DataFrame, origins: "ibis.Table | None" = None
) -> "ibis.Table":
    """Return an Ibis table with the policy in force at each row's place on the day that ``on`` names.

    ``origins`` lists the places at less cost than the table itself.
    """
    import ibis

    listed = (table if origins is None else origins).select("jurisdiction").distinct().to_pandas()
    spans = timeline(listed["jurisdiction"].dropna(), rules, definition)
    spans = spans.rename(columns={"jurisdiction": "_place", "start": "_start", "end": "_end"})
    known = ibis.memtable(spans[list(_KINDS)], schema=_KINDS)
    kept = table.drop(*[name for name in ADDED if name in table.columns])
    day = kept[on].cast("date")
    # a place's stretches of days do not overlap, so that no row is found twice
    found = kept.left_join(
        known, [kept.jurisdiction.cast("string") == known["_place"], day >= known["_start"], day <= known["_end"]]
    )
    return found.drop("_place", "_start", "_end")
