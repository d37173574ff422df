"""The counts of a build, written beside its tables; what may name a person goes to data/private alone."""

from pathlib import Path

import pandas as pd

from analysis.data.tally import Tally

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
