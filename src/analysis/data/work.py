"""One batch of raw rows, cleaned and written as parts of tables: a piece of work done here or by another process.

In: a batch, and the place of its file among the dataset's files. Out: what was counted,
and the parts written: one for each map, those of rows set aside and of linkage records. Nothing is kept from batch to batch
but the tables' schemas.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analysis.data.assemble import write_file, write_keys
from analysis.data.clean import clean
from analysis.data.coded import RawColumns
from analysis.data.identity import keyed_hash, phrase_key
from analysis.data.private import aside_folder, rows_aside
from analysis.data.raw_values import hashed_values
from analysis.data.read import Batch
from analysis.data.sources import RawFile
from analysis.data.spec import Spec
from analysis.data.tally import Tally
from analysis.data.write import Part, PartWriter, write_part


@dataclass
class Done:
    """What came of one batch."""

    tally: Tally
    parts: list[Part] = field(default_factory=list)
    aside: list[Path] = field(default_factory=list)  # parts of rows set aside
    linkage: list[Path] = field(default_factory=list)  # parts of what linking compares


class Work:
    """What is done to every batch of a dataset. Without a folder for the parts nothing is written (a check)."""

    def __init__(self, spec: Spec, files: list[RawFile], parts: Path | None, private: Path) -> None:
        self.spec, self.files, self.parts, self.private = spec, files, parts, private
        self.writer = PartWriter(spec, parts)
        self.hashed = keyed_hash(private) if parts else _as_it_is
        self.phrase_key = phrase_key(private) if parts else ""

    def __reduce__(self) -> tuple:
        return Work, (self.spec, self.files, self.parts, self.private)  # the key stays in its file

    def knows(self, at: int) -> bool:
        """Return whether the schema of every table that a file feeds is settled."""
        return all(part.table in self.writer.schemas for part in self.files[at].source.maps)

    def do(self, number: int, at: int, batch: Batch, schemas: dict[str, pa.Schema] | None = None) -> Done:
        """Clean batch ``number`` of the dataset, which belongs to the file at place ``at``. Raises InputError."""
        self.writer.schemas.update(schemas or {})
        file = self.files[at]
        source, lineage = file.source, (file.name, batch.sheet)
        done, raw, kept = Done(Tally()), RawColumns(batch.frame), []
        done.tally.see(batch, source, file.name)
        for i, mapping in enumerate(source.maps):
            result = clean(raw, batch.rows, mapping, source, lineage, self.hashed, self.spec.follow_up)
            done.tally.add(result, batch, mapping, file.name)
            path = self.writer.add(mapping.table, result.kept, file.name, f"{number:07d}-{i:02d}")
            done.parts.append(Part(mapping.table, (at, i, number), len(result.kept), path, *lineage))
            for rows in rows_aside(result, batch, mapping, file.name) if self.parts else ():
                done.aside.append(aside_folder(self.private) / f"aside-{number:07d}-{i:02d}-{len(done.aside)}.arrow")
                write_part(rows, done.aside[-1])
            kept.append(result.kept)
        if self.parts:
            hashed_values(raw, source, self.phrase_key, self.parts / f"values-{number:07d}.parquet")
        if self.parts and source.link:
            from analysis.data.link_input import SCHEMA, linkage_input

            nothing = (source.nulls, source.redacted)
            records = linkage_input(batch.frame, batch.rows, source.link, lineage, kept, nothing)
            done.linkage.append(aside_folder(self.private) / f"linkage-{number:07d}.arrow")
            write_part(
                pa.Table.from_pandas(records[SCHEMA.names], schema=SCHEMA, preserve_index=False), done.linkage[-1]
            )
        return done

    write_file = staticmethod(write_file)
    write_keys = staticmethod(write_keys)


def _as_it_is(values: pd.Series) -> pd.Series:
    return values
