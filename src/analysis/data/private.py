"""Rows set aside, with all their raw values: written under data/private, which publishing never reads."""

import shutil
from pathlib import Path
from typing import Self

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.assemble import read_part
from analysis.data.blocks import Map
from analysis.data.clean import Cleaned
from analysis.data.read import Batch
from analysis.data.tally import MISFIT
from analysis.data.values import raw_text

_PRIVATE = pa.schema(
    [(name, pa.int64() if name == "source_row" else pa.string())
     for name in ("table", "source_file", "source_sheet", "source_row", "column", "reason", "found", "raw")]
)  # fmt: skip


def aside_folder(private: Path) -> Path:
    """Return the folder of what a build writes for a while under data/private: nobody else may read it."""
    return private / ".building"


class PrivateRows:
    """Writes the raw rows set aside to ``set_aside.parquet`` under data/private, whole when all is done."""

    def __init__(self, private: Path | None) -> None:
        self.private = private

    def __enter__(self) -> Self:
        if self.private is not None:
            shutil.rmtree(aside_folder(self.private), ignore_errors=True)
            aside_folder(self.private).mkdir(parents=True, mode=0o700)
            self.beside = (
                self.private / ".set_aside.building.parquet"
            )  # one name: what a killed build left is written over
            self.writer = pq.ParquetWriter(self.beside, _PRIVATE, compression="zstd")
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if self.private is not None:
            self.writer.close()
            if kind is None:
                self.beside.replace(self.private / "set_aside.parquet")
            self.beside.unlink(missing_ok=True)
            shutil.rmtree(aside_folder(self.private), ignore_errors=True)

    def add(self, part: Path) -> None:
        """Write a part of the rows set aside, as ``rows_aside`` gave them, and take the part away."""
        if self.private is not None:
            self.writer.write_table(read_part(part))
            part.unlink()


def rows_aside(result: Cleaned, batch: Batch, mapping: Map, file: str) -> list[pa.Table]:
    """Return a batch's rows set aside, whole, as JSON, and its records that do not fit the header, as text."""
    found = []
    place = {"table": mapping.table, "source_file": file, "source_sheet": batch.sheet}
    if len(result.aside):
        raw = _as_json(batch.frame.iloc[result.aside["at"].to_numpy()])
        found.append(result.aside.assign(raw=raw, **place))
    if batch.broken and not mapping.secondary:
        numbers, texts = zip(*batch.broken, strict=True)
        misfits = {"source_row": numbers, "column": "", "reason": MISFIT, "found": "", "raw": texts}
        found.append(pd.DataFrame({**misfits, **place}))
    return [pa.Table.from_pandas(rows[_PRIVATE.names], schema=_PRIVATE, preserve_index=False) for rows in found]


def _as_json(raw: pd.DataFrame) -> np.ndarray:
    """Return each row as JSON, by the query engine: a wrong map can set a whole file aside."""
    rows = pa.table([_column(values) for _, values in raw.items()], names=[f"{i}" for i in range(raw.shape[1])])
    # the engine takes "Date" and "date" for one name; a number for each column keeps them apart
    keys = ", ".join(f'?::VARCHAR, "{i}"' for i in range(raw.shape[1]))
    with duckdb.connect(config={"temp_directory": ""}) as engine:  # a batch fits into memory: nothing is spilled
        engine.register("raw_rows", rows)
        found = engine.execute(f"SELECT json_object({keys})::VARCHAR FROM raw_rows", [str(h) for h in raw.columns])
        return found.fetchnumpy().popitem()[1]


def _column(values: pd.Series) -> pa.Array:
    try:
        column = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # values of several kinds
        column = pa.array(raw_text(values), from_pandas=True)
    if pa.types.is_duration(column.type):  # one that the query engine cannot hold is an error of it
        column = pa.array(raw_text(values), from_pandas=True)
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
