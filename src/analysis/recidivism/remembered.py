"""Cohorts remembered in a process: building one takes half a second, and a report asks for the same one several times.

What is remembered is what a dataset's files and the arguments alone decide, for all its places at once, so that a sweep over
a hundred places asks the query engine once. Only datasets of up to a million rows take part; of a larger one each
cohort is made from the rows that it needs and forgotten.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from analysis.data.state import MANIFEST

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

MOST_ROWS = 1_000_000  # of a dataset's largest table
MOST_KEPT = 5_000_000  # rows of all remembered cohorts together

_kept: OrderedDict[Hashable, tuple[pd.DataFrame, pd.DataFrame]] = OrderedDict()


def is_small(ds: "Dataset") -> bool:
    """Return whether the cohorts of a dataset are remembered; those of tables that no build made are not."""
    if not hasattr(ds, "processed"):
        return False
    return all(_rows(ds.processed / f"{name}.parquet") <= MOST_ROWS for name in ds.tables)


def remembered(
    ds: "Dataset", arguments: Hashable, make: Callable[[], tuple[pd.DataFrame, pd.DataFrame]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows and counts that ``make`` gives, from memory where it gave them before.

    A dataset that was built again is another one. The frames are shared: callers must not change them.
    """
    key = (str(ds.processed), (ds.processed / MANIFEST).stat().st_mtime_ns, arguments)
    if key not in _kept:
        _kept[key] = make()
        while len(_kept) > 1 and sum(len(rows) for rows, _ in _kept.values()) > MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _rows(path: Path) -> int:
    parts = path.glob("*.parquet") if path.is_dir() else (path,)
    return sum(pq.read_metadata(part).num_rows for part in parts)
