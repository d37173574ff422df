"""From linked tables to the first event of each follow-up, as expressions of the query engine.

In: a dataset's releases, detainers, arrests and exits. Out: one row a start of follow-up with the day
and kind of its first event, and the counts of what was left out on the way.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from analysis.data.errors import InputError, nearest
from analysis.data.tables import EXIT_KINDS, VIOLENT
from analysis.recidivism.held import freed, marked_held
from analysis.recidivism.requests import Choice, detainers, episodes, not_counted

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

COVARIATES = ("state", "operator", "criminality", "charge_group", "severity", "threat_level", "sex", "citizenship")


def data_end(ds: "Dataset", event: str, competing: tuple[str, ...]) -> date:
    """Return the earliest data end of the sources that this cohort needs, less the reporting lag."""
    needed = ["detainers" if event == "repeat_detainer" else "exits" if event in EXIT_KINDS else "arrests"]
    if competing and "exits" in ds.tables and "exits" not in needed:
        needed.append("exits")
    missing = [source for source in needed if source not in ds.data_end]
    if missing:
        raise InputError(
            f"{ds.name}: data_end has no date for {' and '.join(missing)}. Add it to dataset.toml: the last day on which an event "
            "could have been seen."
        )
    return min(ds.data_end[source] for source in needed) - timedelta(days=ds.lag_days)


def starts_of_follow_up(
    ds: "Dataset", origin: str, unit: str, end: date, choice: Choice, spells: "ibis.Table | None"
) -> tuple["ibis.Table", dict[str, int]]:
    """Return one row a start of follow-up (with ``row``, its order) and the counts of those left out.

    ``choice`` says what counts as a detainer; with ``spells`` a release that ended no custody is none.
    """
    import ibis

    table, not_starts = _origins(ds, origin, choice, spells)
    table = ds.here(table)
    linked, day = table.person_id.notnull(), table[origin]
    table = table.mutate(again=_nth(table, [table.person_id, day]) > 0)
    late = linked & (day > ibis.literal(end))
    counted = {
        "no person identifier": ~linked,
        f"no date ({origin})": linked & day.isnull(),
        "origin after the data end": late,
        "further rows of the same person and day": linked & day.notnull() & ~late & table.again,
    }
    counted = table.aggregate(**{name: ibis.ifelse(left, 1, 0).sum() for name, left in counted.items()}).to_pandas()
    left_out = not_starts | {name: int(n) for name, n in counted.iloc[0].fillna(0).items()}
    usable = table.filter(table.person_id.notnull() & table[origin].notnull() & ~table.again).drop("again")
    if unit.startswith("first"):
        usable = usable.mutate(nth=_nth(usable, [usable.person_id], usable[origin]))
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
        "row", *kept, "age", "start"
    ), left_out


def _origins(
    ds: "Dataset", origin: str, choice: Choice, spells: "ibis.Table | None"
) -> tuple["ibis.Table", dict[str, int]]:
    """Return the rows that may start a follow-up, and the counts of those that cannot by what they are."""
    if origin == "prepared":
        return episodes(detainers(ds, choice), choice.episode_gap), not_counted(ds, choice)
    if "releases" not in ds.tables:
        _needed(ds, "detainers", "releases")
        return detainers(ds, choice), not_counted(ds, choice)
    releases = ds.table("releases")
    if spells is None:
        return releases, {}
    left = freed(releases, spells)
    within = ds.here(releases).count().to_pandas() - ds.here(left).count().to_pandas()
    counted = {"releases within a longer stay in custody": int(within)}
    return left, counted


def _nth(table: "ibis.Table", group: list, *order: object) -> "ibis.Value":
    """Number the rows of each group from 0, in the order given and then of their lineage."""
    import ibis

    lineage = [table.source_file, table.source_sheet, table.source_row]
    return ibis.row_number().over(ibis.window(group_by=group, order_by=[*order, *lineage]))


def _needed(ds: "Dataset", table: str, wanted: str) -> "ibis.Table":
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


def event_dates(
    ds: "Dataset", event: str, severity: str, choice: Choice, spells: "ibis.Table | None" = None
) -> "ibis.Table":
    """Return (person_id, on, held): every date of the event, and whether it is a re-arrest of someone who was held."""
    return marked_held(_dates(ds, event, severity, choice), spells if event == "rearrest" else None)


def _dates(ds: "Dataset", event: str, severity: str, choice: Choice) -> "ibis.Table":
    if event == "repeat_detainer":
        first = episodes(detainers(ds, choice), choice.episode_gap)
        return first.filter(first.person_id.notnull()).select("person_id", on="prepared")
    if event == "rearrest":
        arrests = _needed(ds, "arrests", "arrests")
        if severity == "felony":
            arrests = arrests.filter(arrests.severity == "felony")
        elif severity == "violent":
            arrests = arrests.filter(arrests.charge_group.isin(VIOLENT))
        return arrests.select("person_id", on="arrested")
    if event in EXIT_KINDS:
        exits = _needed(ds, "exits", "exits")
        return exits.filter(exits.kind == event).select("person_id", on="date")
    raise InputError(f"{ds.name} has no event '{event}'.{nearest(event, ('rearrest', 'repeat_detainer', *EXIT_KINDS))}")


def exit_dates(ds: "Dataset", kinds: list[str]) -> "ibis.Table | None":
    """Return (person_id, on, kind, rank), rank by the order in which the kinds were named."""
    import ibis

    if not kinds:
        return None
    exits = ds.table("exits")
    exits = exits.filter(exits.kind.isin(kinds))
    rank = ibis.cases(*((exits.kind == kind, i) for i, kind in enumerate(kinds)))
    return exits.select("person_id", on="date", kind=exits.kind.cast("string"), rank=rank)


def first_events(
    starts: "ibis.Table",
    events: "ibis.Table",
    exits: "ibis.Table | None",
    origin: str,
    event: str,
    end: date,
    min_days: int,
) -> tuple["ibis.Table", dict[str, int]]:
    """Join each start to its first event and first exit within follow-up; on one day the event counts first."""
    import ibis

    until = ibis.literal(end)
    base = starts.select("row", "person_id", "start")
    pairs = base.join(events, "person_id")
    if event == "repeat_detainer":  # the detainer that starts the follow-up is no repeat of itself
        pairs = pairs.filter(pairs.on > pairs.start)
    pairs = pairs.mutate(day=pairs.on.delta(pairs.start, unit="day"), seen=pairs.on <= until)
    early = "on the day of origin" if min_days == 1 else f"before day {min_days}"
    counted = {
        f"{event} {early}": (pairs.day >= 0) & (pairs.day < min_days) & pairs.seen,
        f"{event} dated before the origin": pairs.day < 0,
        f"{event} while in custody": (pairs.day >= min_days) & pairs.seen & pairs.held,
        f"{event} after the end of follow-up": ~pairs.seen,
    }
    counts = pairs.aggregate(**{name: ibis.ifelse(left, 1, 0).sum() for name, left in counted.items()}).to_pandas()
    after = pairs.filter((pairs.day >= min_days) & pairs.seen & ~pairs.held)
    first = after.group_by("row").aggregate(event_day=after.day.min())
    rows = starts.left_join(first, "row").drop("row_right")
    follow_up = until.delta(rows.start, unit="day")
    if exits is None:
        rows = rows.mutate(follow_up=follow_up, exit_day=ibis.null("int64"), kind=ibis.null("string"))
    else:
        out = base.join(exits, "person_id")
        out = out.filter((out.on <= until) & (out.on >= out.start)).mutate(day=out.on.delta(out.start, unit="day"))
        nth = ibis.row_number().over(ibis.window(group_by=out.row, order_by=[out.day, out.rank]))
        out = out.mutate(nth=nth)
        leaving = out.filter(out.nth == 0).select("row", exit_day="day", kind="kind")
        rows = rows.mutate(follow_up=follow_up).left_join(leaving, "row").drop("row_right")
    happened = rows.event_day.notnull() & (rows.exit_day.isnull() | (rows.event_day <= rows.exit_day))
    rows = rows.mutate(
        days=ibis.ifelse(happened, rows.event_day, ibis.coalesce(rows.exit_day, rows.follow_up)).cast("int64"),
        event=ibis.ifelse(happened, ibis.literal(event), rows.kind),
    )
    return rows.drop("start", "event_day", "exit_day", "kind"), {
        name: int(n) for name, n in counts.iloc[0].fillna(0).items()
    }
