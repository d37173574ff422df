"""The build of one dataset: raw files in, canonical Parquet tables and quality counts out.

Everything is written to a folder beside and renamed when whole, so that a build killed at any moment
leaves either the old tables or the new ones. ``rows in = kept + set aside`` is checked for every file.
"""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd

from analysis.data import state
from analysis.data.blocks import Map
from analysis.data.clean import Cleaned, clean
from analysis.data.errors import InputError
from analysis.data.identity import keyed_hash
from analysis.data.read import Batch, batches, frame_batches
from analysis.data.sources import RawFile, package_frame
from analysis.data.spec import Spec
from analysis.data.values import raw_text
from analysis.data.write import TableWriter, write_private

PUBLIC_UNKNOWN = 10  # an unknown raw value is listed outside data/private only with this many rows


class Tally:
    """What came in and what became of it, by table, file, sheet, column and reason."""

    def __init__(self) -> None:
        self.rows_in: Counter = Counter()  # (table, file, sheet)
        self.kept: Counter = Counter()
        self.aside: Counter = Counter()  # (table, file, sheet, column, reason)
        self.examples: dict[tuple, str] = {}  # the key of aside -> its first row and what was found there
        self.columns: dict[tuple[str, str, str], list] = {}  # (file, sheet, header) -> [use, rows filled]
        self.unknown: Counter = Counter()  # (table, column, value)
        self.changed: Counter = Counter()  # (table, column, what)

    def quality(self) -> pd.DataFrame:
        """Return one row for the rows kept and one a reason, for each table, file and sheet: each row adds up by itself."""
        keys = ["table", "source_file", "source_sheet", "column", "reason"]
        rows = [(*key, "", "kept", n, n, 0) for key, n in self.kept.items()]
        rows += [(*key, n, 0, n) for key, n in self.aside.items()]
        frame = pd.DataFrame(rows, columns=[*keys, "rows_in", "kept", "set_aside"])
        counts = frame[["rows_in", "kept", "set_aside"]].astype("int64")
        frame = pd.concat([frame[keys].astype("str"), counts], axis=1)
        return frame.sort_values(
            ["table", "source_file", "source_sheet", "set_aside", "column", "reason"], ignore_index=True
        )


