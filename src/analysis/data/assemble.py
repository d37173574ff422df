"""The parts of a table put together: one folder of Parquet files of fixed length, whatever batches the rows came in.

In: the parts that cleaning wrote, in the order of the raw files, and the rows flagged as likely duplicates. Out:
``<table>.parquet/part-00000.parquet`` and so on. Files, row groups and their lists of labels depend on the rows alone,
so that every byte is the same for any size of batch and any number of processes. At most a row group is in memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.write import Part

GROUP_ROWS = 1 << 17  # rows of a row group
FILE_ROWS = 1 << 19  # rows of a file: what one process writes at a time
_SHIFT = 32  # a row's place: the number of its part, then its number in the part


class Slice(NamedTuple):
    """Some rows of a part: the part's number in its table, its file, first row and row after the last."""

    part: int
    path: Path
    start: int
    stop: int


def place(part: int, row: int | np.ndarray) -> int | np.ndarray:
    """Return a row's place in its table: places are in the order of the rows."""
    return (part << _SHIFT) + row


def part_of(places: np.ndarray) -> np.ndarray:
    """Return the number of the part that a place lies in."""
    return places >> _SHIFT


def files(parts: list[Part]) -> Iterator[list[Slice]]:
    """Yield, for each file of a table, the rows that go into it: FILE_ROWS rows, the last file's fewer."""
    own: list[Slice] = []
    room = FILE_ROWS
    for number, part in enumerate(parts):
        at = 0
        while at < part.rows:
            taken = min(room, part.rows - at)
            own.append(Slice(number, part.path, at, at + taken))
            at, room = at + taken, room - taken
            if not room:
                yield own
                own, room = [], FILE_ROWS
    if own or not sum(part.rows for part in parts):
        yield own


def write_file(slices: list[Slice], schema: pa.Schema, flag: str | None, flagged: Path | None, target: Path) -> None:
    """Write one file of a table; with ``flag``, a column of that name that is true at the places held in ``flagged``."""
    schema = schema.append(pa.field(flag, pa.bool_())) if flag else schema
    hits = _places(slices, flagged)
    target.parent.mkdir(exist_ok=True)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for rows in _groups(slices, flag, hits):
            writer.write_table(pa.Table.from_arrays([_canonical(column) for column in rows.columns], schema=schema))


def read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Return a part, or some of its columns."""
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        if columns is not None:
            fields = [reader.schema.get_field_index(name) for name in columns]
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=fields))
        return reader.read_all()


def write_keys(number: int, part: Path, target: Path) -> bool:
    """Write what tells likely duplicates, and the places of the rows, of part ``number``; return whether a row names a person."""
    own = read_part(part, ["person_id", "prepared"])
    places = pa.array(place(number, np.arange(len(own), dtype="int64")))
    columns = [own["person_id"].cast(pa.string()), own["prepared"].cast(pa.date32()), places]
    pq.write_table(pa.Table.from_arrays(columns, names=["person_id", "prepared", "place"]), target, compression="lz4")
    return own["person_id"].null_count < len(own)


def _places(slices: list[Slice], flagged: Path | None) -> np.ndarray:
    if flagged is None or not slices:
        return np.empty(0, dtype="int64")
    low, high = place(slices[0].part, slices[0].start), place(slices[-1].part, slices[-1].stop)
    return pq.read_table(flagged, filters=[("place", ">=", low), ("place", "<", high)])["place"].to_numpy()


def _groups(slices: list[Slice], flag: str | None, hits: np.ndarray) -> Iterator[pa.Table]:
    """Yield the rows of one row group after the other."""
    held: list[pa.Table] = []
    count = 0
    for part, path, start, stop in slices:
        rows = read_part(path).slice(start, stop - start)
        if flag:
            marks = np.zeros(len(rows), dtype=bool)
            own = hits[(hits >= place(part, start)) & (hits < place(part, stop))]
            marks[own - place(part, start)] = True
            rows = rows.append_column(flag, pa.array(marks))
        held.append(rows)
        count += len(rows)
        while count >= GROUP_ROWS:
            whole = pa.concat_tables(held)
            yield whole.slice(0, GROUP_ROWS)
            held, count = [whole.slice(GROUP_ROWS)], count - GROUP_ROWS
    if count:
        yield pa.concat_tables(held)


def _canonical(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; labels as a list of those that are there, in their order."""
    if not pa.types.is_dictionary(column.type):
        whole = column.combine_chunks()
        return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    parts = column.unify_dictionaries().chunks
    labels = parts[0].dictionary.to_pylist()
    codes = np.concatenate([part.indices.fill_null(-1).to_numpy(zero_copy_only=False) for part in parts])
    there = np.flatnonzero(np.bincount(codes + 1, minlength=len(labels) + 1)[1:])
    order = sorted(there.tolist(), key=labels.__getitem__)
    new = np.full(len(labels) + 1, -1, dtype="int32")
    new[order] = np.arange(len(order), dtype="int32")
    found = new[codes]
    indices = pa.array(found, mask=found < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array([labels[i] for i in order], pa.string()))
