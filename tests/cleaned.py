"""One block of rows cleaned as a build cleans it, with identifiers as they are."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from analysis.data.clean import Cleaning, _Rows
from analysis.data.dataset import _as_pandas
from analysis.data.read import stage_frame
from analysis.data.sources import RawFile
from analysis.data.spec import Spec, read_source


@dataclass
class Cleaned:
    """Rows kept, rows set aside (source_row, column, reason, found), what linking compares, and the counts."""

    kept: pd.DataFrame
    aside: pd.DataFrame
    linkage: pd.DataFrame
    unknown: dict
    changed: dict


def cleaned(
    raw: dict | pd.DataFrame,
    columns: dict,
    table: str = "arrests",
    part: int = 0,
    follow_up=None,
    where=("a.csv", "One"),
    **settings,
) -> Cleaned:
    """Clean rows, the first of which is row 2, for one of the block's tables."""
    source = read_source({"table": table, "path": where[0], "columns": columns, **settings}, "here")
    source = source.model_copy(update={"maps": source.maps[part : part + 1]})
    made = {"title": "T", "kind": "real", "source": "s", "files": [{}]}
    spec = Spec(**made).model_copy(update={"sources": (source,), "follow_up": follow_up})
    if isinstance(raw, dict):
        texts = {name: all(isinstance(value, str) for value in values) for name, values in raw.items()}
        raw = pd.DataFrame(
            {name: pd.Series(values, dtype="str") if texts[name] else values for name, values in raw.items()}
        )
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as folder:
        cleaning = Cleaning(con, spec, bytes(32), "0" * 16)
        con.execute("CREATE OR REPLACE TEMP MACRO hashed(x) AS x")
        staged = stage_frame(con, raw, where[0])
        con.execute(f"UPDATE {staged.table} SET _row = _row + 1")
        staged.sheet = where[1]
        sheet = _Rows(cleaning, RawFile(None, where[0], "", source), staged)
        sheet.see()
        sheet.clean(source.maps[0])
        if source.link:
            sheet.link()
        own = source.maps[0].table
        con.execute(
            f"COPY (SELECT * EXCLUDE (_at) FROM t_{own} ORDER BY _at) TO '{folder}/{own}.parquet' (FORMAT parquet)"
        )
        kept = _as_pandas(Path(folder), own)
        aside, linkage = (con.execute(f"SELECT * FROM {name}").df() for name in ("aside", "linkage"))
        tally = cleaning.tally
    unknown, changed = ({key[1:]: n for key, n in counts.items()} for counts in (tally.unknown, tally.changed))
    return Cleaned(kept, aside, linkage, unknown, changed)
