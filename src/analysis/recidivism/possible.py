"""Which follow-ups a dataset allows: from what origin, to what event.

In: a dataset. Out: pairs for ``cohort``, the most direct first, so that a report can take the first that it can
tell about, and can say why where there is none.
"""

from typing import TYPE_CHECKING

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
    linked = _linked(ds)
    found: list[tuple[str, str | None]] = []
    if "arrests" in ds.tables:
        released = "releases" in ds.tables or (linked and _any_release(ds))
        found += [("released", "rearrest")] if released else []
        found += [("prepared", "rearrest")] if linked else []
    if linked and "detainers" in ds.data_end:
        found.append(("prepared", "repeat_detainer"))
    return found


def why_none(ds: "Dataset") -> str:
    """Return, for a reader, why a dataset allows no follow-up; empty where it allows one."""
    if possible(ds):
        return ""
    if "detainers" in ds.tables and not _linked(ds):
        return (
            "The detainers carry no person identifier: which of them concern one person cannot be told, so nothing that came "
            "later can be linked to any of them."
        )
    if "detainers" in ds.tables:
        return "data_end in dataset.toml does not say until when a further detainer could have been seen, and no arrests are linked."
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


def _linked(ds: "Dataset") -> bool:
    return "detainers" in ds.tables and bool(ds.table("detainers").person_id.notnull().any().to_pandas())


def _any_release(ds: "Dataset") -> bool:
    return bool(ds.table("detainers").released.notnull().any().to_pandas())
