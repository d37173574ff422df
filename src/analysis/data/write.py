"""Canonical frames to parts, batch by batch, each table in one schema; and tables back to pandas."""

import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.errors import InputError
from analysis.data.spec import Column, Spec
from analysis.data.tables import LINEAGE, TABLES
from analysis.data.values import as_number, raw_text

_LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Part:
    """Rows that one map made of one batch: their table, their order in it (file, map, batch), and the file that holds them."""

    table: str
    order: tuple[int, int, int]
    rows: int
    path: Path | None
    file: str
    sheet: str


class PartWriter:
    """Writes the rows of each batch to a file of their own, in the schema of their table; with no folder it only checks them."""

    def __init__(self, spec: Spec, folder: Path | None) -> None:
        self.spec, self.folder = spec, folder
        self.linked = any(source.link for source in spec.sources)
        self.schemas: dict[str, pa.Schema] = {}

    def add(self, table: str, frame: pd.DataFrame, file: str, stem: str) -> Path | None:
        """Check a batch against the canonical table and write it. Raises InputError for a covariate of two kinds."""
        check(table, frame, linked=self.linked)
        if table not in self.schemas:
            self.schemas[table] = _schema(table, self.spec, frame)
        arrow = _arrow(frame, self.schemas[table], file)
        if self.folder is None:
            return None
        path = self.folder / f"{table}-{stem}.arrow"
        write_part(arrow, path)
        return path


def write_part(rows: pa.Table, path: Path) -> None:
    """Write rows to a part, in one piece: there is none before it is whole, also where two processes write the same."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
    beside.replace(path)


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
    if kind != "flag" and name in frame.columns and pd.api.types.is_numeric_dtype(frame[name]):
        return pa.float64()
    kind = kind or (rule.kind if rule else "text")
    return (
        {"date": pa.date32(), "number": pa.float64(), "flag": pa.bool_(), "id": pa.string()}.get(kind, _LABEL)
        if isinstance(kind, str)
        else _LABEL
    )


def _arrow(frame: pd.DataFrame, schema: pa.Schema, file: str) -> pa.Table:
    columns = []
    for field in schema:
        if field.name not in frame.columns:
            columns.append(pa.nulls(len(frame), field.type))
        elif field.type == _LABEL:
            columns.append(_labels(frame[field.name]))
        else:
            values = frame[field.name]
            if field.type == pa.float64() and not pd.api.types.is_numeric_dtype(values):
                values = _numbers(values, field.name, file)
            columns.append(pa.array(values, from_pandas=True).cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _labels(values: pd.Series) -> pa.DictionaryArray:
    if pd.api.types.is_numeric_dtype(values):
        text = raw_text(values)
        values = text.where(text != "")
    values = values.astype("category")
    codes = pa.array(values.cat.codes.to_numpy("int32"), mask=(values.cat.codes < 0).to_numpy())
    return pa.DictionaryArray.from_arrays(codes, pa.array(values.cat.categories.astype("str"), pa.string()))


def _numbers(values: pd.Series, name: str, file: str) -> pd.Series:
    numbers, bad = as_number(raw_text(values))
    if bad.any():
        raise InputError(
            f"{file}: '{name}' holds the text '{values[bad].iloc[0]}', and numbers in the files before it. Say which is meant: "
            f'{name} = {{ from = "...", type = "text" }} or type = "number".'
        )
    return numbers


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
        elif vocabulary.get(name) == "flag":
            values = values.astype("boolean")
        columns[name] = values
    return pd.DataFrame(columns, index=frame.index)


# ---- the canonical table's last check before it is written: types, closed vocabularies, filled keys


def check(table: str, frame: pd.DataFrame, *, linked: bool = False) -> None:
    """Raise pandera's SchemaErrors where a cleaned frame is not a canonical table: a fault of the program, not of the data.

    Where people are ``linked`` by name a row may have no person_id yet.
    """
    _checks(table, linked=linked).validate(frame, lazy=True)


@cache
def _checks(table: str, *, linked: bool) -> object:
    import pandera.pandas as pa

    canonical = TABLES[table]
    columns = {}
    for name, kind in canonical.columns.items():
        checks = []
        if isinstance(kind, tuple):
            dtype, checks = pd.CategoricalDtype(pd.Index(kind, dtype="str")), []
        else:
            dtype = {"date": "datetime64[s]", "number": "float64", "flag": "boolean", "id": "str"}.get(kind)
        required = name in canonical.required or not canonical.free
        nullable = name not in canonical.keys or (linked and name == "person_id")
        columns[name] = pa.Column(dtype, checks=checks, nullable=nullable, required=required)
    return pa.DataFrameSchema(columns)
