"""Canonical frames to Parquet, batch by batch, each table in one file with one schema."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.columns import Column
from analysis.data.spec import Spec
from analysis.data.tables import LINEAGE, TABLES

_LABEL = pa.dictionary(pa.int32(), pa.string())


class TableWriter:
    """Writes each table's batches to ``<folder>/<table>.parquet``; with no folder it only checks them."""

    def __init__(self, spec: Spec, folder: Path | None) -> None:
        self.spec, self.folder = spec, folder
        self.writers: dict[str, pq.ParquetWriter] = {}

    def add(self, table: str, frame: pd.DataFrame) -> None:
        """Check a batch against the canonical table and write it."""
        from analysis.data.check import check

        check(table, frame)
        if self.folder is None:
            return
        if table not in self.writers:
            schema = _schema(table, self.spec, frame)
            self.writers[table] = pq.ParquetWriter(self.folder / f"{table}.parquet", schema, compression="zstd")
        writer = self.writers[table]
        writer.write_table(_arrow(frame, writer.schema))

    def close(self) -> None:
        """Finish all files."""
        for writer in self.writers.values():
            writer.close()


def _schema(table: str, spec: Spec, frame: pd.DataFrame) -> pa.Schema:
    """Return the table's schema: canonical columns, then every further column that any block maps or keeps, then lineage."""
    canonical = TABLES[table]
    maps = [part for source in spec.sources for part in source.maps if part.table == table]
    kept = [header for source in spec.sources if table == source.maps[0].table for header in source.keep]
    names = list(frame.columns)
    names += [name for part in maps for name in part.columns if name not in names]
    names += [header for header in kept if header not in names]
    rules = {name: rule for part in maps for name, rule in part.columns.items()}
    fields = [
        (name, _type(name, canonical.columns.get(name), rules.get(name), frame))
        for name in names
        if name not in LINEAGE
    ]
    lineage = [("source_file", _LABEL), ("source_sheet", _LABEL), ("source_row", pa.int64())]
    return pa.schema([*fields, *lineage])


def _type(name: str, kind: object, rule: Column | None, frame: pd.DataFrame) -> pa.DataType:
    if name in frame.columns and pd.api.types.is_numeric_dtype(frame[name]):
        return pa.float64()
    kind = kind or (rule.kind if rule else "text")
    return (
        {"date": pa.date32(), "number": pa.float64(), "id": pa.string()}.get(kind, _LABEL)
        if isinstance(kind, str)
        else _LABEL
    )


def _arrow(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        if field.name not in frame.columns:
            columns.append(pa.nulls(len(frame), field.type))
            continue
        values = frame[field.name]
        if field.type == _LABEL:
            values = values.astype("category")
            array = pa.array(values.cat.codes.to_numpy("int32"), mask=(values.cat.codes < 0).to_numpy())
            columns.append(
                pa.DictionaryArray.from_arrays(array, pa.array(values.cat.categories.astype("str"), pa.string()))
            )
        else:
            columns.append(pa.array(values, from_pandas=True).cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def read_table(path: Path, table: str) -> pd.DataFrame:
    """Return a processed table as pandas: labels as categoricals, dates as datetime64[s], whole numbers as int64."""
    arrow = pq.read_table(path)
    for i, field in enumerate(arrow.schema):
        if pa.types.is_date(field.type):
            arrow = arrow.set_column(i, field.name, arrow.column(i).cast(pa.timestamp("s")))
    frame = arrow.to_pandas()
    vocabulary = TABLES[table].columns
    columns = {}
    for name, values in frame.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            labels = vocabulary.get(name)
            order = list(labels) if isinstance(labels, tuple) else sorted(values.cat.categories)
            values = values.cat.set_categories(pd.Index(order, dtype="str"))
        elif values.dtype == "float64" and values.notna().all() and (values == values.round()).all():
            values = values.astype("int64")
        columns[name] = values
    return pd.DataFrame(columns, index=frame.index)


def write_private(parts: Iterable[pd.DataFrame], private: Path) -> None:
    """Write the raw rows set aside to ``set_aside.parquet`` under data/private."""
    private.mkdir(parents=True, exist_ok=True)
    filled = [part for part in parts if len(part)]
    order = ["table", "source_file", "source_sheet", "source_row", "column", "reason", "found", "raw"]
    whole = (
        pd.concat(filled, ignore_index=True)[order]
        if filled
        else pd.DataFrame({name: pd.Series(dtype="str") for name in order})
    )
    beside = private / f".set_aside.{os.getpid()}.parquet"
    whole.to_parquet(beside, index=False)
    beside.replace(private / "set_aside.parquet")
