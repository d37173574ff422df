"""Who is followed, from when to when, and what happened to them first.

In: a dataset. Out: a `Cohort`, one row a person (or release, or episode) with the days from the origin to the first
event, or to the end of follow-up. Who is eligible depends on the origin and the data end alone: no outcome ever decides
who is counted. The rows are an expression of the query engine; nothing is computed before it is asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.engine import known, stored
from analysis.data.errors import InputError, nearest
from analysis.data.lineage import ordering
from analysis.data.rounding import rounded
from analysis.data.spells import spells
from analysis.data.tables import EVENTS, EXIT_KINDS, LINEAGE, REQUESTS, TABLES, VIOLENT

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

UNITS = {"released": ("first_release", "every_release"), "prepared": ("first_detainer", "every_episode")}
ROWS = {"first_release": "person", "every_release": "release", "first_detainer": "person", "every_episode": "episode"}
SEVERITIES = ("any", "felony", "violent")
COVARIATES = ("state", "operator", "criminality", "charge_group", "severity", "threat_level", "sex", "citizenship")
EPISODE_GAP = 30  # days: detainers of one person at most this far apart are one episode
DUPLICATES = ("keep", "drop")
HOLDS = ("detainer", "unknown")  # requests that count: others ask for no custody, and most files do not say
HANDED_OVER = ("ice_custody", "removed")  # on the day of a release or the day before: it let nobody go
_LATER = ("days", "event", "outcome")  # columns known only after the origin
_PARTS = ("rows", "left", "places", "bookings")  # of a cohort, that are no part of what its rows mean
_DATES = {name for table in TABLES.values() for name in table.dates}
Left = list[
    tuple["ibis.Table", dict[str, "ibis.BooleanValue"]]
]  # rows, and for each reason which of them it leaves out


@dataclass(frozen=True)
class Choice:
    """What counts as a detainer: what becomes of likely duplicates, and the longest gap in an episode."""

    duplicates: str = "keep"
    episode_gap: int = EPISODE_GAP

    def __post_init__(self) -> None:
        if self.duplicates not in DUPLICATES:
            raise InputError(f"duplicates = {self.duplicates!r}.{nearest(str(self.duplicates), DUPLICATES)}")
        if not (self.episode_gap >= 0 and int(self.episode_gap) == self.episode_gap):
            raise InputError(f"episode_gap = {self.episode_gap}: expected whole days of 0 or more.")


@dataclass(frozen=True, eq=False, repr=False)
class Cohort:
    """People followed from an origin, and what their rows mean; no DataFrame, so that no merge can lose the meaning.

    ``rows`` are read by ``frame``: one row a person (release, detainer, episode; ``count`` gives one row a pattern, with
    ``count``), with ``days`` and ``follow_up`` in ``time_unit``, ``event`` (missing: censored), ``entry`` (missing: from the
    start) and whatever else is known.
    """

    rows: "pd.DataFrame | ibis.Table"
    event: str  # what is waited for
    origin: str = "released"  # where follow-up starts
    unit: str = "first_release"  # which starts count
    row: str = "person"  # what a row is
    time_unit: str = "day"  # or week, month, quarter, year
    competing: tuple[str, ...] = ()  # what ends the wait
    dataset: str = ""
    area: str = ""  # where an event could have been seen
    data_end: str | None = None  # the last day of follow-up
    follow_up: float | None = None  # how long everyone was to be followed, where that is the same for all
    custody: bool = False  # whether time in custody was known and taken into account
    choice: Choice = Choice()  # what counts as a detainer
    entry_days: float = 0  # a minimum gap after which people enter
    policy: dict | None = None  # how ``with_policy`` made its columns
    left: "Left | dict[str, int]" = field(default_factory=dict)
    places: "ibis.Table | None" = None  # where the places of the rows are listed at little cost
    bookings: "ibis.Table | None" = None  # person_id, booked, released, where these are known

    def __repr__(self) -> str:
        size = f"{rounded(len(self)):,} rows" if isinstance(self.rows, pd.DataFrame) else "rows in the query engine"
        return (
            f"<cohort of {self.dataset or 'a frame'}: {size}, from {self.origin} to {self.event}, in {self.time_unit}s>"
        )

    def __len__(self) -> int:
        return len(self._made)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.rows.columns)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as pandas, made when first asked for: a copy, so that nothing done to it changes the cohort."""
        return self._made.copy(deep=False)

    @cached_property
    def _made(self) -> pd.DataFrame:
        return self.rows if isinstance(self.rows, pd.DataFrame) else _typed(self.rows.to_pandas(), self)

    @cached_property
    def left_out(self) -> dict[str, int]:
        """How many rows and events were left out, by why; counted when first read."""
        return self.left if isinstance(self.left, dict) else _counted(self.left)

    @cached_property
    def spells(self) -> pd.DataFrame | None:
        """The spells in custody (person_id, start, end) of people in the cohort; None where no booking day is known."""
        if self.bookings is None:
            return None
        found = spells(self.bookings.to_pandas(), gap_days=0)
        return found[found["person_id"].isin(self.frame["person_id"])]

    @property
    def causes(self) -> list[str]:
        """The event and the competing events, whether or not they happened."""
        return [self.event, *self.competing]

    def meaning(self) -> dict[str, object]:
        """What the rows mean, by name: what life tables and curves made from them carry along."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _PARTS}

    def add(self, other: pd.DataFrame, on: str | None = "person_id") -> "Cohort":
        """Return the cohort with the columns of another frame; its rows and meaning stay as they are.

        ``on`` is the key; None takes ``other`` row by row, by the index of ``frame``. Raises InputError where the key is
        missing or occurs twice in ``other``, its rows are not those of the cohort, or a column is there already.
        """
        frame = self.frame
        if both := sorted(set(frame) & set(other) - {on}):
            raise InputError(f"add: the cohort has a column '{both[0]}' already. Rename the new one.")
        if on is None:
            if not other.index.equals(frame.index):
                raise InputError(f"add: {len(other):,} rows with another index than the cohort's {len(frame):,}.")
            return replace(self, rows=pd.concat([frame, other], axis=1), left=self.left_out)
        for name, columns in (("the cohort", frame), ("the other frame", other)):
            if on not in columns:
                raise InputError(f"add: {name} has no column '{on}'.{nearest(on, columns)}")
        if other[on].duplicated().any():
            raise InputError(
                f"add: '{on}' occurs twice in the other frame; a row of a cohort has one value of a column."
            )
        return replace(self, rows=frame.merge(other, on=on, how="left"), left=self.left_out)

    def where(
        self, mask: "str | Callable[[pd.DataFrame], pd.Series] | pd.Series", *, outcome: bool = False
    ) -> "Cohort":
        """Return the rows for which a condition holds.

        ``mask`` is text as for ``DataFrame.query``, a function of the frame, or a Series of booleans. A condition on what
        came after the origin (days, event, the outcome of a detainer, a release after it) changes who is counted by what
        happened to them: it is refused unless ``outcome=True`` says that this is meant. Text and functions are
        tried without these columns; a Series is known by its name alone, which one made from several columns has lost.
        """
        later = [] if outcome else [*_LATER, *(["released"] if self.origin == "prepared" else [])]
        known = self.frame.drop(columns=later, errors="ignore")
        refused = InputError(
            f"where: this looks at what came after the origin ({', '.join(later)}): outcome=True if that is meant."
        )
        try:
            found = known.eval(mask) if isinstance(mask, str) else mask(known) if callable(mask) else mask
        except Exception as error:
            raise refused if any(name in str(error) for name in later) else error from None
        if getattr(found, "name", None) in later:
            raise refused
        found = pd.Series(found, dtype="boolean")
        if len(found) != len(self):
            raise InputError(f"where: {len(found):,} conditions for {len(self):,} rows.")
        rows = self.frame[found.fillna(value=False).to_numpy(bool)].reset_index(drop=True)
        return replace(self, rows=rows, left=self.left_out)

    def count(self, by: Iterable[str] = ()) -> "Cohort":
        """Return the patterns of ``by``, entry, days and event, each with the number of rows in ``count``, made in the engine.

        Every estimator gives the same on these as on the rows.
        """
        wanted = [*([by] if isinstance(by, str) else by), "entry", "days", "event"]
        names = list(dict.fromkeys(name for name in wanted if name != "entry" or name in self.columns))
        if isinstance(self.rows, pd.DataFrame):
            number = {} if "count" in self.rows else {"count": 1}
            rows = self.frame.assign(**number).groupby(names, dropna=False, observed=True)["count"].sum().reset_index()
        else:
            rows = self.rows.group_by(names).aggregate(count=self.rows.count().cast("int64")).to_pandas()
            rows = _typed(rows, self).sort_values(names, ignore_index=True)
        return replace(self, rows=rows, left=self.left_out)

    def enter_late(self, entry_days: float) -> "Cohort":
        """Return the cohort with a minimum gap: those still observed after it enter then, and the others are counted."""
        if not entry_days:
            return self
        why, entry = f"not observed beyond the first {entry_days:g} {self.time_unit}s", float(entry_days)
        if isinstance(self.rows, pd.DataFrame):
            rows = self.frame[self.frame["days"] > entry].reset_index(drop=True).assign(entry=entry)
            left = {**self.left_out, why: len(self) - len(rows)}
        else:
            rows = self.rows.filter(self.rows.days > entry).mutate(entry=entry)
            left = [*self.left, (self.rows, {why: self.rows.days <= entry})]
        return replace(self, rows=rows, entry_days=entry_days, left=left)


def as_cohort(frame: pd.DataFrame, event: str, **meaning: object) -> Cohort:
    """Return a frame as a cohort, once it is said what its rows mean.

    Parameters
    ----------
    frame : DataFrame
        One row a person (or release, detainer, episode) with ``days`` and ``event``.
    event : str
        The label of the event that is waited for.
    meaning
        The other fields of `Cohort`: ``origin``, ``unit``, ``row``, ``time_unit``, ``competing``, ``dataset`` and so on.

    Raises
    ------
    InputError
        A column that is not there, a field that a cohort does not have.

    Examples
    --------
    >>> people = pd.DataFrame({"days": [30, 200], "event": ["rearrest", None]})
    >>> as_cohort(people, event="rearrest", origin="released")
    <cohort of a frame: 2 rows, from released to rearrest, in days>
    """
    for name in ("days", "event"):
        if name not in frame:
            raise InputError(f"as_cohort: the frame has no column '{name}'.{nearest(name, frame.columns)}")
    known = [one.name for one in fields(Cohort) if one.name not in _PARTS]
    if wrong := [name for name in meaning if name not in known]:
        raise InputError(f"as_cohort: a cohort has no field '{wrong[0]}'.{nearest(wrong[0], known)}")
    origin = meaning.get("origin", "released")
    unit = meaning.get("unit", UNITS.get(origin, ("",))[0])
    return Cohort(frame.reset_index(drop=True), event, **{"unit": unit, "row": ROWS.get(unit, "row"), **meaning})


def checked(cohort: object, function: str) -> Cohort:
    """Return what is a cohort; raise TypeError with what to do for a frame, which does not say what its rows mean."""
    if isinstance(cohort, Cohort):
        return cohort
    raise TypeError(
        f"{function} needs a Cohort: a frame does not say what its rows mean (event, unit of time, origin). Pass what analysis.cohort "
        "returned, changed by its add(other, on=...) and where(mask), or say what a frame means by analysis.as_cohort(frame, event=..., "
        "origin=..., time_unit=...)."
    )


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
    duplicates: str = "keep",
    episode_gap: int = EPISODE_GAP,
    custody: bool = True,
    keep: tuple[str, ...] = (),
    lazy: bool = False,
) -> Cohort:
    """Return the cohort of a dataset: days from an origin to the first event.

    Parameters
    ----------
    ds
        A dataset from ``analysis.open_dataset``.
    origin
        ``"released"`` or ``"prepared"`` (of a detainer): the day follow-up starts, one choice for the whole cohort.
    event
        ``"rearrest"`` (the default where arrests are linked), ``"repeat_detainer"``, a kind of exit, or the event of a
        source that gives durations only (its own label is then the default).
    competing
        Kinds of exit that end the wait for a first event. ``()`` follows people through them: any later event.
    unit
        ``"first_release"`` or ``"every_release"``, ``"first_detainer"`` or ``"every_episode"``; the first by default.
    min_days
        Events before this day are left out and counted: by default those of the day of origin, which cannot be told from
        the booking that ended. Sources with durations only keep day 0.
    entry_days
        A minimum gap as delayed entry: only those still observed then enter, at that day.
    severity
        ``"any"``, ``"felony"`` or ``"violent"``: which re-arrests count as the event.
    until
        An end of follow-up before the data end, so that cohorts which need different sources can be followed equally long.
    duplicates
        ``"keep"`` or ``"drop"`` the detainers that are likely one entered twice (same person, at most a day apart).
        Requests for notification or a voluntary transfer ask for no custody: they are no detainers, and counted.
    episode_gap
        Detainers of one person at most this many days apart are one episode.
    custody
        A handing over (an exit into ICE custody, or a removal, on the day of a release or the day before) is no release,
        and where booking days are known a release within a longer stay (a transfer, a hold) is none and an arrest of
        someone in custody no re-arrest; all are counted. False takes every release and arrest as it is written. Time in
        custody after the origin stays in the follow-up of a first event; ``at_large`` takes it out.
    keep
        Further columns of the rows that start the follow-up, such as ``("facility", "outcome")``. The dataset's ``groups``
        come along where these rows have them.
    lazy
        Leave the rows in the query engine, where ``life_table``, ``with_policy`` and ``count`` read them, so that no
        table of people is held in memory before ``frame`` is asked for.

    Returns
    -------
    Cohort
        Its rows: person_id, jurisdiction, prepared, released, covariates, follow_up (days from origin to data
        end), entry (missing = from the start), days, event (missing = censored).

    Raises
    ------
    InputError
        For a table, date or label that the dataset does not have, or a unit that does not go with the origin.
    """
    from analysis.recidivism.durations import check_kinds, from_durations

    competing, keep = ((one,) if isinstance(one, str) else tuple(one) for one in (competing, keep))
    end = _checked(origin, event, unit, min_days, entry_days, severity, until)
    choice = Choice(duplicates, episode_gap)
    if "follow_up" in ds.tables:
        if end is not None or severity != "any":
            raise InputError(f"{ds.name} gives durations and no dates: until and severity are not to be had from it.")
        return replace(from_durations(ds, origin, event, competing), choice=choice).enter_late(entry_days)
    event = event or "rearrest"
    check_kinds(competing, EXIT_KINDS)
    last = data_end(ds, event, competing)
    end, unit = last if end is None else min(last, end), unit or UNITS[origin][0]
    kinds = tuple(kind for kind in competing if kind != event) if "exits" in ds.tables else ()
    held = spells_of(ds) if custody else None
    if held is not None and not lazy:
        held = stored(held)
    starts, left = _starts(ds, origin, unit, end, choice, held, keep, custody)
    if not lazy:
        starts = stored(starts)
    rows, more = _first_events(
        ds, starts, event_dates(ds, event, severity, choice, held), event, kinds, end, int(min_days)
    )
    rows = rows.drop(*(name for name in LINEAGE if name in rows.columns and name not in keep)) if lazy else rows
    found = Cohort(
        rows, event, origin, unit, ROWS[unit], ds.time_unit, kinds, ds.name, ds.area, end.isoformat(), ds.follow_up,
        held is not None, choice, left=[*left, *more], bookings=_bookings(ds) if custody else None,
        places=ds.table("releases" if origin == "released" and "releases" in ds.tables else "detainers"),
    )  # fmt: skip
    if not lazy:
        frame = rows.order_by(list(LINEAGE)).to_pandas()
        frame = frame.drop(columns=[name for name in LINEAGE if name not in keep])
        found = replace(found, rows=_typed(frame, found), places=None)
    return found.enter_late(entry_days)


def _typed(frame: pd.DataFrame, found: Cohort) -> pd.DataFrame:
    """The types of a cohort's columns: labels as categories, dates to the day."""
    frame["event"] = pd.Categorical(frame["event"], categories=found.causes)
    for name in frame.columns:
        if name in ("prepared", "released"):
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
        elif name in ("person_id", "event", *LINEAGE) or name in _DATES or pd.api.types.is_numeric_dtype(frame[name]):
            continue
        else:
            frame[name] = pd.Categorical(frame[name], categories=sorted(frame[name].dropna().unique()))
    kinds = {"days": "int64", "follow_up": "int64", "entry": "float64"}
    return frame.astype({name: kind for name, kind in kinds.items() if name in frame})


