"""What publishing never reads, written under data/private: rows set aside, with all their raw values, and what linking compares."""

from pathlib import Path
from typing import Self

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.assemble import read_part
from analysis.data.clean import Cleaned
from analysis.data.read import Batch
from analysis.data.spec import Map
from analysis.data.tally import MISFIT
from analysis.data.values import raw_text

ASIDE = pa.schema(
    [(name, pa.int64() if name == "source_row" else pa.string())
     for name in ("table", "source_file", "source_sheet", "source_row", "column", "reason", "found", "raw")]
)  # fmt: skip


def aside_folder(private: Path) -> Path:
    """Return the folder of what a build writes for a while under data/private: nobody else may read it."""
    return private / ".building"


class PrivateFile:
    """Writes parts to one Parquet file under data/private, which is there whole or not at all; for no file it does nothing."""

    def __init__(self, file: Path | None, schema: pa.Schema) -> None:
        self.file, self.schema = file, schema

    def __enter__(self) -> Self:
        if self.file:
            self.beside = self.file.with_name(f".{self.file.name}.building")  # what a killed build left is written over
            self.writer = pq.ParquetWriter(self.beside, self.schema, compression="zstd")
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if self.file:
            self.writer.close()
            if kind is None:
                self.beside.replace(self.file)
            self.beside.unlink(missing_ok=True)

    def add(self, part: Path) -> None:
        """Write a part and take it away."""
        if self.file:
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
    return [pa.Table.from_pandas(rows[ASIDE.names], schema=ASIDE, preserve_index=False) for rows in found]


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
