"""What was seen next after each detainer: a further one, a departure, or nothing; and how detainers make episodes.

In: a dataset whose detainers carry person identifiers. Out: counts, as expressions of the query engine. A description
of the records, for a reader who wants to know what repeat detainers are made of; no risk is estimated here.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.tables import LINEAGE
from analysis.recidivism.cohort import Choice, counts, needed, steps_of

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
    wait = rows.next.delta(rows.prepared, unit="day")
    left = [(wait <= choice.episode_gap, SAME), (wait.notnull(), NEW)]
    if "exits" in ds.tables:
        out = ds.table("exits")
        out = out.select("person_id", on=out.date, kind=out.kind.cast("string"))
        pairs = rows.select("nth", "person_id", "prepared", "next").join(out, "person_id")
        pairs = pairs.filter((pairs.on >= pairs.prepared) & (pairs.next.isnull() | (pairs.on < pairs.next)))
        order = ibis.row_number().over(ibis.window(group_by=pairs.nth, order_by=[pairs.on, pairs.kind]))
        rows = rows.left_join(pairs.mutate(order=order).filter(lambda t: t.order == 0).select("nth", "kind"), "nth")
        left = [*((rows.kind == kind, label) for kind, label in EXITS.items()), *left]
    rows = rows.mutate(after=ibis.cases(*left, else_=NOTHING), before=rows.outcome.cast("string"))
    found = rows.group_by("before", "after").aggregate(count=rows.count().cast("int64")).to_pandas()
    found["after"] = pd.Categorical(found["after"], (SAME, NEW, *EXITS.values(), NOTHING))
    return found.sort_values(
        ["before", "after"], ignore_index=True
    )  # by no count: exact ones would tell by their order


def episode_counts(ds: "Dataset", choice: Choice | None = None, most: int = 4) -> pd.DataFrame:
    """Count identified people by their detainers and by their episodes.

    Returns number (``1``, ``2``, ... ``4 or more``), people_by_detainers, people_by_episodes: how many people have so many
    of each. Detainers at most ``choice.episode_gap`` days apart are one episode. Raises InputError as ``next_seen`` does.
    """
    import ibis

    choice = choice or Choice()
    rows = _ordered(ds, choice)
    starts = rows.before.isnull() | (rows.prepared.delta(rows.before, unit="day") > choice.episode_gap)
    episodes = ibis.ifelse(starts, 1, 0).sum().cast("int64")
    people = rows.group_by("person_id").aggregate(detainers=rows.count(), episodes=episodes)
    counted = people.group_by(["detainers", "episodes"]).aggregate(people=people.count().cast("int64")).to_pandas()
    out = pd.DataFrame({"number": [*map(str, range(1, most)), f"{most} or more"]})
    for name in ("detainers", "episodes"):
        sums = counted["people"].groupby(counted[name].clip(upper=most)).sum()
        out[f"people_by_{name}"] = sums.reindex(range(1, most + 1), fill_value=0).to_numpy("int64")
    return out


def _ordered(ds: "Dataset", choice: Choice) -> "ibis.Table":
    """Return the detainers of identified people up to the data end, each with the dates of the one before and the next."""
    import ibis

    where = f"{counts(choice)} AND person_id IS NOT NULL"
    table = steps_of(ds).table(f"SELECT * FROM {needed(ds, 'detainers')} WHERE {where}")
    if "detainers" in ds.data_end:
        table = table.filter(table.prepared <= ibis.literal(ds.data_end["detainers"] - timedelta(days=ds.lag_days)))
    lineage = [table[name] for name in LINEAGE]
    window = ibis.window(group_by=table.person_id, order_by=[table.prepared, *lineage])
    rows = table.select(
        "person_id", "jurisdiction", "prepared", "outcome", before=table.prepared.lag().over(window),
        next=table.prepared.lead().over(window), nth=ibis.row_number().over(ibis.window(order_by=lineage)),
    )  # fmt: skip
    return ds.here(rows)  # a place's own detainers; what came before and after them may have happened anywhere