def _counted(left: Left) -> dict[str, int]:
    """Count the rows that each reason leaves out."""
    import ibis

    found: dict[str, int] = {}
    for table, reasons in left:
        if reasons:
            counts = {
                f"n{i}": ibis.ifelse(reason, 1, 0).sum().cast("int64") for i, reason in enumerate(reasons.values())
            }
            found |= dict(
                zip(reasons, table.aggregate(**counts).to_pandas().iloc[0].fillna(0).astype(int), strict=True)
            )
    return {name: int(n) for name, n in found.items() if n}


def _checked(
    origin: str, event: str | None, unit: str | None, min_days: int, entry_days: float, severity: str,
    until: date | str | None,
) -> date | None:  # fmt: skip
    """Refuse arguments that no cohort can have; return ``until`` as a date."""
    if origin not in UNITS:
        raise InputError(
            f"origin = {origin!r}: follow-up starts at a release or at a detainer's preparation.{nearest(origin, UNITS)}"
        )
    if unit is not None and unit not in UNITS[origin]:
        raise InputError(f"unit = {unit!r} does not go with origin = '{origin}'.{nearest(unit, UNITS[origin])}")
    if event is not None and not event:
        raise InputError(f"event = {event!r}, expected a label.{nearest('', EVENTS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity = {severity!r}.{nearest(severity, SEVERITIES)}")
    if severity != "any" and event not in (None, "rearrest"):
        raise InputError(f"severity = '{severity}' chooses among re-arrests, and event = '{event}'. Leave it out.")
    if not (min_days >= 0 and 0 <= entry_days < float("inf")) or int(min_days) != min_days:
        raise InputError(f"min_days = {min_days}, entry_days = {entry_days}: expected whole days of 0 or more.")
    try:
        return None if until is None else date.fromisoformat(str(until)[:10])
    except ValueError:
        raise InputError(f"until = {until!r}, expected a date such as 2026-01-17.") from None


