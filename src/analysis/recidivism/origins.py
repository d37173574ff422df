"""Which rows of a dataset start a follow-up, and how many cannot, by why: expressions of the query engine.

In: a dataset's releases or detainers. Out: one row a start of follow-up, and what was left out. Both are given by
place, so that one query serves every place of a dataset.
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.jurisdictions import placed
from analysis.data.lineage import ordering
from analysis.data.tables import LINEAGE
from analysis.recidivism.held import freed, within
from analysis.recidivism.requests import Choice, all_requests, counts, detainers, marked, not_counted

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

COVARIATES = ("state", "operator", "criminality", "charge_group", "severity", "threat_level", "sex", "citizenship")
Left = list[
    tuple["ibis.Table", dict[str, "ibis.BooleanValue"]]
]  # rows, and for each reason which of them it leaves out


def starts_of_follow_up(
    ds: "Dataset", origin: str, unit: str, end: date, choice: Choice, spells: "ibis.Table | None",
    digits: int, keep: tuple[str, ...], stage: Callable[["ibis.Table"], "ibis.Table"], ordered: "ibis.Table | None",
) -> tuple["ibis.Table", Left]:  # fmt: skip
    """Return one row a start of follow-up, unique by place, person and day, and those left out.

    ``choice`` says what counts as a detainer; with ``spells`` a release that ended no custody is none. ``digits`` are
    those of the codes of the places for each of which a cohort is made, in the column ``place``: a person may start
    in each once. ``keep`` names further columns to carry along. ``stage`` may keep a result that is used several times.
    ``ordered`` is what ``in_order`` gives, for follow-up that starts at detainers.
    Raises InputError for a table or column that the dataset does not have.
    """
    import ibis

    if origin == "prepared":
        starts, left = _from_detainers(ds, unit, end, choice, digits, ordered)
    else:
        starts, left = _from_releases(ds, unit, end, choice, spells, digits, keep, stage)
    starts = starts.filter(starts[origin] <= ibis.literal(end))
    age = (starts[origin].year() - starts.birth_year).cast("float64")
    starts = starts.mutate(age=age, start=starts[origin])
    if "prepared" not in starts.columns:
        starts = _with_prepared(ds, starts, choice)
    if "released" not in starts.columns:
        starts = starts.mutate(released=ibis.null("date"))
    carried = [name for name in dict.fromkeys((*COVARIATES, *keep)) if name in starts.columns]
    first = ("place", "person_id", "jurisdiction", "prepared", "released")
    names = dict.fromkeys((*first, *carried, "age", "start", *LINEAGE))
    return starts.select(*names), left


def counts_by_place(left: Left) -> pd.DataFrame:
    """Return how many rows of each ``place`` (the index) each of the reasons (the columns) leaves out."""
    import ibis

    whole = pd.DataFrame(index=pd.Index([], dtype="str", name="place"))
    for table, reasons in left:
        if reasons:
            counted = {name: ibis.ifelse(reason, 1, 0).sum().cast("int64") for name, reason in reasons.items()}
            found = table.filter(table.place.notnull()).group_by("place").aggregate(**counted).to_pandas()
            whole = whole.join(found.set_index("place"), how="outer")
    return whole.fillna(0).astype("int64")


def in_order(ds: "Dataset", choice: Choice, keep: tuple[str, ...]) -> "ibis.Table":
    """Return the detainers that count, in each person's order (``requests.marked``), with the columns of a cohort."""
    return marked(_narrow(ds, detainers(ds, choice), keep), choice.episode_gap, ordering(ds, "detainers"))


def _from_detainers(
    ds: "Dataset", unit: str, end: date, choice: Choice, digits: int, ordered: "ibis.Table"
) -> tuple["ibis.Table", Left]:
    """Detainers that open an episode."""
    import ibis

    every = _wanted(all_requests(ds), digits)
    known = {**not_counted(every, choice), **_unusable(every, "prepared", counts(every, choice))}
    rows = _wanted(ordered, digits)
    opening = rows.filter(rows.opens)
    late = {"origin after the data end": opening.prepared > ibis.literal(end)}
    left = [(every, known), (opening, late)]
    if not unit.startswith("first"):
        return opening, left
    if not digits:  # a person's first detainer opens an episode
        return rows.filter(rows.nth == 0), left
    first = opening.mutate(nth_here=_nth(opening, ["place", "person_id"], "prepared"))
    return first.filter(first.nth_here == 0), left


