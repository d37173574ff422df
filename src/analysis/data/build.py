"""The build of one dataset: raw files in, canonical Parquet tables and quality counts out.

Everything is written to a folder beside and renamed when whole, so that a build killed at any moment
leaves either the old tables or the new ones. ``rows in = kept + set aside`` is checked for every file.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from analysis.data import raw_values, state
from analysis.data.blocks import Source
from analysis.data.crew import Crew, size
from analysis.data.errors import InputError
from analysis.data.finish import Engine, Linkage, find_duplicates, link_people, table_files, with_duplicates
from analysis.data.private import PrivateRows
from analysis.data.read import Batch, batches, first_line, frame_batches
from analysis.data.recognize import recognized
from analysis.data.sources import RawFile, check_once, check_unchanged, package_frame
from analysis.data.spec import Spec
from analysis.data.tally import Tally
from analysis.data.work import Done, Work
from analysis.data.write import Part

FIRST_ROWS = 5_000  # of a table are cleaned before its other rows are given to other processes
PUBLIC_UNKNOWN = 10  # an unknown raw value is listed outside data/private only with this many rows


def build(spec: Spec, root: Path, files: list[RawFile]) -> Path:
    """Build the dataset's processed tables unless they are current; return their folder. Raises InputError."""
    target = state.processed_folder(spec, root)
    try:
        with state.locked(target):
            wanted = state.expected(spec, files)
            if not state.is_current(target, wanted):
                _build(spec, target, state.private_folder(spec, root), files, wanted)
    except OSError as error:
        raise InputError(
            f"{spec.name}: the processed tables cannot be written ({error.strerror or error}: {error.filename or target}). Make room, or "
            "make the folder writable, and run the same command again."
        ) from None
    except (MemoryError, duckdb.OutOfMemoryException):
        raise InputError(
            f"{spec.name}: there is not enough memory to build the tables. Close other programs, or split the largest file into several "
            'that one path = "part-*.csv" names, and run the same command again.'
        ) from None
    except duckdb.Error as error:
        check_unchanged(spec, files)
        raise InputError(
            f"{spec.name}: the query engine could not build the tables ({first_line(error)}). If the disk is full, make room; else report it."
        ) from None
    return target


