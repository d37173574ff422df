"""Detainers that are likely to be one entered twice: flagged, never dropped.

The rule of the Deportation Data Project: the same person and a gap of at most 24 hours. Files hold days and not
hours, so that a gap of at most one day is meant. A row without a person identifier is never called a duplicate.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.day_numbers import day_numbers
from analysis.data.tables import LINEAGE

FLAG = "duplicate_likely"
GAP_DAYS = 1


def likely_duplicates(person: pd.Series, prepared: pd.Series) -> np.ndarray:
    """Return which rows follow another of the same person by at most GAP_DAYS days; of one day, the first in order is none."""
    codes, _ = pd.factorize(person)
    days = day_numbers(prepared)
    order = np.lexsort((np.arange(len(codes)), days, codes))
    same = (np.diff(codes[order]) == 0) & (codes[order][1:] >= 0)
    near = np.diff(days[order]) <= GAP_DAYS
    flags = np.zeros(len(codes), dtype=bool)
    dated = prepared.notna().to_numpy()[order]
    flags[order[1:]] = same & near & dated[1:] & dated[:-1]
    return flags


def flag_file(path: Path) -> pd.DataFrame:
    """Add the flag to a processed table of detainers; return the flagged rows by source_file and source_sheet.

    The new file takes the old one's place whole.
    """
    keys = pq.read_table(path, columns=["person_id", "prepared", *LINEAGE]).to_pandas()
    flags = likely_duplicates(keys["person_id"], keys["prepared"])
    beside = path.with_name(f".{path.name}.flagged")
    with pq.ParquetFile(path) as table:
        schema = table.schema_arrow.append(pa.field(FLAG, pa.bool_()))
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            start = 0
            for i in range(table.num_row_groups):
                part = table.read_row_group(i)
                writer.write_table(part.append_column(schema.field(FLAG), pa.array(flags[start : start + len(part)])))
                start += len(part)
    beside.replace(path)
    flagged = keys.loc[flags, list(LINEAGE[:2])].astype("str")
    return flagged.groupby(list(LINEAGE[:2])).size().rename(FLAG).reset_index()
