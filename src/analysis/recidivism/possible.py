"""Which follow-ups a dataset allows: from what origin, to what event.

In: a dataset. Out: pairs for ``cohort``, the most direct first, so that a report can take the first that it can
tell about, and can say why where there is none.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def possible(ds: "Dataset") -> list[tuple[str, str | None]]:
    """Return (origin, event) of every follow-up that the dataset's tables, identifiers and data ends allow.

    Re-arrest after a release, after a detainer's preparation, and the repeat detainer, which needs detainers with
    person identifiers alone. Sources that give durations have one follow-up, whose event is their own (None).
    """
    if "follow_up" in ds.tables:
        return [("released", None)]
    linked = "detainers" in ds.tables and bool(ds.table("detainers").person_id.notnull().any().to_pandas())
    found: list[tuple[str, str | None]] = []
    if "arrests" in ds.tables:
        released = "releases" in ds.tables or (linked and _any_release(ds))
        found += [("released", "rearrest")] if released else []
        found += [("prepared", "rearrest")] if linked else []
    if linked and "detainers" in ds.data_end:
        found.append(("prepared", "repeat_detainer"))
    return found


def _any_release(ds: "Dataset") -> bool:
    return bool(ds.table("detainers").released.notnull().any().to_pandas())
