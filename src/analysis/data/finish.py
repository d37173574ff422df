"""What can be worked out only when every row is written: who is the same person, and which rows are likely duplicates."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from analysis.data.blocks import Source
from analysis.data.duplicates import FLAG, flag_file
from analysis.data.read import Batch
from analysis.data.spec import Spec
from analysis.data.tables import TABLES


class Linkage:
    """Collects what linking compares, batch by batch, where some block of the dataset names it; else does nothing."""

    def __init__(self, spec: Spec, private: Path | None) -> None:
        self.file = None
        if private is not None and any(source.link for source in spec.sources):
            from analysis.data.link_input import LinkageFile

            self.file = LinkageFile(private)

    def __enter__(self) -> "Linkage":
        if self.file:
            self.file.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.file:
            self.file.__exit__(*exception)

    def add(self, batch: Batch, source: Source, file: str, kept: list[pd.DataFrame]) -> None:
        """Keep the names of a batch's rows, under data/private alone. Blocks without a link table give no record."""
        if not self.file or not source.link:
            return
        from analysis.data.link_input import linkage_input

        nothing = (source.nulls, source.redacted)
        self.file.add(linkage_input(batch.frame, batch.rows, source.link, (file, batch.sheet), kept, nothing))


def link_people(spec: Spec, folder: Path, private: Path, hashed: Callable[[pd.Series], pd.Series]) -> None:
    """Link the people of a dataset and write their ``person_id`` into its tables, with the account of how sure that is.

    Raises InputError where names are to be compared and what compares them is not installed.
    """
    if not any(source.link for source in spec.sources):
        return
    from analysis.data.link import link
    from analysis.data.link_input import assign_file

    linked = link(pd.read_parquet(private / "linkage.parquet"), hashed, spec.link_threshold)
    for table in TABLES:
        path = folder / f"{table}.parquet"
        if path.is_file() and "person_id" in pq.read_schema(path).names:
            assign_file(path, linked)
    counts = pd.DataFrame({"what": list(linked.counts), "rows": list(linked.counts.values())})
    for name, frame in (("report", linked.report), ("model", linked.model), ("counts", counts)):
        frame.to_parquet(folder / f"linkage_{name}.parquet", index=False)


def flag_duplicates(folder: Path, quality: pd.DataFrame) -> pd.DataFrame:
    """Flag the detainers that are likely duplicates; return the quality counts with their number beside the rows kept."""
    quality = quality.assign(**{FLAG: 0})
    path = folder / "detainers.parquet"
    if not path.is_file():
        return quality
    place = ["source_file", "source_sheet"]
    found = flag_file(path).set_index(place)[FLAG]
    kept = (quality["table"] == "detainers") & (quality["reason"] == "kept")
    rows = found.reindex(pd.MultiIndex.from_frame(quality.loc[kept, place])).fillna(0)
    quality.loc[kept, FLAG] = rows.to_numpy("int64")
    return quality
