"""Which follow-ups a dataset allows, and the cohort of a source that gives durations and no dates.

In: a dataset. Out: pairs of origin and event for ``cohort``, the most direct first, and in words why there is none; for a
``follow_up`` table, which holds for each person or release the time to the first event or to the end of follow-up, its rows
as a cohort. What happened after the first event is not known there, so that nobody can be followed through a competing one.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data.engine import known
from analysis.data.errors import InputError, nearest
from analysis.data.tables import EXIT_KINDS, LINEAGE
from analysis.recidivism.cohort import Cohort, no_end, without_end

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

MISSES = (
    "A repeat detainer depends on how readily detainers are lodged, which changes with federal priorities and with local policy: "
    "a rise is not a rise in arrests. A form that supersedes another more than 30 days later counts as a new episode, and so does a detainer "
    "that follows a person from one jail to the next after that time. People without an identifier are in no figure, and one person under two "
    "identifiers is two people without a repeat. A person who departs is no longer at risk, and one who left unseen counts as free of a repeat."
)


def possible(ds: "Dataset") -> list[tuple[str, str | None]]:
    """Return (origin, event) of every follow-up that the dataset's tables, identifiers and data ends allow.

    Re-arrest after a release, after a detainer's preparation, and the repeat detainer, which needs detainers with
    person identifiers alone. Sources that give durations have one follow-up, whose event is their own (None).
    """
    if "follow_up" in ds.tables:
        return [("released", None)]
    return [(origin, event) for origin, event in _by_tables(ds) if not without_end(ds, event)]


def why_none(ds: "Dataset") -> str:
    """Return, for a reader, why a dataset allows no follow-up; empty where it allows one."""
    if possible(ds):
        return ""
    if "detainers" in ds.tables and not _linked(ds):
        return (
            "The detainers carry no person identifier: which of them concern one person cannot be told, so nothing that came "
            "later can be linked to any of them."
        )
    if by_tables := _by_tables(ds):
        return f"Nobody can be followed: {no_end(without_end(ds, by_tables[0][1]))}"
    if "releases" in ds.tables:
        return "The records hold releases and nothing that came after them: no arrests are linked."
    return "The records hold neither releases, nor detainers, nor times of follow-up."


def severities(ds: "Dataset") -> dict[str, str]:
    """Return the severities to which re-arrests can be restricted, each with words for how often it is unknown.

    Felony asks for the arrests' severity, violent for their charge group: where that is known for none, an arrest of
    unknown severity would be taken for one that is neither.
    """
    arrests = ds.table("arrests")
    found = {}
    for name, column in (("felony", "severity"), ("violent", "charge_group")):
        known = float((arrests[column].cast("string").fill_null("unknown") != "unknown").mean().to_pandas())
        if known > 0:
            share = "under 1" if known > 0.99 else "over 99" if known < 0.01 else f"{100 - 100 * known:.0f}"
            words = f" ({column.replace('_', ' ')} unknown for {share}\u00a0% of arrests)"
            found[name] = words if known < 1 else ""
    return found


def why_nobody(cohort: Cohort) -> str:
    """Return, for a reader, why a cohort has no rows. It holds no counts: few people may stand behind a reason."""
    end = cohort.data_end
    until = (
        f" Follow-up ends on {end}, the earliest data end of the sources needed, less the reporting lag." if end else ""
    )
    why = "; ".join(cohort.left_out).replace("_", " ") or "no row starts a follow-up"
    return f"Nobody in these records can be followed: {why}.{until}"


def why_not_detained(ds: "Dataset") -> str:
    """Return, for a reader, why people cannot be followed from a detainer; for datasets that have detainers."""
    if _linked(ds):
        return why_none(ds)
    if "arrests" not in ds.tables:
        return "These records hold no person identifier and no arrests: what became of people cannot be followed."
    return (
        "The detainers carry no person identifier, so no arrest can be laid beside them: what became of people cannot be followed. "
        "Where names and births are known, [files.link] in dataset.toml links them."
    )


def _by_tables(ds: "Dataset") -> list[tuple[str, str]]:
    """The follow-ups that tables and identifiers allow, whether or not a data end is known."""
    linked, found = _linked(ds), []
    if "arrests" in ds.tables:
        if "releases" in ds.tables or (linked and known(ds.table("detainers"), "released")):
            found.append(("released", "rearrest"))
        found += [("prepared", "rearrest")] if linked else []
    return [*found, ("prepared", "repeat_detainer")] if linked else found


def _linked(ds: "Dataset") -> bool:
    return "detainers" in ds.tables and known(ds.table("detainers"), "person_id")


def from_durations(ds: "Dataset", origin: str, event: str | None, competing: tuple[str, ...]) -> Cohort:
    """Return the rows of ``follow_up`` as a cohort.

    Raises InputError for an origin other than release, an event that is not there, and a choice between events
    that is not made.
    """
    if origin != "released":
        raise InputError(
            f"{ds.name} gives durations from release and no dates: origin = '{origin}' is not to be had from it."
        )
    frame = ds.here(ds.frame("follow_up"))
    labels = list(frame["event"].cat.categories)
    check_kinds(competing, (*EXIT_KINDS, *labels))
    own = [label for label in labels if label not in competing]
    if event is None and len(own) > 1:
        raise InputError(f"{ds.name} holds several events: say event = one of {', '.join(own)}, and which compete.")
    if event is None:
        event = next(iter(own or labels), "rearrest")
    elif event not in labels and len(labels):
        raise InputError(f"{ds.name} has no event '{event}'.{nearest(event, labels)}")
    present = [label for label in competing if label in labels and label != event]
    # a duration ends at its first event: what came after one that does not compete is not known
    other = frame["event"].where(~frame["event"].isin([event, *present])).dropna().astype("str").value_counts()
    left_out = {f"followed to '{label}' alone, taken as censored then": int(n) for label, n in other.items()}
    frame["event"] = frame["event"].cat.set_categories([event, *present])
    frame["entry"] = np.nan
    for name, common in (("follow_up", ds.follow_up), ("person_id", None)):
        if name not in frame:
            frame[name] = pd.Series(common, frame.index, dtype="str" if name == "person_id" else "float64")
    first, last = ["person_id", "jurisdiction", "prepared", "released"], ["follow_up", "entry", "days", "event"]
    rest = [name for name in frame if name not in (*first, *last, *LINEAGE)]
    return Cohort(
        frame[[*(name for name in first if name in frame), *rest, *last]], event, origin, f"every {ds.one_row_per}",
        ds.one_row_per, ds.time_unit, tuple(present), ds.name, ds.area, None, ds.follow_up, left=left_out,
    )  # fmt: skip


def check_kinds(competing: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse a competing event that is not a known one."""
    for kind in competing:
        if kind not in known:
            raise InputError(f"competing = {kind!r} is no kind of exit.{nearest(str(kind), known)}")
