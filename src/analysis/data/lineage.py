"""By which columns the rows of a table are in the order of the raw files: those of its lineage that differ between rows.

Text is dear to sort by. A file or sheet that all rows of a table share orders nothing, and the table's Parquet
files say so in their statistics, so that no row need be read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from analysis.data.tables import LINEAGE

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def ordering(ds: "Dataset", table: str) -> tuple[str, ...]:
    """Return the lineage columns that put a dataset's table in order; all of them where it does not say that they differ."""
    if not hasattr(ds, "processed"):
        return LINEAGE
    folder = ds.processed / f"{table}.parquet"
    return tuple(name for name in LINEAGE if name == LINEAGE[-1] or not _shared(folder, name))


def _shared(folder: Path, name: str) -> bool:
    """Return whether all rows hold one value of a column, for certain."""
    ends = {end for file in sorted(folder.glob("*.parquet")) for end in _ends(pq.read_metadata(file), name)}
    return len(ends) == 1 and None not in ends


def _ends(file: pq.FileMetaData, name: str) -> Iterator[object]:
    """Yield the least and the greatest value of a column in each row group; None where one is missing or not told."""
    at = file.schema.names.index(name)
    groups = [file.row_group(number) for number in range(file.num_row_groups)]
    for group in (group for group in groups if group.num_rows):
        told = group.column(at).statistics
        known = told is not None and told.has_min_max and told.has_null_count and not told.null_count
        yield from (told.min, told.max) if known else (None,)