# ---- what the records hold: detainers, custody, events; expressions of the query engine


def needed(ds: "Dataset", table: str, wanted: str = "") -> "ibis.Table":
    """Return a table of a dataset. Raises InputError that names the ``wanted`` one where there is none."""
    if table not in ds.tables:
        raise InputError(
            f"{ds.name} has no table '{wanted or table}', which this cohort needs: map it in dataset.toml."
        )
    return ds.table(table)


def detainers(ds: "Dataset", choice: Choice) -> "ibis.Table":
    """Return the detainers that count. Raises InputError where the dataset has none."""
    table = needed(ds, "detainers")
    return table.filter(_counts(table, choice))


def _counts(table: "ibis.Table", choice: Choice) -> "ibis.BooleanValue":
    kind = table.request.cast("string").isin(HOLDS)
    return kind & ~table.duplicate_likely if choice.duplicates == "drop" else kind


def _not_counted(table: "ibis.Table", choice: Choice) -> dict[str, "ibis.BooleanValue"]:
    kind = table.request.cast("string")
    reasons = {f"requests of the kind '{name}', not a detainer": kind == name for name in REQUESTS if name not in HOLDS}
    if choice.duplicates == "drop":
        reasons["likely duplicates"] = kind.isin(HOLDS) & table.duplicate_likely
    return reasons


