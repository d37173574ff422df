"""Files that hold typed columns: Parquet and Stata. Dates stay dates and numbers numbers; labels become text."""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.data import read
from analysis.data.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

REPEATED = 5  # bytes a value in a Parquet file below which its texts repeat


def parquet(path: Path, name: str) -> Iterator[read.Batch]:
    """Yield the rows of a Parquet file; row 1 is the first. Nested columns (lists, structs) become JSON text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = 1
    try:
        file = pq.ParquetFile(path)
        found = _folded(file.schema_arrow.names, name)
        # read ahead, it would keep what it has read of the file until the end
        file = pq.ParquetFile(path, read_dictionary=_repeated(file), pre_buffer=False)
        for part in file.iter_batches(batch_size=read.BATCH_ROWS):
            part.validate(full=True)  # text that is not UTF-8 would fail much later, without the file's name
            columns = [_plain(column) for column in part.columns]
            table = pa.Table.from_arrays(columns, names=found)
            yield read.Batch(table, np.arange(first, first + len(table), dtype="int64"))
            first += len(table)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = read.first_line(error)
        raise InputError(f"{name}: not a readable Parquet file, or one cut short ({reason}). Fetch it again.") from None
    if first == 1:
        empty = pd.DataFrame({header: pd.Series(dtype="str") for header in found})
        yield read.Batch(empty, np.empty(0, dtype="int64"))


def _repeated(file: "pq.ParquetFile") -> list[str]:
    """Return the columns whose values repeat: these come as positions in a list of distinct texts, as the file holds them.

    A column of identifiers does not: its list would grow with the rows of a row group.
    """
    size: dict[str, list[int]] = {}
    for group in range(file.num_row_groups):
        columns = file.metadata.row_group(group)
        for i in range(columns.num_columns):
            chunk = columns.column(i)
            if chunk.physical_type == "BYTE_ARRAY" and "." not in chunk.path_in_schema:
                size.setdefault(chunk.path_in_schema, []).append(
                    chunk.total_uncompressed_size // max(chunk.num_values, 1)
                )
    return [name for name, bytes_a_value in size.items() if max(bytes_a_value) < REPEATED]


def as_frame(table: "pa.Table") -> pd.DataFrame:
    """Return Arrow columns as pandas: whole numbers beside blanks keep all their digits, dates are datetime64."""
    import pyarrow as pa

    whole = {
        kind: wide()
        for kind, wide in (
            (pa.int8(), pd.Int8Dtype), (pa.int16(), pd.Int16Dtype), (pa.int32(), pd.Int32Dtype),
            (pa.int64(), pd.Int64Dtype), (pa.uint8(), pd.UInt8Dtype), (pa.uint16(), pd.UInt16Dtype),
            (pa.uint32(), pd.UInt32Dtype), (pa.uint64(), pd.UInt64Dtype), (pa.bool_(), pd.BooleanDtype),
        )
    }  # fmt: skip
    return table.to_pandas(types_mapper=whole.get, date_as_object=False)


def _plain(column: "pa.Array") -> "pa.Array":
    """Return a column of a type that pandas has: nested values as JSON, decimals as numbers or digits."""
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        return pa.array(
            [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()], pa.string()
        )
    if pa.types.is_decimal(column.type):
        digits = pa.int64() if column.type.precision <= 18 else pa.string()  # an identifier keeps all its digits
        return column.cast(digits if column.type.scale == 0 else pa.float64())
    if pa.types.is_float16(column.type):  # which the query engine does not know
        return column.cast(pa.float32())
    values = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if any(test(values) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)):
        return _bytes_as_text(column)
    return _distinct(column) if pa.types.is_dictionary(column.type) else column


def _bytes_as_text(column: "pa.Array") -> "pa.Array":
    """Return bytes as the text that they are in UTF-8, else all of them as hexadecimal digits."""
    import pyarrow as pa

    values = column.to_pylist()
    try:
        return pa.array([None if value is None else value.decode() for value in values], pa.string())
    except UnicodeDecodeError:
        return pa.array([None if value is None else value.hex() for value in values], pa.string())


def _distinct(column: "pa.DictionaryArray") -> "pa.Array":
    """Return a column of labels whose list is no longer than it has rows, each label once and none of them missing."""
    import pyarrow.compute as pc

    labels = column.dictionary
    if len(labels) <= len(column) // 4 and not labels.null_count and len(pc.unique(labels)) == len(labels):
        return column
    return column.cast(labels.type).dictionary_encode() if len(labels) else column


def stata(path: Path, name: str) -> Iterator[read.Batch]:
    """Yield the rows of a Stata file; row 1 is the first. Labelled values are their labels."""
    first = 1
    with _whole(name, lambda: pd.read_stata(path, chunksize=read.BATCH_ROWS)) as reader:
        while (frame := _whole(name, lambda: next(reader, None))) is not None:
            frame.columns = _folded(frame.columns, name)
            yield read.Batch(frame.reset_index(drop=True), np.arange(first, first + len(frame), dtype="int64"))
            first += len(frame)


def _whole(name: str, action: Callable[[], Any]) -> Any:
    """Read a piece of a Stata file. A damaged one fails inside pandas in many ways, and all of them mean the same."""
    try:
        with warnings.catch_warnings():
            # a batch need not hold every label, and old files need not be UTF-8
            warnings.simplefilter("ignore", pd.errors.CategoricalConversionWarning)
            warnings.simplefilter("ignore", UnicodeWarning)
            return action()
    except Exception as error:
        reason = read.first_line(error)
        raise InputError(f"{name}: not a readable Stata file, or one cut short ({reason}). Fetch it again.") from None


def _folded(names: list[object], name: str) -> list[str]:
    folded = [" ".join(str(header).split()) for header in names]
    return read.unique(folded, name, folded)
