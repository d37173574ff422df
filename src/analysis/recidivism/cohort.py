"""Who is followed, from when to when, and what happened to them first.

In: a dataset. Out: one row a person (or release, or episode) with the days from the origin to the
first event, or to the end of follow-up. Who is eligible depends on the origin and the data end alone:
no outcome ever decides who is counted. The work is an Ibis expression that runs in the query engine.
"""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError
from analysis.data.tables import EXIT_KINDS, LINEAGE, TABLES
from analysis.recidivism.arguments import UNITS, check_arguments
from analysis.recidivism.durations import check_kinds, follow_up_rows
from analysis.recidivism.follow import data_end
from analysis.recidivism.followed import LazyCohort, Question, collected, followed
from analysis.recidivism.origins import COVARIATES
from analysis.recidivism.remembered import is_small, remembered
from analysis.recidivism.requests import EPISODE_GAP, Choice

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

TABLE_DATES = {name for table in TABLES.values() for name in table.dates}
_ROW = {"first_release": "person", "every_release": "release", "first_detainer": "person", "every_episode": "episode"}


def cohort(
    ds: "Dataset",
    origin: str = "released",
    event: str | None = None,
    competing: tuple[str, ...] = EXIT_KINDS,
    unit: str | None = None,
    min_days: int = 1,
    entry_days: float = 0,
    severity: str = "any",
    until: date | str | None = None,
    requests: tuple[str, ...] = ("detainer", "unknown"),
    duplicates: str = "keep",
    episode_gap: int = EPISODE_GAP,
    custody: bool = True,
    keep: tuple[str, ...] = (),
    lazy: bool = False,
) -> "pd.DataFrame | LazyCohort":
    """Return the cohort of a dataset: days from an origin to the first event.

    Parameters
    ----------
    ds
        A dataset from ``analysis.open_dataset``.
    origin
        ``"released"`` or ``"prepared"``: the day follow-up starts, one choice for the whole cohort.
    event
        ``"rearrest"`` (the default where arrests are linked), ``"repeat_detainer"``, or the event of a
        source that gives durations only (its own label is then the default).
    competing
        Kinds of exit that end the wait for a first event. ``()`` follows people through them: any later
        event, ignoring what came between.
    unit
        ``"first_release"`` or ``"every_release"`` after a release, ``"first_detainer"`` or
        ``"every_episode"`` after a detainer's preparation. The first of each pair is the default.
    min_days
        Events before this day after the origin are left out and counted: by default those of the same
        day, which cannot be told from the booking that ended. Sources with durations only keep day 0.
        Events after the end of follow-up are counted too: many of them mean that a data end is wrong.
    entry_days
        A minimum gap as delayed entry: only those still observed then enter, at that day.
    severity
        ``"any"``, ``"felony"`` or ``"violent"``: which re-arrests count as the event.
    until
        An end of follow-up before the data end (a date, or text such as ``"2026-01-17"``), so that cohorts
        which need different sources can be followed equally long.
    requests
        Kinds of request that count as detainers, as origins and as repeat detainers. Requests for notification or
        for a voluntary transfer ask for no custody and are left out and counted; rows whose kind is not known count.
    duplicates
        ``"keep"`` or ``"drop"`` the detainers that are likely one entered twice (same person, at most a day apart).
    episode_gap
        Detainers of one person at most this many days apart are one episode.
    custody
        Where booking days are known, time in custody counts: a release within a longer stay (a transfer, a hold) is no
        release, and an arrest of someone who is held no re-arrest; both are counted. False takes every release
        and arrest as it is written. Time in custody after the origin stays in the follow-up of a first event;
        ``data.custody.time_at_risk`` takes it out.
    keep
        Further columns of the rows that start the follow-up, such as ``("facility", "outcome")``, to carry along.
    lazy
        Leave the rows in the query engine: what is returned holds an Ibis table with the same columns, which
        ``life_table`` and ``with_policy`` take, so that no table of people is ever held in memory.

    Returns
    -------
    DataFrame, or LazyCohort with ``lazy=True``
        person_id, jurisdiction, prepared, released, covariates, follow_up (days from origin to data
        end), entry (missing = from the start), days, event (missing = censored). ``attrs`` says how it
        was made: dataset, time_unit, origin, event, competing, unit, row, data_end, follow_up (where it
        is the same for all), area, detainers (requests, duplicates, episode_gap), custody (whether it was taken into
        account), and left_out (what was left out, counted).

    Raises
    ------
    InputError
        For a table, date or label that the dataset does not have, or a unit that does not go with the origin.
    """
    competing = (competing,) if isinstance(competing, str) else tuple(competing)
    end = check_arguments(origin, event, unit, min_days, entry_days, severity, until)
    choice = Choice((requests,) if isinstance(requests, str) else tuple(requests), duplicates, episode_gap)
    if "follow_up" in ds.tables:
        if end is not None or severity != "any":
            raise InputError(f"{ds.name} gives durations and no dates: until and severity are not to be had from it.")
        if lazy:
            raise InputError(
                f"{ds.name} gives durations: its table is as good as a cohort. Take life_table(ds.table('follow_up'), ...)."
            )
        frame, event, present, left_out = follow_up_rows(ds, origin, event, competing)
        unit = f"every {ds.one_row_per}"
        frame.attrs = _described(ds, origin, event, present, unit, ds.one_row_per, None, left_out)
        frame.attrs["detainers"] = choice.described()
        return enter_late(frame, entry_days)
    event, keep = event or "rearrest", (keep,) if isinstance(keep, str) else tuple(keep)
    check_kinds(competing, EXIT_KINDS)
    last = data_end(ds, event, competing)
    present = tuple(kind for kind in competing if kind != event) if "exits" in ds.tables else ()
    asked = Question(
        origin, event, present, unit or UNITS[origin][0], int(min_days), severity,
        last if end is None else min(last, end), choice, custody, keep,
    )  # fmt: skip
    return _lazy(ds, asked, entry_days) if lazy else enter_late(_from_dates(ds, asked), entry_days)