def marked(table: "ibis.Table", choice: Choice, lineage: tuple[str, ...] = LINEAGE) -> "ibis.Table":
    """Return the dated detainers of identified people with ``opens``: whether one starts an episode.

    Rows of one day are in the order of their ``lineage``. Rows without a person are left out here: they would be one
    enormous person to the engine.
    """
    import ibis

    known = table.filter(table.person_id.notnull() & table.prepared.notnull())
    order = [known.prepared, *(known[name] for name in lineage)]
    before = known.prepared.lag().over(ibis.window(group_by=known.person_id, order_by=order))
    known = known.mutate(before=before)
    return known.mutate(
        opens=known.before.isnull() | (known.prepared.delta(known.before, unit="day") > choice.episode_gap)
    )


def _bookings(ds: "Dataset") -> "ibis.Table | None":
    """Return person_id, booked and released, or None where no booking day is known."""
    if "releases" not in ds.tables:
        return None
    table = ds.table("releases")
    return table.select("person_id", "booked", "released") if known(table, "booked") else None


def spells_of(ds: "Dataset") -> "ibis.Table | None":
    """Return the spells in custody (person_id, into, out), or None where no booking day is known."""
    import ibis

    bookings = _bookings(ds)
    if bookings is None:
        return None
    found = spells(bookings, gap_days=0)
    return found.select(
        person_id=found.person_id, into=found.start, out=ibis.coalesce(found.end, ibis.date("9999-12-31"))
    )