def _build(spec: Spec, target: Path, private: Path, files: list[RawFile], wanted: dict) -> None:
    beside = target.with_name(f".{target.name}.building")
    shutil.rmtree(beside, ignore_errors=True)
    parts = beside / "parts"
    parts.mkdir(parents=True)
    try:
        with started(spec, files, parts, private) as (work, crew):
            reading = read_all(work, crew)
            check_unchanged(spec, files)
            _write_tables(work, crew, reading, beside).to_parquet(beside / "quality.parquet", index=False)
        _write_counts(reading.tally, beside, private)
        shutil.rmtree(parts)
        written = sorted(path for path in beside.rglob("*") if path.is_file())
        sizes = {path.relative_to(beside).as_posix(): path.stat().st_size for path in written}
        text = json.dumps({**wanted, "sizes": sizes}, indent=1, sort_keys=True)
        (beside / state.MANIFEST).write_text(text + "\n", encoding="utf-8")
        _swap(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@dataclass
class Reading:
    """What was read: the counts, and for each table its parts in the order of the raw files."""

    tally: Tally = field(default_factory=Tally)
    parts: dict[str, list[Part]] = field(default_factory=dict)


@contextmanager
def started(spec: Spec, files: list[RawFile], parts: Path | None, private: Path) -> Iterator[tuple[Work, Crew]]:
    """Give what is done to each batch, and the processes that do it side by side where the files are worth it."""
    workers = size([file.path for file in files])
    spec, files = recognized(spec, files)
    check_once(spec, files)
    work = Work(spec, files, parts, private)
    with Crew(work, workers) as crew:
        yield work, crew


def read_all(work: Work, crew: Crew) -> Reading:
    """Read, clean and count every file, a batch at a time."""
    reading = Reading()
    kept_in = work.private if work.parts else None
    with PrivateRows(kept_in) as aside, Linkage(work.spec, kept_in) as linkage:
        for done in _cleaned(work, crew):
            reading.tally.merge(done.tally)
            for rows in done.aside:
                aside.add(rows)
            linkage.add(done.linkage)
            for part in done.parts:
                reading.parts.setdefault(part.table, []).append(part)
    for own in reading.parts.values():
        own.sort(key=lambda part: part.order)
    for source in work.spec.sources:
        _check(source, [file.name for file in work.files if file.source is source], reading.tally, work.spec)
    return reading


def _cleaned(work: Work, crew: Crew) -> Iterator[Done]:
    """Yield what comes of each batch, in the order of the files.

    The first rows of a table are cleaned here: they settle its schema, by which every other process then writes.
    """
    number = 0
    for at, file in enumerate(work.files):
        for batch in _batches(file):
            if crew.workers and not work.knows(at):
                yield from crew.rest()
                head, batch = batch.split(FIRST_ROWS)
                yield work.do(number, at, head)
                number += 1
            if crew.workers and len(batch.rows):
                yield from crew.give("do", number, at, batch, work.writer.schemas, about=file.name)
            elif not crew.workers:
                yield work.do(number, at, batch)
            number += 1
    yield from crew.rest()


def _write_tables(work: Work, crew: Crew, reading: Reading, folder: Path) -> pd.DataFrame:
    """Link people, find duplicates, write the tables and the hashes for the leak scan; return the quality counts."""
    link_people(work.spec, [part for own in reading.parts.values() for part in own], folder, work.private, work.hashed)
    with Engine(work.parts) as engine:
        flagged, counted = find_duplicates(reading.parts.get("detainers", []), work.parts, engine)
        for arguments in table_files(reading.parts, work.writer.schemas, flagged, folder):
            if crew.workers:
                for _ in crew.give("write_file", *arguments, about=arguments[-1].parent.name):
                    pass
            else:
                work.write_file(*arguments)
        raw_values.write(sorted(work.parts.glob("values-*.parquet")), work.private, engine)
        for _ in crew.rest():
            pass
    return with_duplicates(reading.tally.quality(), counted)


def _batches(file: RawFile) -> Iterator[Batch]:
    return frame_batches(package_frame(file)) if file.path is None else batches(file.path, file.source, file.name)


def _check(source: Source, names: list[str], tally: Tally, spec: Spec) -> None:
    """Stop where a block's files fill no row at all: its map is then wrong, and a page of nothing would look like a finding."""
    table = source.maps[0].table
    rows = sum(n for (to, file, _), n in tally.rows_in.items() if to == table and file in names)
    if rows == 0:
        raise InputError(f"{spec.name}: {source.label} has a header and no rows, so it gives nothing to {table}.")
    if any(n for (to, file, _), n in tally.kept.items() if to == table and file in names):
        return
    reasons = Counter({key: n for key, n in tally.aside.items() if key[0] == table and key[1] in names})
    worst, n = reasons.most_common(1)[0]
    _, file, _, column, reason = worst
    raise InputError(
        f"{spec.name}: none of the {rows:,} rows of {source.label} can be used for {table}. Most frequent reason: {column or 'row'} "
        f"{reason} ({n:,} rows of {file}; first {tally.examples[worst]}).{_advice(reason)}"
    )


def _advice(reason: str) -> str:
    if reason == "not readable as a date":
        return ' Say how dates are written: { from = "...", date = ["%m/%d/%Y"] }.'
    if reason in ("not readable as a value of the map", "not readable as a known label"):
        return " Add the raw values to its values."
    if "leading zero" in reason:
        return ' Give each its code in values, such as { 6037 = "06037" }, or fetch the file with codes as text.'
    return ""


def _write_counts(tally: Tally, out: Path, private: Path) -> None:
    columns = pd.DataFrame(
        [(*key, use, rows) for key, (use, rows) in tally.columns.items()],
        columns=["source_file", "source_sheet", "column", "use", "filled"],
    )
    columns.astype({"filled": "int64"}).to_parquet(out / "columns.parquet", index=False)
    keys = ["table", "column"]
    unknown = pd.DataFrame([(*key, n) for key, n in tally.unknown.items()], columns=[*keys, "value", "rows"])
    unknown = unknown.astype({"table": "str", "column": "str", "value": "str", "rows": "int64"})
    unknown = unknown.sort_values([*keys, "rows", "value"], ascending=[True, True, False, True], ignore_index=True)
    _replace_csv(unknown, private / "unknown_values.csv")
    unknown[unknown["rows"] >= PUBLIC_UNKNOWN].to_parquet(out / "unknown.parquet", index=False)
    tally.place_counts().to_parquet(out / "places.parquet", index=False)
    changed = pd.DataFrame([(*key, n) for key, n in sorted(tally.changed.items())], columns=[*keys, "what", "rows"])
    changed.astype({"table": "str", "column": "str", "what": "str", "rows": "int64"}).to_parquet(
        out / "changed.parquet", index=False
    )


def _replace_csv(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.building")
    frame.to_csv(beside, index=False)
    beside.replace(path)


def _swap(beside: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
