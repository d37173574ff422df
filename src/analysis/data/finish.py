"""What can be worked out only when every row is cleaned: who is the same person, which rows are likely duplicates, the tables.

Whole tables are never held here: people without names are linked by their hashed identifiers as rows are cleaned,
duplicates are found, and people linked by name, by the query engine with a memory limit and room to spill, and tables
are put together a row group at a time.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.dataset import dataset

from analysis.data import assemble
from analysis.data.private import aside_folder
from analysis.data.spec import Spec
from analysis.data.write import Part, write_part

if TYPE_CHECKING:
    import ibis

    from analysis.data.crew import Crew

MEMORY = "1GB"  # of the query engine in a build, unless ANALYSIS_MEMORY says otherwise; beyond it spills to disk


class Engine:
    """The query engine of one build, started where it is first asked for, spilling into a folder of the build."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._connection = folder, None

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.disconnect()

    def __call__(self) -> "ibis.BaseBackend":
        """Return the connection."""
        if self._connection is None:
            from analysis.data.engine import scratch

            limit = os.environ.get("ANALYSIS_MEMORY") or MEMORY
            self._connection = scratch(self.folder, limit)
        return self._connection


def link_people(
    spec: Spec, parts: list[Part], folder: Path, private: Path, hashed: Callable[[pd.Series], pd.Series]
) -> None:
    """Link the people of a dataset and write their ``person_id`` into the parts, and into ``folder`` how sure that is.

    Raises InputError where names are to be compared and what compares them is not installed.
    """
    if not any(source.link for source in spec.sources):
        return
    from analysis.data.link import link
    from analysis.data.link_input import source_name

    with Engine(aside_folder(private)) as engine:  # names may spill: into data/private alone
        linked = link(engine().con, private / "linkage.parquet", hashed, spec.link_threshold)
        for part in parts:
            rows = assemble.read_part(part.path)
            at = rows.schema.get_field_index("person_id")
            if at >= 0:
                new = linked.person_ids(rows, source_name(part.file, part.sheet)).cast(rows.schema.field(at).type)
                write_part(rows.set_column(at, rows.schema.field(at), new), part.path)
    counts = pd.DataFrame({"what": list(linked.counts), "rows": list(linked.counts.values())})
    for name, frame in (("report", linked.report), ("model", linked.model), ("counts", counts)):
        frame.to_parquet(folder / f"linkage_{name}.parquet", index=False)


def find_duplicates(
    parts: list[Part], folder: Path, crew: "Crew", engine: Callable[[], "ibis.BaseBackend"]
) -> tuple[Path | None, Counter]:
    """Return a file of the places of detainers that are likely duplicates, and their number by file and sheet.

    ``parts`` are those of the table, in its order; without an identifier in any row there is no such file.
    """
    from analysis.data.engine import read

    keys, found = folder / "keys", folder / "flagged.parquet"
    keys.mkdir()
    jobs = [(number, part.path, keys / f"{number:07d}.parquet") for number, part in enumerate(parts)]
    if not any(list(crew.each("write_keys", jobs, about="detainers"))):
        return None, Counter()
    connection = engine()
    connection.to_parquet(likely_duplicates(read(keys, connection)), str(found))
    counted: Counter = Counter()
    for batch in dataset(found).to_batches(columns=["place"]):
        for number, rows in enumerate(np.bincount(assemble.part_of(batch["place"].to_numpy()), minlength=len(parts))):
            counted[parts[number].file, parts[number].sheet] += int(rows)
    return found, counted


def with_duplicates(quality: pd.DataFrame, counted: Counter) -> pd.DataFrame:
    """Return the quality counts with the number of likely duplicates beside the detainers kept."""
    kept = (quality["table"] == "detainers") & (quality["reason"] == "kept")
    place = zip(quality["source_file"], quality["source_sheet"], strict=True)
    rows = [counted[where] if here else 0 for where, here in zip(place, kept, strict=True)]
    return quality.assign(**{FLAG: np.array(rows, dtype="int64")})


def table_files(
    parts: dict[str, list[Part]], schemas: dict[str, pa.Schema], flagged: Path | None, folder: Path
) -> Iterator[tuple]:
    """Yield the arguments of ``assemble.write_file`` for each file of each table."""
    for table, own in parts.items():
        flag = FLAG if table == "detainers" else None
        for number, slices in enumerate(assemble.files(own)):
            target = folder / f"{table}.parquet" / f"part-{number:05d}.parquet"
            yield slices, schemas[table], flag, flagged if flag else None, target


# ---- detainers that are likely to be one entered twice: flagged, never dropped


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
