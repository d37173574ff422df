"""Which follow-ups a dataset allows: from what origin, to what event.

In: a dataset. Out: pairs for ``cohort``, the most direct first, so that a report can take the first that it can
tell about, and can say why where there is none.
"""

from typing import TYPE_CHECKING

from analysis.recidivism.follow import no_end, without_end

if TYPE_CHECKING:
    import pandas as pd

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


def why_nobody(cohort: "pd.DataFrame") -> str:
    """Return, for a reader, why a cohort has no rows. It holds no counts: few people may stand behind a reason."""
    end = cohort.attrs["data_end"]
    until = (
        f" Follow-up ends on {end}, the earliest data end of the sources needed, less the reporting lag." if end else ""
    )
    why = "; ".join(cohort.attrs["left_out"]).replace("_", " ") or "no row starts a follow-up"
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
    linked = _linked(ds)
    found = []
    if "arrests" in ds.tables:
        released = "releases" in ds.tables or (linked and _any_release(ds))
        found += [("released", "rearrest")] if released else []
        found += [("prepared", "rearrest")] if linked else []
    return [*found, ("prepared", "repeat_detainer")] if linked else found


def _linked(ds: "Dataset") -> bool:
    return "detainers" in ds.tables and bool(ds.table("detainers").person_id.notnull().any().to_pandas())


def _any_release(ds: "Dataset") -> bool:
    return bool(ds.table("detainers").released.notnull().any().to_pandas())