def event_dates(
    ds: "Dataset", event: str, severity: str, choice: Choice, spells: "ibis.Table | None" = None
) -> "ibis.Table":
    """Return (person_id, on, held): every date of the event, and whether it is a re-arrest of someone who was held.

    A person who is held cannot be arrested in the community; the day that begins a spell is free.
    """
    import ibis

    if event == "repeat_detainer":
        rows = marked(detainers(ds, choice), choice, ordering(ds, "detainers"))
        found = rows.filter(rows.opens).select("person_id", on="prepared")
    elif event == "rearrest":
        rows = needed(ds, "arrests")
        if severity == "felony":
            rows = rows.filter(rows.severity == "felony")
        elif severity == "violent":
            rows = rows.filter(rows.charge_group.isin(VIOLENT))
        found = rows.select("person_id", on="arrested")
    elif event in EXIT_KINDS:
        rows = needed(ds, "exits")
        found = rows.filter(rows.kind == event).select("person_id", on="date")
    else:
        raise InputError(
            f"{ds.name} has no event '{event}'.{nearest(event, ('rearrest', 'repeat_detainer', *EXIT_KINDS))}"
        )
    if event != "rearrest" or spells is None:
        return found.mutate(held=ibis.literal(value=False))
    # spells of a person are disjoint, so that no event is found twice
    pairs = found.left_join(
        spells, [found.person_id == spells.person_id, found.on > spells.into, found.on <= spells.out]
    )
    return pairs.select(person_id=found.person_id, on=found.on, held=spells.into.notnull())


