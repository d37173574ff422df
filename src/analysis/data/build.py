"""The build of one dataset: raw files in, canonical Parquet tables and quality counts out.

Everything is written to a folder beside and renamed when whole, so that a build killed at any moment
leaves either the old tables or the new ones. ``rows in = kept + set aside`` is checked for every file.
"""

import shutil
from pathlib import Path

import duckdb
import pandas as pd

from analysis.data import raw_values, state
from analysis.data.crew import Crew
from analysis.data.errors import InputError, memory_ran_out
from analysis.data.finish import Engine, find_duplicates, link_people, table_files, with_duplicates
from analysis.data.private import aside_folder
from analysis.data.read import first_line
from analysis.data.reading import Reading, read_all, started
from analysis.data.sources import RawFile, check_unchanged
from analysis.data.spec import Spec
from analysis.data.tally import Tally
from analysis.data.work import Work


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
    except InputError:
        raise
    except Exception as error:
        if memory_ran_out(error):
            raise InputError(
                f"{spec.name}: there is not enough memory to build the tables. Close other programs, or split the largest file into several "
                'that one path = "part-*.csv" names, and run the same command again.'
            ) from None
        if not isinstance(error, duckdb.Error):
            raise
        check_unchanged(spec, files)
        raise InputError(
            f"{spec.name}: the query engine could not build the tables ({first_line(error)}). If the disk is full, make room; else report it."
        ) from None
    return target


def build_into(spec: Spec, files: list[RawFile], target: Path, private: Path) -> None:
    """Build a dataset's tables into ``target``, and what is not published into ``private``. Raises InputError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _build(spec, target, private, files, state.expected(spec, files))


def _build(spec: Spec, target: Path, private: Path, files: list[RawFile], wanted: dict) -> None:
    beside, aside = target.with_name(f".{target.name}.building"), aside_folder(private)
    for folder in (beside, aside):
        shutil.rmtree(folder, ignore_errors=True)
    state.close_private(private)
    aside.mkdir(mode=0o700)
    parts = beside / "parts"
    parts.mkdir(parents=True)
    try:
        with started(spec, files, parts, private) as (work, crew):
            reading = read_all(work, crew)
            check_unchanged(spec, files)
            _write_tables(work, crew, reading, beside).to_parquet(beside / "quality.parquet", index=False)
        write_counts(reading.tally, beside, private)
        state.close_private(private)
        shutil.rmtree(parts)
        (beside / state.MANIFEST).write_text(state.manifest(beside, private, wanted), encoding="utf-8")
        _swap(beside, target)
    finally:
        for folder in (beside, aside):
            shutil.rmtree(folder, ignore_errors=True)


def _write_tables(work: Work, crew: Crew, reading: Reading, folder: Path) -> pd.DataFrame:
    """Link people, find duplicates, write the tables and the hashes for the leak scan; return the quality counts."""
    link_people(work.spec, [part for own in reading.parts.values() for part in own], folder, work.private, work.hashed)
    with Engine(work.parts) as engine:
        flagged, counted = find_duplicates(reading.parts.get("detainers", []), work.parts, crew, engine)
        files = table_files(reading.parts, work.writer.schemas, flagged, folder)
        for _ in crew.each("write_file", files, about="the tables"):
            pass
        raw_values.write(sorted(work.parts.glob("values-*.parquet")), work.private, work.phrase_key, engine)
    return with_duplicates(reading.tally.quality(), counted)


def _swap(beside: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)


# ---- the counts of a build, written beside its tables; what may name a person goes to data/private alone


PUBLIC_UNKNOWN = 10  # an unknown raw value is listed outside data/private only with this many rows


def write_counts(tally: Tally, out: Path, private: Path) -> None:
    """Write what became of columns, unknown values, places and values that were made missing."""
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
