"""What was seen next after each detainer: a further one, a departure, or nothing; and how detainers make episodes.

In: a dataset whose detainers carry person identifiers. Out: counts, as expressions of the query engine. A description
of the records, for a reader who wants to know what repeat detainers are made of; no risk is estimated here.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.recidivism.cohort import Choice, detainers

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

SAME, NEW, NOTHING = "a further detainer of the same episode", "a new episode", "nothing more"
EXITS = {"ice_custody": "ICE custody", "removed": "departure", "died": "death"}


def next_seen(ds: "Dataset", choice: Choice | None = None) -> pd.DataFrame:
    """Count what was seen next after each detainer of an identified person, by the detainer's own outcome.

    Returns
    -------
    DataFrame
        before (the outcome of the detainer, ``ice_custody`` and so on), after (``a further detainer of the same
        episode``: at most ``choice.episode_gap`` days later; ``a new episode``; ``ICE custody``, ``departure``, ``death``:
        an exit before any further detainer; ``nothing more`` by the data end of detainers), count. On one day an exit
        comes after a detainer. Detainers prepared after the data end are not counted.

    Raises
    ------
    InputError
        Where the dataset has no detainers.
    """
    import ibis

    choice = choice or Choice()
    rows = _ordered(ds, choice)
    exits = "exits" in ds.tables
    if exits:
        out = ds.table("exits")
        pairs = rows.select("nth", "person_id", "prepared", "next").join(
            out.select("person_id", on="date", kind=out.kind.cast("string")), "person_id"
        )
        pairs = pairs.filter((pairs.on >= pairs.prepared) & (pairs.next.isnull() | (pairs.on < pairs.next)))
        order = ibis.row_number().over(ibis.window(group_by=pairs.nth, order_by=[pairs.on, pairs.kind]))
        first = pairs.mutate(order=order)
        rows = rows.left_join(first.filter(first.order == 0).select("nth", "kind"), "nth").drop("nth_right")
    wait = rows.next.delta(rows.prepared, unit="day")
    left = [(rows.kind == kind, said) for kind, said in EXITS.items()] if exits else []
    after = ibis.cases(*left, (wait <= choice.episode_gap, SAME), (wait.notnull(), NEW), else_=NOTHING)
    counted = rows.group_by(before=rows.outcome.cast("string"), after=after).aggregate(count=rows.count().cast("int64"))
    found = counted.to_pandas()
    found["after"] = pd.Categorical(found["after"], (SAME, NEW, *EXITS.values(), NOTHING))
    found = found.sort_values(["before", "after"])  # by no count: the order of exact ones would tell of them
    return found[["before", "after", "count"]].reset_index(drop=True)


def episode_counts(ds: "Dataset", choice: Choice | None = None, most: int = 4) -> pd.DataFrame:
    """Count identified people by their detainers and by their episodes.

    Returns number (``1``, ``2``, ... ``4 or more``), people_by_detainers, people_by_episodes: how many people have so many
    of each. Detainers at most ``choice.episode_gap`` days apart are one episode. Raises InputError as ``next_seen`` does.
    """
    import ibis

    choice = choice or Choice()
    rows = _ordered(ds, choice)
    starts = rows.before.isnull() | (rows.prepared.delta(rows.before, unit="day") > choice.episode_gap)
    people = rows.group_by("person_id").aggregate(
        detainers=rows.count(), episodes=ibis.ifelse(starts, 1, 0).sum().cast("int64")
    )
    counted = people.group_by(["detainers", "episodes"]).aggregate(people=people.count().cast("int64")).to_pandas()
    labels = [str(n) for n in range(1, most)] + [f"{most} or more"]
    out = pd.DataFrame({"number": labels})
    for name in ("detainers", "episodes"):
        capped = counted[name].clip(upper=most)
        sums = counted["people"].groupby(capped).sum().reindex(range(1, most + 1), fill_value=0)
        out[f"people_by_{name}"] = sums.to_numpy("int64")
    return out


def _ordered(ds: "Dataset", choice: Choice) -> "ibis.Table":
    """Return the detainers of identified people up to the data end, each with the dates of the one before and the next."""
    import ibis

    table = detainers(ds, choice)
    table = table.filter(table.person_id.notnull())
    if "detainers" in ds.data_end:
        table = table.filter(table.prepared <= ibis.literal(ds.data_end["detainers"] - timedelta(days=ds.lag_days)))
    lineage = [table.source_file, table.source_sheet, table.source_row]
    window = ibis.window(group_by=table.person_id, order_by=[table.prepared, *lineage])
    rows = table.select(
        "person_id",
        "jurisdiction",
        "prepared",
        "outcome",
        before=table.prepared.lag().over(window),
        next=table.prepared.lead().over(window),
        nth=ibis.row_number().over(ibis.window(order_by=lineage)),
    )
    return ds.here(rows)  # a place's own detainers; what came before and after them may have happened anywhere