def arrests_accounted(ds: "Dataset", **choices: object) -> pd.DataFrame:
    """Return what becomes of every arrest in a cohort of re-arrest: the events, and those left out by reason.

    ``choices`` are those of `cohort`, but its event. Returns ``what`` and ``arrests``: the rows of the table of arrests,
    which they add up to. Where people have several starts, an arrest is left out by the reason that holds for all of them.
    Raises InputError as `cohort` does, and where the dataset has no arrests.
    """
    import ibis

    total = int(needed(ds, "arrests").count().to_pandas())
    people = cohort(ds, event="rearrest", **{**choices, "lazy": True})
    severity, least = str(choices.get("severity", "any")), int(choices.get("min_days", 1))
    on = event_dates(ds, "rearrest", severity, people.choice, spells_of(ds) if people.custody else None)
    on = on.group_by("person_id", "on").aggregate(
        rows=on.count(), held=on.held.any()
    )  # what is said of one is said of all
    starts = people.rows.select(who="person_id", start=people.origin, days="days", event="event")
    pairs = on.left_join(starts, on.person_id == starts.who)
    pairs = pairs.mutate(day=pairs.on.delta(pairs.start, unit="day").cast("int64"))
    ended, day = ibis.ifelse(pairs.event == "rearrest", 1, 0) == 1, pairs.day
    each = pairs.group_by("person_id", "on", "rows", "held").aggregate(
        last=day.max(), counts=(day >= least).any(), first=(ended & (day == pairs.days)).any(), after=(ended & (day > pairs.days)).any()
    )  # fmt: skip
    reasons = {
        "not in the cohort": each["last"].isnull(),
        "after the end of follow-up": each.on > ibis.date(people.data_end),
        "before the origin": each["last"] < 0,
        "on the day of origin" if least == 1 else f"before day {least}": ~each.counts,
        "while in custody": each.held,
        "first re-arrests: the events": each["first"],
        "after the first re-arrest": each.after,
        "after custody, removal or death": ibis.literal(value=True),
    }
    each = each.mutate(what=ibis.cases(*((found, what) for what, found in reasons.items())))
    counted = each.group_by("what").aggregate(arrests=each.rows.sum(), days=each.count()).to_pandas().set_index("what")
    counted = counted.reindex(list(reasons), fill_value=0).astype("int64")
    event, rest = "first re-arrests: the events", counted["arrests"].to_dict()
    days = int(counted["days"][event])
    found = {event: days, "further rows of such a day": rest.pop(event) - days, **rest}
    found["not of the kinds that count"] = total - sum(found.values())
    frame = pd.DataFrame({"what": list(found), "arrests": list(found.values())})
    return frame[(frame["arrests"] > 0) | (frame["what"] == event)].reset_index(drop=True)


