"""Which rows of a dataset start a follow-up, and how many cannot, by why: expressions of the query engine.

In: a dataset's releases or detainers. Out: one row a start of follow-up, and the counts of what was left out. Both
are given by place, so that one query serves every place of a dataset.
"""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError
from analysis.data.jurisdictions import placed
from analysis.recidivism.held import freed
from analysis.recidivism.requests import Choice, all_requests, detainers, episodes, not_counted

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

COVARIATES = ("state", "operator", "criminality", "charge_group", "severity", "threat_level", "sex", "citizenship")


def starts_of_follow_up(
    ds: "Dataset", origin: str, unit: str, end: date, choice: Choice, spells: "ibis.Table | None", digits: int = 0
) -> tuple["ibis.Table", pd.DataFrame]:
    """Return one row a start of follow-up (with ``row``, its order) and the counts of those left out.

    ``choice`` says what counts as a detainer; with ``spells`` a release that ended no custody is none. ``digits`` are
    those of the codes of the places for each of which a cohort is made, in the column ``place``: a person may start
    in each once. The counts have a row a place and a column a reason.
    """
    import ibis

    table, not_starts = _origins(ds, origin, choice, spells, digits)
    linked, day = table.person_id.notnull(), table[origin]
    table = table.mutate(again=_nth(table, [table.place, table.person_id, day]) > 0)
    late = linked & (day > ibis.literal(end))
    reasons = {
        "no person identifier": ~linked,
        f"no date ({origin})": linked & day.isnull(),
        "origin after the data end": late,
        "further rows of the same person and day": linked & day.notnull() & ~late & table.again,
    }
    left_out = not_starts.join(counts_by_place(table, reasons), how="outer")
    usable = table.filter(table.person_id.notnull() & table[origin].notnull() & ~table.again).drop("again")
    if unit.startswith("first"):
        usable = usable.mutate(nth=_nth(usable, [usable.place, usable.person_id], usable[origin]))
        usable = usable.filter(usable.nth == 0).drop("nth")
    usable = usable.filter(usable[origin] <= ibis.literal(end))
    # nothing is ordered by a hashed identifier: lineage orders the rows
    row = ibis.row_number().over(
        ibis.window(order_by=[usable[name] for name in ("source_file", "source_sheet", "source_row")])
    )
    if "prepared" not in usable.columns:
        usable = _with_prepared(ds, usable, choice)
    if "released" not in usable.columns:
        usable = usable.mutate(released=ibis.null("date"))
    age = usable[origin].year() - usable.birth_year
    kept = [
        "person_id",
        "jurisdiction",
        "prepared",
        "released",
        *(name for name in COVARIATES if name in usable.columns),
    ]
    return usable.mutate(row=row, age=age.cast("float64"), start=usable[origin]).select(
        "row", "place", *kept, "age", "start"
    ), left_out


def counts_by_place(table: "ibis.Table", reasons: dict[str, "ibis.BooleanValue"]) -> pd.DataFrame:
    """Return how many rows of each ``place`` (the index) each of the ``reasons`` (the columns) is true of."""
    import ibis

    if not reasons:
        return pd.DataFrame(index=pd.Index([], dtype="str", name="place"))
    counted = {name: ibis.ifelse(reason, 1, 0).sum() for name, reason in reasons.items()}
    found = table.filter(table.place.notnull()).group_by("place").aggregate(**counted).to_pandas()
    return found.set_index("place").fillna(0).astype("int64")


def _origins(
    ds: "Dataset", origin: str, choice: Choice, spells: "ibis.Table | None", digits: int
) -> tuple["ibis.Table", pd.DataFrame]:
    """Return the rows that may start a follow-up, with their place, and the counts of those that cannot by what they are."""

    def wanted(table: "ibis.Table") -> "ibis.Table":
        table = placed(table, digits)
        return table.filter(table.place.notnull()) if digits else table

    if origin == "prepared" or "releases" not in ds.tables:
        if origin != "prepared":
            needed(ds, "detainers", "releases")
        every = wanted(all_requests(ds))
        table = detainers(ds, choice)
        table = episodes(table, choice.episode_gap) if origin == "prepared" else table
        return wanted(table), counts_by_place(every, not_counted(every, choice))
    releases = wanted(ds.table("releases"))
    if spells is None:
        return releases, counts_by_place(releases, {})
    left = freed(releases, spells)
    kept = counts_by_place(left, {"kept": left.place.notnull()})["kept"]
    rows = counts_by_place(releases, {"rows": releases.place.notnull()})["rows"]
    within = rows - kept.reindex(rows.index, fill_value=0)
    return left, within.rename("releases within a longer stay in custody").to_frame()


def _nth(table: "ibis.Table", group: list, *order: object) -> "ibis.Value":
    """Number the rows of each group from 0, in the order given and then of their lineage."""
    import ibis

    lineage = [table.source_file, table.source_sheet, table.source_row]
    return ibis.row_number().over(ibis.window(group_by=group, order_by=[*order, *lineage]))


def needed(ds: "Dataset", table: str, wanted: str) -> "ibis.Table":
    """Return a table of a dataset, or say that there is no ``wanted`` one. Raises InputError."""
    if table not in ds.tables:
        raise InputError(f"{ds.name} has no table '{wanted}', which this cohort needs: map it in dataset.toml.")
    return ds.table(table)


def _with_prepared(ds: "Dataset", releases: "ibis.Table", choice: Choice) -> "ibis.Table":
    """Add the preparation date of the person's last detainer on or before the release, where detainers are linked."""
    import ibis

    if "detainers" not in ds.tables:
        return releases.mutate(prepared=ibis.null("date"))
    known = detainers(ds, choice).select("person_id", latest="prepared")
    pairs = releases.select("source_file", "source_sheet", "source_row", "person_id", "released").join(
        known, ["person_id", releases.released >= known.latest]
    )
    key = ["source_file", "source_sheet", "source_row"]
    last = pairs.group_by(key).aggregate(prepared=pairs.latest.max())
    return releases.left_join(last, key).drop(*(f"{name}_right" for name in key))
