"""The lineage columns that order a table's rows: all that are not the same in every row, as its files say."""

from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.data.lineage import ordering
from analysis.data.tables import LINEAGE


def dataset(tmp_path, *parts):
    folder = tmp_path / "detainers.parquet"
    folder.mkdir()
    for number, rows in enumerate(parts):
        frame = pd.DataFrame(rows, columns=list(LINEAGE))
        label = pa.dictionary(pa.int32(), pa.string())
        schema = pa.schema([("source_file", label), ("source_sheet", label), ("source_row", pa.int64())])
        pq.write_table(pa.Table.from_pandas(frame, schema=schema), folder / f"part-{number}.parquet", row_group_size=2)
    return SimpleNamespace(processed=tmp_path)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([[("a.csv", "", 1), ("a.csv", "", 2), ("a.csv", "", 3)]], LINEAGE[2:]),
        ([[("a.csv", "", 1)], [("b.csv", "", 1)]], ("source_file", "source_row")),
        ([[("a.xlsx", "one", 1), ("a.xlsx", "one", 2), ("a.xlsx", "two", 1)]], ("source_sheet", "source_row")),
        ([[("a.csv", None, 1), ("a.csv", "", 2)]], ("source_sheet", "source_row")),
        ([[("a.csv", "", 1)], []], LINEAGE[2:]),
    ],
)
def test_what_all_rows_share_orders_nothing(tmp_path, parts, expected):
    assert ordering(dataset(tmp_path, *parts), "detainers") == expected


def test_tables_of_no_files_are_ordered_by_all_of_it():
    assert ordering(SimpleNamespace(), "detainers") == LINEAGE