def data_end(ds: "Dataset", event: str, competing: tuple[str, ...]) -> date:
    """Return the earliest data end of the sources that this cohort needs, less the reporting lag."""
    if missing := without_end(ds, event, competing):
        raise InputError(f"{ds.name}: {no_end(missing)}")
    return min(ds.data_end[source] for source in _sources(ds, event, competing)) - timedelta(days=ds.lag_days)


def without_end(ds: "Dataset", event: str, competing: tuple[str, ...] = EXIT_KINDS) -> list[str]:
    """Return the sources that a cohort needs and for which the dataset gives no data end."""
    return [source for source in _sources(ds, event, competing) if source not in ds.data_end]


def no_end(missing: list[str]) -> str:
    """Return what to do about sources without a data end."""
    return f"data_end has no date for {' and '.join(missing)}. Add it to dataset.toml: the last day on which an event could have been seen."


def _sources(ds: "Dataset", event: str, competing: tuple[str, ...]) -> list[str]:
    first = "detainers" if event == "repeat_detainer" else "exits" if event in EXIT_KINDS else "arrests"
    return [first, *(["exits"] if competing and "exits" in ds.tables and first != "exits" else [])]


# ---- who starts, and what came first


def _starts(
    ds: "Dataset", origin: str, unit: str, end: date, choice: Choice, spells: "ibis.Table | None", keep: tuple[str, ...],
    custody: bool,
) -> tuple["ibis.Table", Left]:  # fmt: skip
    """Return one row a start of follow-up, unique by person and day, and those left out."""
    import ibis

    released = origin == "released"
    rows, left = _from_releases(ds, end, choice, spells, custody) if released else _from_detainers(ds, end, choice)
    for name in keep:
        if name not in rows.columns:
            raise InputError(
                f"keep = {name!r}: {ds.name} has no such column where follow-up starts.{nearest(name, rows.columns)}"
            )
    rows = rows.filter(rows[origin] <= ibis.literal(end))
    if unit.startswith("first"):
        rows = rows.mutate(nth=_nth(rows, origin))
        rows = rows.filter(rows.nth == 0)
    rows = rows.mutate(age=(rows[origin].year() - rows.birth_year).cast("float64"), start=rows[origin])
    if "prepared" not in rows.columns:
        rows = _with_prepared(ds, rows, choice)
    if "released" not in rows.columns:
        rows = rows.mutate(released=ibis.null("date"))
    carried = [name for name in dict.fromkeys((*COVARIATES, *keep, *ds.groups)) if name in rows.columns]
    names = dict.fromkeys(("person_id", "jurisdiction", "prepared", "released", *carried, "age", "start", *LINEAGE))
    return rows.select(*names), left


def _from_detainers(ds: "Dataset", end: date, choice: Choice) -> tuple["ibis.Table", Left]:
    """Detainers that open an episode."""
    import ibis

    every = ds.here(needed(ds, "detainers"))
    known = {**_not_counted(every, choice), **_unusable(every, "prepared", _counts(every, choice))}
    rows = ds.here(marked(detainers(ds, choice), choice, ordering(ds, "detainers")))
    opening = rows.filter(rows.opens)
    return opening, [(every, known), (opening, {"origin after the data end": opening.prepared > ibis.literal(end)})]