def _from_dates(ds: "Dataset", asked: Question) -> pd.DataFrame:
    place = getattr(ds, "jurisdiction", "")
    if is_small(ds):
        said = (asked, len(place))
        rows, counts = remembered(ds, said, lambda: collected(ds, asked, place, every_place=True))
    else:
        rows, counts = collected(ds, asked, place, every_place=False)
    frame = rows[rows["place"] == place].drop(columns="place").reset_index(drop=True)
    left_out = counts.reindex([place], fill_value=0).iloc[0].to_dict()
    frame["event"] = pd.Categorical(frame["event"], categories=[asked.event, *asked.kinds])
    labels = (name for name in asked.keep if not pd.api.types.is_numeric_dtype(frame[name]) and name not in TABLE_DATES)
    for name in dict.fromkeys(("jurisdiction", *COVARIATES, *labels)):
        if name in frame:
            frame[name] = pd.Categorical(frame[name], categories=sorted(frame[name].dropna().unique()))
    for name in ("prepared", "released"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    frame["days"] = frame["days"].astype("int64")
    frame["follow_up"] = frame["follow_up"].astype("int64")
    frame["entry"] = frame["entry"].astype("float64")
    frame.attrs = _attributes(ds, asked, left_out, held=bool(rows.attrs["custody"]))
    return frame


def _lazy(ds: "Dataset", asked: Question, entry_days: float) -> LazyCohort:
    place = getattr(ds, "jurisdiction", "")
    found = followed(ds, asked, place)
    attrs = _attributes(ds, asked, {}, held=found.held)
    del attrs["left_out"]
    table = found.rows.drop("place", *(name for name in LINEAGE if name not in asked.keep))
    if entry_days:
        table = table.filter(table.days > entry_days).mutate(entry=float(entry_days))
        attrs["entry_days"] = entry_days
    origins = "releases" if asked.origin == "released" and "releases" in ds.tables else "detainers"
    return LazyCohort(table, attrs, ds.table(origins), found.left, place)


def enter_late(frame: pd.DataFrame, entry_days: float) -> pd.DataFrame:
    """Return a cohort with a minimum gap: those still observed after ``entry_days`` enter then; the others are counted.

    The same as asking ``cohort`` for it, without reading the tables again. The cohort must not have a gap already.
    """
    if not entry_days:
        return frame
    still = frame["days"] > entry_days
    attrs = dict(frame.attrs)
    attrs["left_out"] = {
        **attrs["left_out"],
        f"not observed beyond the first {entry_days:g} {attrs['time_unit']}s": int((~still).sum()),
    }
    attrs["entry_days"] = entry_days
    late = frame[still].reset_index(drop=True).assign(entry=float(entry_days))
    late.attrs = attrs
    return late


def _attributes(ds: "Dataset", asked: Question, left_out: dict[str, int], *, held: bool) -> dict:
    made = (ds, asked.origin, asked.event, list(asked.kinds), asked.unit, _ROW[asked.unit], asked.end, left_out)
    return {**_described(*made), "custody": held, "detainers": asked.choice.described()}


def _described(
    ds: "Dataset", origin: str, event: str, competing: list[str], unit: str, row: str,
    end: date | None, left_out: dict[str, int],
) -> dict:  # fmt: skip
    return {
        "dataset": ds.name, "time_unit": ds.time_unit, "origin": origin, "event": event, "competing": competing,
        "unit": unit, "row": row, "data_end": None if end is None else end.isoformat(), "follow_up": ds.follow_up,
        "area": ds.area, "custody": False, "left_out": {name: n for name, n in left_out.items() if n},
    }  # fmt: skip
