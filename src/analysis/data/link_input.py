"""What a dataset gives to linking, and what it gets back: names go in, a ``person_id`` comes out.

Sex, jurisdiction and identifier are taken from the canonical columns; names and dates of birth from the
sensitive columns that ``[files.link]`` names (see ``spec.LinkColumns``). These are written to
``data/private/<dataset>/linkage.parquet``, used there, and go no further.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.data.day_texts import as_date
from analysis.data.errors import InputError, nearest
from analysis.data.spec import LinkColumns
from analysis.data.tables import LINEAGE
from analysis.data.values import raw_text

SCHEMA = pa.schema(
    [("source", pa.string()), ("record", pa.int64()), ("first_name", pa.string()), ("last_name", pa.string()),
     ("birth_date", pa.date32()), ("sex", pa.string()), ("place", pa.string()), ("identifier", pa.string())]
)  # fmt: skip


def linkage_input(
    raw: pd.DataFrame, rows: np.ndarray, columns: LinkColumns | None, lineage: tuple[str, str], kept: list[pd.DataFrame],
    nothing: tuple[frozenset[str], object] = (frozenset(), None),
) -> pd.DataFrame:  # fmt: skip
    """Return the linkage records of a batch: one for each raw row that was kept in any table.

    Parameters
    ----------
    raw, rows, lineage
        As for ``clean.clean``: the raw rows by header, their numbers in the file, the file and the sheet.
    columns
        The block's ``[files.link]``; None where it has none: its rows are then linked by identifier alone.
    kept
        What ``clean`` kept of the batch, one frame a table; sex, jurisdiction and person_id are read there.
    nothing
        The block's nulls and its pattern of redactions (``source.nulls``, ``source.redacted``).

    Returns
    -------
    DataFrame
        The input of ``link.link``: source, record, first_name, last_name, birth_date, sex, place, identifier.

    Raises
    ------
    InputError
        Where a header is not in the file.
    """
    known = _known(kept)
    text = _Text(raw.iloc[np.searchsorted(rows, known.index.to_numpy())], lineage, nothing)
    first, last, born = _names(text, columns)
    out = pd.DataFrame({"source": source_name(*lineage), "record": known.index.to_numpy()})
    out["first_name"], out["last_name"], out["birth_date"] = first.to_numpy(), last.to_numpy(), born.to_numpy()
    for name, column in (("sex", "sex"), ("place", "jurisdiction"), ("identifier", "person_id")):
        out[name] = known[column].to_numpy()
    return out


def has_name(
    raw: pd.DataFrame, columns: LinkColumns, lineage: tuple[str, str], nothing: tuple[frozenset[str], object]
) -> np.ndarray:
    """Return which rows hold a name, by which a person can be told without an identifier. Raises InputError as above."""
    text = _Text(raw, lineage, nothing)
    parts = [text(header) for header in (columns.name, columns.last_name, columns.first_name) if header]
    return np.logical_or.reduce([part.notna().to_numpy() for part in parts])


def source_name(file: str, sheet: str) -> str:
    """Return how linkage records name the file and sheet that they come from."""
    return f"{file}, sheet '{sheet}'" if sheet else file


def _known(kept: list[pd.DataFrame]) -> pd.DataFrame:
    wanted = ["sex", "jurisdiction", "person_id"]
    parts = [frame.set_index(LINEAGE[2]).reindex(columns=wanted).astype("str") for frame in kept]
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=wanted)
    return whole.groupby(level=0, sort=True).first()  # one row may feed several tables


class _Text:
    """Raw columns as text, with what the block calls nothing made missing."""

    def __init__(self, raw: pd.DataFrame, lineage: tuple[str, str], nothing: tuple[frozenset[str], object]) -> None:
        self.raw, self.where, self.nothing = raw, source_name(*lineage), nothing

    def __call__(self, header: str | None) -> pd.Series:
        if header is None:
            return pd.Series(None, index=self.raw.index, dtype="str")
        if header not in self.raw.columns:
            raise InputError(
                f"{self.where}: link names the column '{header}', which is not there.{nearest(header, self.raw.columns)}"
            )
        text = raw_text(self.raw[header])
        nulls, redacted = self.nothing
        text = text.where((text != "") & ~text.isin(nulls))
        return text.mask(text.str.contains(redacted, regex=True).fillna(value=False).astype(bool)) if redacted else text


def _names(text: _Text, columns: LinkColumns | None) -> tuple[pd.Series, pd.Series, pd.Series]:
    from analysis.data.person_names import split_full

    if columns is None:
        nothing = text(None)
        return nothing, nothing, pd.to_datetime(nothing)
    born = as_date(text(columns.birth_date).fillna(""), columns.formats)[0]
    if columns.name:
        both = split_full(text(columns.name))
        return both["first_name"], both["last_name"], born
    return text(columns.first_name), text(columns.last_name), born
