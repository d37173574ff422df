"""Which rows of a detainer file count as detainers, and which of them start an episode.

In: a dataset's detainers. Out: the same as an expression of the query engine, less requests that ask for no
custody and, where wanted, likely duplicates, with the counts of what was left out.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from analysis.data.errors import InputError, nearest
from analysis.data.tables import LINEAGE, REQUESTS

if TYPE_CHECKING:
    import ibis

    from analysis.data.dataset import Dataset

EPISODE_GAP = 30  # days: detainers of one person at most this far apart are one episode
DUPLICATES = ("keep", "drop")


@dataclass(frozen=True)
class Choice:
    """What counts as a detainer: kinds of request, what becomes of likely duplicates, the longest gap in an episode.

    A row whose kind of request is not known counts by default: most files do not say.
    """

    requests: tuple[str, ...] = ("detainer", "unknown")
    duplicates: str = "keep"
    episode_gap: int = EPISODE_GAP

    def __post_init__(self) -> None:
        for kind in self.requests:
            if kind not in REQUESTS:
                raise InputError(f"requests: {kind!r} is no kind of request.{nearest(str(kind), REQUESTS)}")
        if self.duplicates not in DUPLICATES:
            raise InputError(f"duplicates = {self.duplicates!r}.{nearest(str(self.duplicates), DUPLICATES)}")
        if not (self.episode_gap >= 0 and int(self.episode_gap) == self.episode_gap):
            raise InputError(f"episode_gap = {self.episode_gap}: expected whole days of 0 or more.")

    def described(self) -> dict[str, object]:
        """Return the choice as a cohort's attributes hold it."""
        return {**asdict(self), "requests": list(self.requests)}


def detainers(ds: "Dataset", choice: Choice) -> "ibis.Table":
    """Return the detainers that count. Raises InputError where the dataset has none."""
    table = all_requests(ds)
    return table.filter(counts(table, choice))


def counts(table: "ibis.Table", choice: Choice) -> "ibis.BooleanValue":
    """Return which rows of a dataset's detainers count."""
    kind = table.request.cast("string").isin(choice.requests)
    return kind & ~table.duplicate_likely if choice.duplicates == "drop" else kind


def not_counted(table: "ibis.Table", choice: Choice) -> dict[str, "ibis.BooleanValue"]:
    """Return which rows of a dataset's detainers do not count, by why."""
    kind = table.request.cast("string")
    reasons = {
        f"requests of the kind '{name}', not a detainer": kind == name
        for name in REQUESTS
        if name not in choice.requests
    }
    if choice.duplicates == "drop":
        reasons["likely duplicates"] = kind.isin(choice.requests) & table.duplicate_likely
    return reasons


def marked(table: "ibis.Table", gap: int, lineage: tuple[str, ...] = LINEAGE) -> "ibis.Table":
    """Return the dated detainers of identified people, each with its place in the person's order.

    ``nth`` counts from 0, ``before`` is the day of the one before, ``opens`` says whether it starts an episode: the
    detainers of a person at most ``gap`` days apart are one. Rows of one day are in the order of their ``lineage``. Rows
    without a person are left out here: they would be one enormous person to the engine.
    """
    import ibis

    known = table.filter(table.person_id.notnull() & table.prepared.notnull())
    order = [known.prepared, *(known[name] for name in lineage)]
    window = ibis.window(group_by=known.person_id, order_by=order)
    known = known.mutate(before=known.prepared.lag().over(window), nth=ibis.row_number().over(window))
    return known.mutate(opens=known.before.isnull() | (known.prepared.delta(known.before, unit="day") > gap))


def all_requests(ds: "Dataset") -> "ibis.Table":
    """Return a dataset's detainers, whatever they ask for. Raises InputError where it has none."""
    if "detainers" not in ds.tables:
        raise InputError(f"{ds.name} has no table 'detainers', which this cohort needs: map it in dataset.toml.")
    return ds.table("detainers")
