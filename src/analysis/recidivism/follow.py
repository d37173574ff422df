"""From linked tables to the first event of each follow-up, as expressions of the query engine.

In: a dataset's releases, detainers, arrests and exits. Out: one row a start of follow-up with the day
and kind of its first event, and the counts of what was left out on the way.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.tables import EXIT_KINDS, VIOLENT
from analysis.recidivism.held import marked_held
from analysis.recidivism.origins import counts_by_place, needed
from analysis.recidivism.requests import Choice, detainers, episodes

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset


def data_end(ds: "Dataset", event: str, competing: tuple[str, ...]) -> date:
    """Return the earliest data end of the sources that this cohort needs, less the reporting lag."""
    sources = ["detainers" if event == "repeat_detainer" else "exits" if event in EXIT_KINDS else "arrests"]
    if competing and "exits" in ds.tables and "exits" not in sources:
        sources.append("exits")
    missing = [source for source in sources if source not in ds.data_end]
    if missing:
        raise InputError(
            f"{ds.name}: data_end has no date for {' and '.join(missing)}. Add it to dataset.toml: the last day on which an event "
            "could have been seen."
        )
    return min(ds.data_end[source] for source in sources) - timedelta(days=ds.lag_days)


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
) -> tuple["ibis.Table", pd.DataFrame]:
    """Join each start to its first event and first exit within follow-up; on one day the event counts first.

    The counts of events left out have a row a place and a column a reason.
    """
    import ibis

    until = ibis.literal(end)
    base = starts.select("row", "place", "person_id", "start")
    pairs = base.join(events, "person_id")
    if event == "repeat_detainer":  # the detainer that starts the follow-up is no repeat of itself
        pairs = pairs.filter(pairs.on > pairs.start)
    pairs = pairs.mutate(day=pairs.on.delta(pairs.start, unit="day"), seen=pairs.on <= until)
    early = "on the day of origin" if min_days == 1 else f"before day {min_days}"
    reasons = {
        f"{event} {early}": (pairs.day >= 0) & (pairs.day < min_days) & pairs.seen,
        f"{event} dated before the origin": pairs.day < 0,
        f"{event} while in custody": (pairs.day >= min_days) & pairs.seen & pairs.held,
        f"{event} after the end of follow-up": ~pairs.seen,
    }
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
    return rows.drop("start", "event_day", "exit_day", "kind"), counts_by_place(pairs, reasons)
