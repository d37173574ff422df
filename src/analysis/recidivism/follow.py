"""From linked tables to the first event of each follow-up, as expressions of the query engine.

In: a dataset's releases, detainers, arrests and exits. Out: one row a start of follow-up with the day
and kind of its first event, and what was left out on the way.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from analysis.data.errors import InputError, nearest
from analysis.data.tables import EXIT_KINDS, LINEAGE, VIOLENT
from analysis.recidivism.held import marked_held
from analysis.recidivism.origins import Left, needed
from analysis.recidivism.requests import Choice, detainers, marked

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset


def data_end(ds: "Dataset", event: str, competing: tuple[str, ...]) -> date:
    """Return the earliest data end of the sources that this cohort needs, less the reporting lag."""
    sources = _sources(ds, event, competing)
    if missing := without_end(ds, event, competing):
        raise InputError(f"{ds.name}: {no_end(missing)}")
    return min(ds.data_end[source] for source in sources) - timedelta(days=ds.lag_days)


def without_end(ds: "Dataset", event: str, competing: tuple[str, ...] = EXIT_KINDS) -> list[str]:
    """Return the sources that a cohort needs and for which the dataset gives no data end."""
    return [source for source in _sources(ds, event, competing) if source not in ds.data_end]


def no_end(missing: list[str]) -> str:
    """Return what to do about sources without a data end."""
    return f"data_end has no date for {' and '.join(missing)}. Add it to dataset.toml: the last day on which an event could have been seen."


def _sources(ds: "Dataset", event: str, competing: tuple[str, ...]) -> list[str]:
    first = "detainers" if event == "repeat_detainer" else "exits" if event in EXIT_KINDS else "arrests"
    return [first, *(["exits"] if competing and "exits" in ds.tables and first != "exits" else [])]


def event_dates(
    ds: "Dataset", event: str, severity: str, choice: Choice, spells: "ibis.Table | None" = None,
    ordered: "ibis.Table | None" = None,
) -> "ibis.Table":  # fmt: skip
    """Return (person_id, on, held): every date of the event, and whether it is a re-arrest of someone who was held.

    ``ordered`` are the detainers as ``requests.marked`` gives them, where they are at hand.
    """
    return marked_held(_dates(ds, event, severity, choice, ordered), spells if event == "rearrest" else None)


def _dates(ds: "Dataset", event: str, severity: str, choice: Choice, ordered: "ibis.Table | None") -> "ibis.Table":
    if event == "repeat_detainer":
        if ordered is None:
            ordered = marked(detainers(ds, choice), choice.episode_gap)
        return ordered.filter(ordered.opens).select("person_id", on="prepared")
    if event == "rearrest":
        arrests = needed(ds, "arrests", "arrests")
        if severity == "felony":
            arrests = arrests.filter(arrests.severity == "felony")
        elif severity == "violent":
            arrests = arrests.filter(arrests.charge_group.isin(VIOLENT))
        return arrests.select("person_id", on="arrested")
    if event in EXIT_KINDS:
        exits = needed(ds, "exits", "exits")
        return exits.filter(exits.kind == event).select("person_id", on="date")
    raise InputError(f"{ds.name} has no event '{event}'.{nearest(event, ('rearrest', 'repeat_detainer', *EXIT_KINDS))}")


def exit_dates(ds: "Dataset", kinds: list[str]) -> "ibis.Table | None":
    """Return (person_id, on, rank), rank from 1 by the order in which the kinds were named."""
    import ibis

    if not kinds:
        return None
    exits = ds.table("exits")
    kind = exits.kind.cast("string")
    rank = ibis.cases(*((kind == name, i) for i, name in enumerate(kinds, 1))).cast("int64")
    return exits.mutate(rank=rank).filter(kind.isin(kinds)).select("person_id", "rank", on="date")


def first_events(
    starts: "ibis.Table",
    events: "ibis.Table",
    exits: "ibis.Table | None",
    event: str,
    kinds: list[str],
    end: date,
    min_days: int,
    stage: Callable[["ibis.Table"], "ibis.Table"],
) -> tuple["ibis.Table", Left]:
    """Join each start to what happened first within follow-up; on one day the event counts first, then exits in order.

    Day and kind make one number (day x kinds + rank of the kind), whose smallest is what happened first. Returns the
    follow-ups and the events left out.
    """
    import ibis

    until, many = ibis.literal(end), len(kinds) + 1
    order = ("person_id", "on", "rank", "held")
    happened = events.mutate(rank=ibis.literal(0, "int64")).select(*order)
    if exits is not None:
        happened = happened.union(exits.mutate(held=ibis.literal(value=False)).select(*order))
    pairs = starts.select("place", "person_id", "start").join(happened, "person_id")
    if event == "repeat_detainer":  # the detainer that starts the follow-up is no repeat of itself
        pairs = pairs.filter((pairs["rank"] > 0) | (pairs.on > pairs.start))
    pairs = pairs.mutate(day=pairs.on.delta(pairs.start, unit="day").cast("int64"), seen=pairs.on <= until)
    pairs = stage(pairs.drop("on"))
    is_event = pairs["rank"] == 0
    early = "on the day of origin" if min_days == 1 else f"before day {min_days}"
    reasons = {
        f"{event} {early}": is_event & (pairs.day >= 0) & (pairs.day < min_days) & pairs.seen,
        f"{event} dated before the origin": is_event & (pairs.day < 0),
        f"{event} while in custody": is_event & (pairs.day >= min_days) & pairs.seen & pairs.held,
        f"{event} after the end of follow-up": is_event & ~pairs.seen,
    }
    valid = pairs.seen & ibis.ifelse(is_event, (pairs.day >= min_days) & ~pairs.held, pairs.day >= 0)
    inside = pairs.filter(valid)
    first = inside.group_by(["person_id", "start"]).aggregate(code=(inside.day * many + inside["rank"]).min())
    rows = starts.left_join(first, ["person_id", "start"]).drop("person_id_right", "start_right")
    follow_up = until.delta(rows.start, unit="day").cast("int64")
    label = ibis.cases(*((rows.code % many == i, name) for i, name in enumerate((event, *kinds))))
    days = ibis.coalesce((rows.code // many).cast("int64"), follow_up)
    rows = rows.mutate(follow_up=follow_up, entry=ibis.null("float64"), days=days, event=label)
    last = ("follow_up", "entry", "days", "event")
    names = [name for name in starts.columns if name not in (*LINEAGE, "start")]
    return rows.select(*names, *last, *(name for name in LINEAGE if name not in names)), [(pairs, reasons)]
