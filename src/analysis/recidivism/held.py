"""Custody between releases: releases that ended none, and arrests of people who were held, as expressions of the query engine.

In: a dataset whose releases have booking days too. Out: spells in custody (bookings that overlap, or meet on one
day, are one), and by them the releases that left a person free and the events that can have happened outside. A
person who is held cannot be arrested in the community, and a transfer is no release.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset


def spells_of(ds: "Dataset") -> "ibis.Table | None":
    """Return the spells in custody (person_id, start, end), or None where no booking day is known."""
    from analysis.data.spells import spells

    if "releases" not in ds.tables:
        return None
    bookings = ds.table("releases")
    known = bookings.booked.notnull().any().to_pandas()
    return spells(bookings.select("person_id", "booked", "released"), gap_days=0) if known else None


def freed(releases: "ibis.Table", spells: "ibis.Table") -> "ibis.Table":
    """Return the releases that ended custody: no spell of the person goes on past that day."""
    held = _ends(spells)
    day = releases.released
    return releases.anti_join(held, [releases.person_id == held.person_id, day >= held.into, day < held.out])


def within(releases: "ibis.Table", spells: "ibis.Table") -> "ibis.Table":
    """Return the other releases: those within a longer stay in custody."""
    held = _ends(spells)
    day = releases.released
    return releases.semi_join(held, [releases.person_id == held.person_id, day >= held.into, day < held.out])


def marked_held(events: "ibis.Table", spells: "ibis.Table | None") -> "ibis.Table":
    """Return the events (person_id, on) with ``held``: whether the person was held; the day that begins a spell is free."""
    import ibis

    if spells is None:
        return events.mutate(held=ibis.literal(value=False))
    held = _ends(spells)
    # spells of a person are disjoint, so that no event is found twice
    found = events.left_join(held, [events.person_id == held.person_id, events.on > held.into, events.on <= held.out])
    return found.select(person_id=found.person_id, on=found.on, held=found.into.notnull())


def _ends(spells: "ibis.Table") -> "ibis.Table":
    import ibis

    never = ibis.date("9999-12-31")
    return spells.select(person_id=spells.person_id, into=spells.start, out=ibis.coalesce(spells.end, never))
