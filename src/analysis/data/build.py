"""The build of one dataset: raw files in, canonical Parquet tables and quality counts out.

Everything is written to a folder beside and renamed when whole, so that a build killed at any moment leaves either the old
tables or the new ones. Raw values lie under ``data/private`` alone, the engine's own file and what it spills included.
"""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from analysis.data import raw_values, state
from analysis.data.clean import Cleaning
from analysis.data.errors import InputError, memory_ran_out, say, visible
from analysis.data.identity import hashing_key, phrase_key
from analysis.data.read import first_line, quoted, readable, stage, stage_frame, text_of
from analysis.data.recognize import recognized
from analysis.data.sources import RawFile, check_once, check_unchanged, package_frame
from analysis.data.spec import Source, Spec
from analysis.data.tables import LINEAGE
from analysis.data.tally import Tally

MEMORY = "1GB"  # of the query engine in a build, unless ANALYSIS_MEMORY says otherwise; beyond it spills to disk
FLAG, GAP_DAYS = (
    "duplicate_likely",
    1,
)  # detainers that follow another of the same person by so many days: flagged, never dropped
PUBLIC_UNKNOWN = 10  # an unknown raw value is listed outside data/private only with this many rows
PART, ROW_GROUP = "part-00000.parquet", 1 << 17


def build(spec: Spec, root: Path, files: list[RawFile]) -> Path:
    """Build the dataset's processed tables unless they are current; return their folder. Raises InputError."""
    target, private = state.processed_folder(spec, root), state.private_folder(spec, root)
    try:
        with state.locked(target):
            wanted = state.expected(spec, files)
            if not state.is_current(target, wanted):
                build_into(spec, files, target, private, wanted)
                _close_raw(spec, root)
    except OSError as error:
        raise InputError(
            f"{spec.name}: the processed tables cannot be written ({error.strerror or error}: {error.filename or target}). Make room, or "
            "make the folder writable, and run the same command again."
        ) from None
    return target


def build_into(spec: Spec, files: list[RawFile], target: Path, private: Path, wanted: dict | None = None) -> None:
    """Build the tables in a folder, and what nobody may read in another. Raises InputError, and OSError where they cannot be written."""
    beside, aside = target.with_name(f".{target.name}.building"), private / ".building"
    for folder in (beside, aside):
        shutil.rmtree(folder, ignore_errors=True)
    state.close_private(private)
    aside.mkdir(mode=0o700)
    beside.mkdir(parents=True)
    limits = {"memory_limit": os.environ.get("ANALYSIS_MEMORY") or MEMORY, "temp_directory": str(aside / "spill")}
    try:
        with duckdb.connect(":memory:", config={**limits, "autoinstall_known_extensions": "false"}) as con:
            _build(con, spec, files, beside, private)
        state.close_private(private)
        (beside / state.MANIFEST).write_text(state.manifest(beside, private, wanted or {}), encoding="utf-8")
        _swap(beside, target)
    except (InputError, OSError, duckdb.ParserException):
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
    finally:
        for folder in (beside, aside):
            shutil.rmtree(folder, ignore_errors=True)


def _build(con: duckdb.DuckDBPyConnection, spec: Spec, files: list[RawFile], out: Path, private: Path) -> None:
    from analysis.data.review import nearly_equal

    spec, files = recognized(spec, files)
    check_once(spec, files)
    cleaning = Cleaning(con, spec, hashing_key(private), phrase_key(private))
    for file in files:
        sheets = (
            stage(con, file.path, file.source, file.name)
            if file.path
            else [stage_frame(con, package_frame(file), file.name)]
        )
        for staged in sheets:
            with readable(
                "Parquet file", file.name, *((duckdb.InvalidInputException, duckdb.IOException) if staged.view else ())
            ):
                cleaning.add(file, staged)  # a view is read only here
            con.execute(f"DROP {'VIEW' if staged.view else 'TABLE'} {staged.table}")
    check_unchanged(spec, files)
    for source in spec.sources:
        _check(source, [file.name for file in files if file.source is source], cleaning.tally, spec)
    linked = any(source.link for source in spec.sources)
    _copy(con, "FROM aside ORDER BY rowid", private / "set_aside.parquet")
    if linked:
        _copy(con, "FROM linkage ORDER BY rowid", private / "linkage.parquet")
        _link(con, spec, cleaning, out, private)
    duplicates = _written(con, cleaning, out)
    nearly_equal(con, "ids").to_parquet(out / "ids.parquet", index=False)
    raw_values.write(con, private, cleaning.phrase_key)
    _write_counts(cleaning.tally, duplicates, out, private)
    (out / "README.md").write_text(_about(spec, files, out), encoding="utf-8")


def _about(spec: Spec, files: list[RawFile], out: Path) -> str:
    """Return what lies in a folder of processed tables, and what it was made from."""
    lines = [
        f"# {spec.name}: {spec.title}",
        "",
        f"Made by `make report`, {spec.kind} and {spec.disclosure}; change nothing here.",
        "",
        "From:",
        "",
    ]
    lines += [f"- {visible(file.name)} (sha256 {file.sha256})" for file in files]
    for name in sorted(path.name for path in out.glob("*.parquet")):
        file = out / name / PART if (out / name).is_dir() else out / name
        lines += ["", f"## {name} ({pq.read_metadata(file).num_rows:,} rows)", "", "| column | type |", "| --- | --- |"]
        lines += [f"| {visible(part.name)} | {part.type} |" for part in pq.read_schema(file)]
    return "\n".join(lines) + "\n"