def _from_releases(
    ds: "Dataset", unit: str, end: date, choice: Choice, spells: "ibis.Table | None", digits: int, keep: tuple[str, ...],
    stage: Callable,
) -> tuple["ibis.Table", Left]:  # fmt: skip
    """Releases from custody, or of people with a detainer where the dataset has no table of releases."""
    import ibis

    if "releases" in ds.tables:
        every = _wanted(ds.table("releases"), digits)
        left: Left = [(every, _unusable(every, "released", ibis.literal(value=True)))]
        rows = _narrow(ds, ds.table("releases"), keep)
        if spells is not None:
            held = within(every, spells)
            free = freed(every, spells)
            left = [(free, _unusable(free, "released", ibis.literal(value=True)))]
            left.append((held, {"releases within a longer stay in custody": held.place.notnull()}))
            rows = freed(rows, spells)
    else:
        needed(ds, "detainers", "releases")
        every = _wanted(all_requests(ds), digits)
        known = {**not_counted(every, choice), **_unusable(every, "released", counts(every, choice))}
        left, rows = [(every, known)], _narrow(ds, detainers(ds, choice), keep)
    rows = _wanted(rows.filter(rows.person_id.notnull() & rows.released.notnull()), digits)
    rows = stage(rows.mutate(nth_of_day=_nth(rows, ["place", "person_id", "released"])))
    late = rows.released > ibis.literal(end)
    again = rows.nth_of_day > 0
    left.append((rows, {"origin after the data end": late, "further rows of the same person and day": ~late & again}))
    if not unit.startswith("first"):
        return rows.filter(~again), left
    rows = rows.mutate(nth=_nth(rows, ["place", "person_id"], "released"))
    return rows.filter(rows.nth == 0), left


def _unusable(table: "ibis.Table", origin: str, counted: "ibis.BooleanValue") -> dict[str, "ibis.BooleanValue"]:
    linked = table.person_id.notnull()
    return {
        "no person identifier": counted & ~linked,
        f"no date ({origin})": counted & linked & table[origin].isnull(),
    }


def _wanted(table: "ibis.Table", digits: int) -> "ibis.Table":
    table = placed(table, digits)
    return table.filter(table.place.notnull()) if digits else table


def _narrow(ds: "Dataset", table: "ibis.Table", keep: tuple[str, ...]) -> "ibis.Table":
    for name in keep:
        if name not in table.columns:
            raise InputError(
                f"keep = {name!r}: {ds.name} has no such column where follow-up starts.{nearest(name, table.columns)}"
            )
    wanted = ("person_id", "jurisdiction", "prepared", "released", *COVARIATES, "birth_year", *keep, *LINEAGE)
    return table.select(*(name for name in dict.fromkeys(wanted) if name in table.columns))


def _nth(table: "ibis.Table", group: list[str], *order: str) -> "ibis.Value":
    """Number the rows of each group from 0, in the order given and then of their lineage."""
    import ibis

    # nothing is ordered by a hashed identifier: lineage orders the rows
    order_by = [table[name] for name in (*order, *LINEAGE)]
    return ibis.row_number().over(ibis.window(group_by=[table[name] for name in group], order_by=order_by))


def needed(ds: "Dataset", table: str, wanted: str) -> "ibis.Table":
    """Return a table of a dataset, or say that there is no ``wanted`` one. Raises InputError."""
    if table not in ds.tables:
        raise InputError(f"{ds.name} has no table '{wanted}', which this cohort needs: map it in dataset.toml.")
    return ds.table(table)


def _with_prepared(ds: "Dataset", starts: "ibis.Table", choice: Choice) -> "ibis.Table":
    """Add the preparation date of the person's last detainer on or before the release, where detainers are linked."""
    import ibis

    if "detainers" not in ds.tables:
        return starts.mutate(prepared=ibis.null("date"))
    known = detainers(ds, choice).select(who="person_id", latest="prepared")
    base = starts.select("person_id", "start")
    pairs = base.join(known, [base.person_id == known.who, base.start >= known.latest])
    last = pairs.group_by(["person_id", "start"]).aggregate(prepared=pairs.latest.max())
    return starts.left_join(last, ["person_id", "start"]).drop("person_id_right", "start_right")