def build(spec: Spec, root: Path, files: list[RawFile]) -> Path:
    """Build the dataset's processed tables unless they are current; return their folder. Raises InputError."""
    target = state.processed_folder(spec, root)
    with state.locked(target):
        wanted = state.expected(spec, files)
        if state.is_current(target, wanted):
            return target
        beside = target.with_name(f".{target.name}.building")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            tally = read_all(spec, files, beside, state.private_folder(spec, root))
            _write_counts(tally, beside, state.private_folder(spec, root))
            sizes = {path.name: path.stat().st_size for path in sorted(beside.iterdir())}
            text = json.dumps({**wanted, "sizes": sizes}, indent=1, sort_keys=True)
            (beside / state.MANIFEST).write_text(text + "\n", encoding="utf-8")
            _swap(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return target


def read_all(spec: Spec, files: list[RawFile], out: Path | None, private: Path) -> Tally:
    """Read, clean and count every file; write the tables to ``out`` unless it is None (a check builds nothing)."""
    tally, aside = Tally(), []
    hashed = keyed_hash(private) if out else lambda values: values
    writer = TableWriter(spec, out)
    try:
        for file in files:
            for batch in _batches(file):
                _columns(batch, file, tally)
                for mapping in file.source.maps:
                    lineage = (file.name, batch.sheet)
                    result = clean(batch.frame, batch.rows, mapping, file.source, lineage, hashed, spec.follow_up)
                    _count(result, batch, mapping, lineage, tally)
                    writer.add(mapping.table, result.kept)
                    aside.append(_raw_values(result, batch, mapping, lineage))
    finally:
        writer.close()
    _check(tally, spec)
    if out:
        write_private(aside, private)
    return tally


def _batches(file: RawFile) -> object:
    return frame_batches(package_frame(file)) if file.path is None else batches(file.path, file.source, file.name)


def _columns(batch: Batch, file: RawFile, tally: Tally) -> None:
    source = file.source
    mapped = {header: rule.name for part in source.maps for rule in part.columns.values() for header in rule.headers}
    sensitive = {" ".join(header.split()) for header in source.sensitive}
    for header in batch.frame.columns:
        use = f"mapped to {mapped[header]}" if header in mapped else "kept" if header in source.keep else "not used"
        use = "sensitive" if header in sensitive else use
        entry = tally.columns.setdefault((file.name, batch.sheet, header), [use, 0])
        entry[1] += int((raw_text(batch.frame[header]) != "").sum())


def _count(result: Cleaned, batch: Batch, mapping: Map, lineage: tuple[str, str], tally: Tally) -> None:
    key = (mapping.table, *lineage)
    aside = result.aside
    for column, reason, row, found in zip(
        aside["column"], aside["reason"], aside["source_row"], aside["found"], strict=True
    ):
        tally.aside[*key, column, reason] += 1
        tally.examples.setdefault((*key, column, reason), f"row {row}" + (f", found '{found}'" if found else ""))
    if not mapping.secondary:
        if batch.broken:
            misfit = (*key, "", "does not fit the header")
            tally.aside[misfit] += len(batch.broken)
            tally.examples.setdefault(misfit, f"row {batch.broken[0][0]}, found '{batch.broken[0][1][:80]}'")
        rows_in = len(batch.rows) + len(batch.broken)
        accounted = len(result.kept) + len(result.aside) + len(batch.broken)
    else:
        rows_in = accounted = len(result.kept) + len(result.aside)
    if rows_in != accounted:
        raise RuntimeError(
            f"{lineage[0]}: {rows_in} rows in, {accounted} accounted for. This is a fault of the program: report it."
        )
    tally.rows_in[key] += rows_in
    tally.kept[key] += len(result.kept)
    tally.unknown.update({(mapping.table, *what): n for what, n in result.unknown.items()})
    tally.changed.update({(mapping.table, *what): n for what, n in result.changed.items()})


def _raw_values(result: Cleaned, batch: Batch, mapping: Map, lineage: tuple[str, str]) -> pd.DataFrame:
    """Return the raw rows set aside, whole, for data/private."""
    raw = batch.frame.iloc[result.aside["at"].to_numpy()] if len(result.aside) else batch.frame.iloc[:0]
    values = [json.dumps(row, default=str, ensure_ascii=False) for row in raw.to_dict("records")]
    frame = result.aside.drop(columns="at").assign(raw=pd.Series(values, dtype="str"))
    if batch.broken and not mapping.secondary:
        numbers, texts = zip(*batch.broken, strict=True)
        broken = {"source_row": numbers, "column": "", "reason": "does not fit the header", "found": "", "raw": texts}
        frame = pd.concat([frame, pd.DataFrame(broken)], ignore_index=True)
    return frame.assign(table=mapping.table, source_file=lineage[0], source_sheet=lineage[1])


def _check(tally: Tally, spec: Spec) -> None:
    """Stop where a table got no row at all: the map is then wrong, and a page of nothing would look like a finding."""
    for source in spec.sources:
        main = source.maps[0].table
        rows = sum(n for (table, *_), n in tally.rows_in.items() if table == main)
        kept = sum(n for (table, *_), n in tally.kept.items() if table == main)
        if rows == 0:
            raise InputError(
                f"{spec.name}: {source.label} has a header and no rows, so the table {main} would be empty."
            )
        if kept == 0:
            worst, n = Counter({key: n for key, n in tally.aside.items() if key[0] == main}).most_common(1)[0]
            _, file, _, column, reason = worst
            raise InputError(
                f"{spec.name}: none of the {rows:,} rows for {main} can be used. Most frequent reason: {column or 'row'} {reason} "
                f"({n:,} rows of {file}; first {tally.examples.get(worst, 'row unknown')}).{_advice(reason)}"
            )


def _advice(reason: str) -> str:
    if reason == "not readable as a date":
        return ' Say how dates are written: { from = "...", date = ["%m/%d/%Y"] }.'
    if reason == "not readable as a value of the map":
        return " Add the raw values to its values."
    return ""


def _write_counts(tally: Tally, out: Path, private: Path) -> None:
    tally.quality().to_parquet(out / "quality.parquet", index=False)
    columns = pd.DataFrame(
        [(*key, use, filled) for key, (use, filled) in tally.columns.items()],
        columns=["source_file", "source_sheet", "column", "use", "filled"],
    )
    columns.astype({"filled": "int64"}).to_parquet(out / "columns.parquet", index=False)
    keys = ["table", "column"]
    unknown = pd.DataFrame([(*key, n) for key, n in tally.unknown.items()], columns=[*keys, "value", "rows"])
    unknown = unknown.astype({"table": "str", "column": "str", "value": "str", "rows": "int64"})
    unknown = unknown.sort_values([*keys, "rows", "value"], ascending=[True, True, False, True], ignore_index=True)
    _replace_csv(unknown, private / "unknown_values.csv")
    unknown[unknown["rows"] >= PUBLIC_UNKNOWN].to_parquet(out / "unknown.parquet", index=False)
    changed = pd.DataFrame([(*key, n) for key, n in sorted(tally.changed.items())], columns=[*keys, "what", "rows"])
    changed.astype({"table": "str", "column": "str", "what": "str", "rows": "int64"}).to_parquet(
        out / "changed.parquet", index=False
    )


def _replace_csv(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    frame.to_csv(beside, index=False)
    beside.replace(path)


def _swap(beside: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
