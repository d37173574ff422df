"""All raw files of a dataset read, cleaned and counted, by as many processes as they are worth.

In: a dataset and its files. Out: the counts, and for each table its parts in the order of the raw files, which does
not depend on who did the work. ``rows in = kept + set aside`` is checked for every file.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from analysis.data import state
from analysis.data.crew import Crew, size
from analysis.data.errors import InputError, say
from analysis.data.link_input import SCHEMA as LINKAGE
from analysis.data.private import ASIDE, PrivateFile
from analysis.data.read import batches_of
from analysis.data.recognize import recognized
from analysis.data.sources import RawFile, check_once
from analysis.data.spec import Source, Spec
from analysis.data.tally import Tally
from analysis.data.work import Done, Work
from analysis.data.write import Part

FIRST_ROWS = 5_000  # of a table are cleaned before its other rows are given to other processes


@dataclass
class Reading:
    """What was read: the counts, and for each table its parts in the order of the raw files."""

    tally: Tally = field(default_factory=Tally)
    parts: dict[str, list[Part]] = field(default_factory=dict)


@contextmanager
def started(spec: Spec, files: list[RawFile], parts: Path | None, private: Path) -> Iterator[tuple[Work, Crew]]:
    """Give what is done to each batch, and who does it: processes side by side where the files are worth it."""
    workers = size([file.path for file in files])
    spec, files = recognized(spec, files)
    check_once(spec, files)
    work = Work(spec, files, parts, private)
    with Crew(work, workers) as crew:
        yield work, crew
    raw = private.parents[1] / "raw" / spec.name
    names = spec.disclosure != "public" and any(source.sensitive for source in spec.sources)
    if names and raw == spec.folder and state.closed(raw):
        say(f"{spec.name}: its map names sensitive columns, so its folder is now closed to other users", sys.stderr)


def read_all(work: Work, crew: Crew) -> Reading:
    """Read, clean and count every file, a batch at a time."""
    reading = Reading()
    kept, compared = (work.private / name if work.parts else None for name in ("set_aside.parquet", "linkage.parquet"))
    linked = any(source.link for source in work.spec.sources)
    with PrivateFile(kept, ASIDE) as aside, PrivateFile(compared if linked else None, LINKAGE) as linkage:
        for done in _by_batches(work, crew):
            reading.tally.merge(done.tally)
            for part in done.aside:
                aside.add(part)
            for part in done.linkage:
                linkage.add(part)
            for part in done.parts:
                reading.parts.setdefault(part.table, []).append(part)
    for own in reading.parts.values():
        own.sort(key=lambda part: part.order)
    for source in work.spec.sources:
        _check(source, [file.name for file in work.files if file.source is source], reading.tally, work.spec)
    return reading


def _by_batches(work: Work, crew: Crew) -> Iterator[Done]:
    """Yield what comes of each batch, in the order of the files.

    The first rows of a table are cleaned here: they settle its schema, by which every other process then writes.
    """
    number = 0
    for at, file in enumerate(work.files):
        for batch in batches_of(file):
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
