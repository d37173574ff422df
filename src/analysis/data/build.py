"""The build of one dataset: raw files in, canonical Parquet tables and quality counts out.

Everything is written to a folder beside and renamed when whole, so that a build killed at any moment
leaves either the old tables or the new ones. ``rows in = kept + set aside`` is checked for every file.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.data import state
from analysis.data.blocks import Source
from analysis.data.clean import clean
from analysis.data.coded import RawColumns
from analysis.data.errors import InputError
from analysis.data.finish import Linkage, flag_duplicates, link_people
from analysis.data.identity import keyed_hash
from analysis.data.private import PrivateRows
from analysis.data.read import Batch, batches, frame_batches
from analysis.data.recognize import recognized
from analysis.data.sources import RawFile, check_once, package_frame
from analysis.data.spec import Spec
from analysis.data.tally import Tally
from analysis.data.write import TableWriter

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
    return target


def _build(spec: Spec, target: Path, private: Path, files: list[RawFile], wanted: dict) -> None:
    beside = target.with_name(f".{target.name}.building")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        tally = read_all(spec, files, beside, private)
        link_people(spec, beside, private, keyed_hash(private))
        flag_duplicates(beside, tally.quality()).to_parquet(beside / "quality.parquet", index=False)
        _write_counts(tally, beside, private)
        sizes = {path.name: path.stat().st_size for path in sorted(beside.iterdir())}
        text = json.dumps({**wanted, "sizes": sizes}, indent=1, sort_keys=True)
        (beside / state.MANIFEST).write_text(text + "\n", encoding="utf-8")
        _swap(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def read_all(spec: Spec, files: list[RawFile], out: Path | None, private: Path) -> Tally:
    """Read, clean and count every file; write the tables to ``out`` unless it is None (a check builds nothing)."""
    spec, files = recognized(spec, files)
    check_once(spec, files)
    whole = Tally()
    hashed = keyed_hash(private) if out else lambda values: values
    kept_in = private if out else None
    with TableWriter(spec, out) as writer, PrivateRows(kept_in) as aside, Linkage(spec, kept_in) as linkage:
        for file in files:
            for batch in _batches(file):
                whole.see(batch, file.source, file.name)
                kept, raw = [], RawColumns(batch.frame)
                for mapping in file.source.maps:
                    lineage = (file.name, batch.sheet)
                    result = clean(raw, batch.rows, mapping, file.source, lineage, hashed, spec.follow_up)
                    whole.add(result, batch, mapping, file.name)
                    writer.add(mapping.table, result.kept, file.name)
                    aside.add(result, batch, mapping, file.name)
                    kept.append(result.kept)
                linkage.add(batch, file.source, file.name, kept)
        for source in spec.sources:
            _check(source, [file.name for file in files if file.source is source], whole, spec)
    return whole


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