def _link(con: duckdb.DuckDBPyConnection, spec: Spec, cleaning: Cleaning, out: Path, private: Path) -> None:
    """Write the people that linking finds into the tables, and how sure that is into the folder; a person's sex and birth pass on.

    Raises InputError where names are to be compared and what compares them is not installed.
    """
    from analysis.data.identity import keyed_hash
    from analysis.data.link import link

    linked = link(con, private / "linkage.parquet", keyed_hash(private), spec.link_threshold)
    where = "CASE WHEN source_sheet = '' THEN source_file ELSE source_file || ', sheet ''' || source_sheet || '''' END"
    known = {"sex": "nullif(sex, 'unknown')", "birth_year": "birth_year"}
    for table, columns in cleaning.types.items():
        if "person_id" in columns:
            con.execute(
                f"""CREATE TABLE l_{table} AS SELECT t.* REPLACE (coalesce(p.person_id, s.person_id, t.person_id) AS person_id) FROM t_{table} AS t
                LEFT JOIN people AS p ON p.source = {where} AND p.record = t.source_row LEFT JOIN same AS s ON s.identifier = t.person_id;
                DROP TABLE t_{table}; ALTER TABLE l_{table} RENAME TO t_{table}"""
            )
    for column, value in known.items():
        tables = [table for table, columns in cleaning.types.items() if {"person_id", column} <= columns.keys()]
        said = " UNION ALL ".join(f"SELECT person_id, {value} AS said FROM t_{table}" for table in tables)
        for table in tables:
            con.execute(
                f"""UPDATE t_{table} SET {column} = said FROM (SELECT person_id, min(said) AS said FROM ({said}) GROUP BY person_id
                HAVING min(said) = max(said)) AS own WHERE t_{table}.person_id = own.person_id AND {value} IS NULL"""
            )
    counts = pd.DataFrame({"what": list(linked.counts), "rows": list(linked.counts.values())})
    for name, frame in (("report", linked.report), ("model", linked.model), ("counts", counts)):
        frame.to_parquet(out / f"linkage_{name}.parquet", index=False)


def _written(con: duckdb.DuckDBPyConnection, cleaning: Cleaning, out: Path) -> Counter:
    """Write the tables, detainers with a flag for likely duplicates, and return the number of these by file and sheet."""
    counted: Counter = Counter()
    for table in cleaning.types:
        rows, flag = f"t_{table}", ""
        if table == "detainers":
            # in the order of the file where several are of one day: the first of them is none
            con.execute(
                f"""CREATE TABLE flagged AS SELECT _at AS place FROM (SELECT _at, prepared - lag(prepared) OVER (PARTITION BY person_id
                ORDER BY prepared, _at) AS gap FROM {rows} WHERE person_id IS NOT NULL AND prepared IS NOT NULL) WHERE gap <= {GAP_DAYS}"""
            )
            rows, flag = f"{rows} LEFT JOIN flagged ON _at = place", f", place IS NOT NULL AS {FLAG}"
            found = con.execute(f"SELECT source_file, source_sheet, count(place) FROM {rows} GROUP BY ALL").fetchall()
            counted.update({(file, sheet): n for file, sheet, n in found})
        (out / f"{table}.parquet").mkdir()
        listed = ", ".join(map(quoted, (*cleaning.types[table], *LINEAGE)))
        _copy(con, f"SELECT {listed}{flag} FROM {rows} ORDER BY _at", out / f"{table}.parquet" / PART)
    return counted


def _copy(con: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    """Write rows to a Parquet file, which is there whole or not at all."""
    beside = file.with_name(f".{file.name}.building")
    con.execute(
        f"COPY ({rows}) TO {text_of(str(beside))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    beside.replace(file)


def _close_raw(spec: Spec, root: Path) -> None:
    """Close the folder of raw files to others where its map names sensitive columns."""
    raw = root / "data" / "raw" / spec.name
    names = spec.disclosure != "public" and any(source.sensitive for source in spec.sources)
    if names and raw == spec.folder and state.closed(raw):
        say(f"{spec.name}: its map names sensitive columns, so its folder is now closed to other users", sys.stderr)


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
    if reason.startswith("not readable as a date"):
        return ' Say how dates are written: { from = "...", date = ["%m/%d/%Y"] }; days counted by a spreadsheet are date = ["serial"].'
    if reason in ("not readable as a value of the map", "not readable as a known label"):
        return " Add the raw values to its values."
    if "leading zero" in reason:
        return ' Give each its code in values, such as { 6037 = "06037" }, or say digits = 5.'
    return ""


def _swap(beside: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _write_counts(tally: Tally, duplicates: Counter, out: Path, private: Path) -> None:
    """Write what became of rows, columns, values and places; what may name a person goes to data/private alone."""
    quality = tally.quality()
    kept = (quality["table"] == "detainers") & (quality["reason"] == "kept")
    places = zip(quality["source_file"], quality["source_sheet"], strict=True)
    quality[FLAG] = [duplicates[place] if here else 0 for place, here in zip(places, kept, strict=True)]
    unknown = tally.unknown_values()
    beside = private / ".unknown_values.csv.building"
    unknown.to_csv(beside, index=False)
    beside.replace(private / "unknown_values.csv")
    for name, frame in (
        ("quality", quality.astype({FLAG: "int64"})), ("columns", tally.columns()), ("places", tally.place_counts()),
        ("unknown", unknown[unknown["rows"] >= PUBLIC_UNKNOWN]), ("changed", tally.changes()),
    ):  # fmt: skip
        frame.to_parquet(out / f"{name}.parquet", index=False)
