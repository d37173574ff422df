"""Detainers that are likely to be one entered twice: flagged, never dropped.

The rule of the Deportation Data Project: the same person and a gap of at most 24 hours. Files hold days and not
hours, so that a gap of at most one day is meant. A row without a person identifier is never called a duplicate.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis

FLAG = "duplicate_likely"
GAP_DAYS = 1


def likely_duplicates(keys: "ibis.Table") -> "ibis.Table":
    """Return the places of the rows that follow another of the same person by at most GAP_DAYS days.

    ``keys`` holds person_id, prepared (a date) and place, which orders the rows of one day: the first of them is none.
    Rows without a person or date are never flagged.
    """
    import ibis

    known = keys.filter(keys.person_id.notnull() & keys.prepared.notnull())
    order = ibis.window(group_by=known.person_id, order_by=[known.prepared, known.place])
    near = known.mutate(gap=known.prepared.delta(known.prepared.lag().over(order), unit="day"))
    return near.filter(near.gap <= GAP_DAYS).select("place").order_by("place")
