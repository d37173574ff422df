"""Parquet and Stata files: columns of every type under the headers of the map, nested and extreme ones among them."""

import datetime as dt
import decimal
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from analysis.torture.case import Case
from analysis.torture.cells import FIRST, cell
from analysis.torture.maps import HEADERS, good_map
from analysis.torture.toml_text import to_toml

_BIG = decimal.Decimal("9" * 38)
_COLUMNS: tuple[tuple[pa.DataType, tuple], ...] = (
    (pa.int8(), (-128, 127, None)),
    (pa.int64(), (0, 2**63 - 1, -(2**63), None)),
    (pa.uint64(), (2**64 - 1, 1, None)),
    (pa.bool_(), (True, False, None)),
    (pa.float32(), (0.1, float("nan"), float("inf"), None)),
    (pa.float64(), (1e308, -0.0, float("nan"), 43831.0, None)),
    (pa.float16(), (None,)),
    (pa.date32(), (dt.date(1, 1, 1), dt.date(2020, 1, 1), dt.date(9999, 12, 31), None)),
    (pa.date64(), (dt.date(2020, 1, 1), dt.date(1600, 1, 1), None)),
    (pa.timestamp("s"), (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31), None)),
    (pa.timestamp("ns"), (dt.datetime(2020, 1, 1, 1), None)),
    (pa.timestamp("us", "America/New_York"), (dt.datetime(2020, 1, 1, 23, 30, tzinfo=dt.UTC), None)),
    (pa.timestamp("ms", "UTC"), (dt.datetime(9999, 12, 31, tzinfo=dt.UTC), None)),
    (pa.time32("s"), (dt.time(1, 2, 3), None)),
    (pa.duration("s"), (dt.timedelta(days=10**6), None)),
    (pa.decimal128(38, 0), (_BIG, None)),
    (pa.decimal128(18, 2), (decimal.Decimal("1.50"), None)),
    (pa.decimal256(76, 0), (_BIG, None)),
    (pa.binary(), (b"\xff\x00", b"1", None)),
    (pa.large_string(), ("2020-01-01", None)),
    (pa.null(), (None,)),
    (pa.list_(pa.int64()), ([1, 2], [], None)),
    (pa.struct([("a", pa.string())]), ({"a": "é"}, None)),
    (pa.map_(pa.string(), pa.int64()), ([("a", 1)], None)),
    (pa.dictionary(pa.int8(), pa.string()), ("F", "M", None)),
    (pa.binary(4), (b"abcd", None)),
    (pa.string(), ("2020-01-01", "1", "", None)),
)


@st.composite
def parquet_case(draw: st.DrawFn) -> Case:
    """Return a dataset of one Parquet file with typed columns; every row of the file is a row."""
    count = draw(st.integers(0, 6))
    columns, names = [], []
    for header in HEADERS:
        if draw(st.integers(0, 2)):
            values = [FIRST[header], *(draw(cell(header)) for _ in range(count))]
            columns.append(pa.array(values[:count], pa.string()))
        else:
            kind, pool = draw(st.sampled_from(_COLUMNS))
            columns.append(pa.array([draw(st.sampled_from(pool)) for _ in range(count)], kind))
        names.append(header)
    for _ in range(draw(st.integers(0, 1))):
        names.append(draw(st.sampled_from(("id", "Id", " id", "", "x.y", "é", "source_row", "a" * 500))))
        columns.append(pa.array([1] * count, pa.int64()))
    held = io.BytesIO()
    options = {
        "compression": draw(st.sampled_from(("NONE", "SNAPPY", "ZSTD", "GZIP"))),
        "version": draw(st.sampled_from(("1.0", "2.6"))),
    }
    # a row whose every value is missing is no row
    rows = sum(any(_there(column[i]) for column in columns) for i in range(count))
    try:
        pq.write_table(pa.Table.from_arrays(columns, names=names), held, row_group_size=3, **options)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):  # what the older version cannot hold
        pq.write_table(pa.table({header: ["1"] for header in HEADERS}), held := io.BytesIO())
        rows = None
    return Case(
        "parquet", {"dataset.toml": to_toml(good_map("a.parquet")).encode(), "a.parquet": held.getvalue()}, rows
    )


def _there(value: pa.Scalar) -> bool:
    return value.is_valid


@st.composite
def stata_case(draw: st.DrawFn) -> Case:
    """Return a dataset of one Stata file."""
    count = draw(st.integers(1, 6))
    drawn = {header: [FIRST[header], *(draw(cell(header)) for _ in range(count - 1))] for header in HEADERS}
    frame = pd.DataFrame({header: [text.replace("\0", "")[:200] for text in texts] for header, texts in drawn.items()})
    frame["n"] = draw(st.lists(st.floats(-1e30, 1e30), min_size=count, max_size=count))
    frame["d"] = pd.Timestamp("2020-01-01")
    frame["c"] = pd.Categorical(["a", *["b"] * (count - 1)])
    held = io.BytesIO()
    frame.to_stata(held, write_index=False, version=draw(st.sampled_from((118, 119))))
    return Case("dta", {"dataset.toml": to_toml(good_map("a.dta")).encode(), "a.dta": held.getvalue()}, count)
