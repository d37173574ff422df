"""Sources that give durations and no dates: their rows as a cohort's.

In: a dataset whose ``follow_up`` table holds, for each person or release, the time to the first event or
to the end of follow-up. Out: the columns of a cohort. What happened after the first event is not known,
so that nobody can be followed through a competing event here.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.data.jurisdictions import inside
from analysis.data.tables import EXIT_KINDS, LINEAGE

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def follow_up_rows(
    ds: "Dataset", origin: str, event: str | None, competing: tuple[str, ...]
) -> tuple[pd.DataFrame, str, list[str], dict[str, int]]:
    """Return the rows of ``follow_up`` in a cohort's columns, the event, the competing events there are, and what was left out.

    Raises InputError for an origin other than release, an event that is not there, and a choice between events
    that is not made.
    """
    if origin != "released":
        raise InputError(
            f"{ds.name} gives durations from release and no dates: origin = '{origin}' is not to be had from it."
        )
    frame = inside(ds.frame("follow_up"), getattr(ds, "jurisdiction", ""))
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
    columns = {"person_id": pd.Series(None, index=frame.index, dtype="str")} if "person_id" not in frame else {}
    extra = [name for name in frame.columns if name not in ("days", "event", *LINEAGE)]
    frame = frame[[*extra, "days", "event"]].assign(**columns)
    frame["event"] = frame["event"].cat.set_categories([event, *present])
    planned = ds.follow_up
    if "follow_up" not in frame:
        frame["follow_up"] = float("nan") if planned is None else planned
    frame["entry"] = np.nan
    first = ["person_id", *(name for name in ("jurisdiction", "prepared", "released") if name in frame)]
    rest = [name for name in frame.columns if name not in (*first, "follow_up", "entry", "days", "event")]
    frame = frame[[*first, *rest, "follow_up", "entry", "days", "event"]]
    return frame, event, present, left_out


def check_kinds(competing: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse a competing event that is not a known one."""
    for kind in competing:
        if kind not in known:
            raise InputError(f"competing = {kind!r} is no kind of exit.{nearest(str(kind), known)}")