def _from_releases(
    ds: "Dataset", end: date, choice: Choice, spells: "ibis.Table | None", custody: bool
) -> tuple["ibis.Table", Left]:
    """Releases to the street, or those of people with a detainer where the dataset has no table of releases."""
    import ibis

    source = needed(ds, "releases" if "releases" in ds.tables else "detainers", "releases")
    every = ds.here(source)
    counts = ibis.literal(value=True) if "releases" in ds.tables else _counts(every, choice)
    other = {} if "releases" in ds.tables else _not_counted(every, choice)
    rows, left = every.filter(counts), []
    if spells is not None:
        inside = [rows.person_id == spells.person_id, rows.released >= spells.into, rows.released < spells.out]
        held = rows.semi_join(spells, inside)
        left.append((held, {"releases within a longer stay in custody": held.source_row.notnull()}))
        rows = every = rows.anti_join(spells, inside)
        counts = ibis.literal(value=True)
    left.append((every, {**other, **_unusable(every, "released", counts)}))
    rows = rows.filter(rows.person_id.notnull() & rows.released.notnull())
    if custody and "exits" in ds.tables:
        exits = ds.table("exits")
        exits = exits.filter(exits.kind.cast("string").isin(HANDED_OVER)).select("person_id", "kind", "date")
        gap = rows.released.delta(exits.date, unit="day")
        at_door = [rows.person_id == exits.person_id, gap >= 0, gap <= 1]
        over = rows.semi_join(exits, at_door)
        left.append((over, {"handed over at the release, not let go": over.source_row.notnull()}))
        rows = rows.anti_join(exits, at_door)
    rows = rows.mutate(again=_nth(rows, "released", of_day=True) > 0)
    late = rows.released > ibis.literal(end)
    left.append(
        (rows, {"origin after the data end": late, "further rows of the same person and day": ~late & rows.again})
    )
    return rows.filter(~rows.again).drop("again"), left


def _unusable(table: "ibis.Table", origin: str, counted: "ibis.BooleanValue") -> dict[str, "ibis.BooleanValue"]:
    linked = table.person_id.notnull()
    return {
        "no person identifier": counted & ~linked,
        f"no date ({origin})": counted & linked & table[origin].isnull(),
    }


def _nth(table: "ibis.Table", day: str, *, of_day: bool = False) -> "ibis.Value":
    """Number each person's rows (or those of one day) from 0 by day, lineage and, where one raw row gave two, what they hold.

    Nothing is ordered by an identifier.
    """
    import ibis

    group = [table.person_id, table[day]] if of_day else [table.person_id]
    order = [day, *LINEAGE, *(name for name in ("booked", *COVARIATES) if name in table.columns)]
    return ibis.row_number().over(ibis.window(group_by=group, order_by=[table[name] for name in order]))


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


def _first_events(
    ds: "Dataset",
    starts: "ibis.Table",
    events: "ibis.Table",
    event: str,
    kinds: tuple[str, ...],
    end: date,
    min_days: int,
) -> tuple["ibis.Table", Left]:
    """Join each start to what happened first within follow-up; on one day the event counts first, then exits in order.

    Day and kind make one number (day x kinds + rank of the kind), whose smallest is what happened first. Returns the
    follow-ups and the events left out.
    """
    import ibis

    until, many = ibis.literal(end), len(kinds) + 1
    order = ("person_id", "on", "rank", "held")
    happened = events.mutate(rank=ibis.literal(0, "int64")).select(*order)
    if kinds:
        exits = ds.table("exits")
        kind = exits.kind.cast("string")
        rank = ibis.cases(*((kind == name, i) for i, name in enumerate(kinds, 1))).cast("int64")
        others = exits.mutate(rank=rank, on=exits.date, held=ibis.literal(value=False))
        happened = happened.union(others.filter(kind.isin(kinds)).select(*order))
    pairs = starts.select("person_id", "start").join(happened, "person_id")
    if event == "repeat_detainer":  # the detainer that starts the follow-up is no repeat of itself
        pairs = pairs.filter((pairs["rank"] > 0) | (pairs.on > pairs.start))
    pairs = pairs.mutate(day=pairs.on.delta(pairs.start, unit="day").cast("int64"), seen=pairs.on <= until)
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
