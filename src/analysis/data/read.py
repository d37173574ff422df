"""Raw files as tables of the query engine, whatever the file is.

In: a path and the file's block of ``dataset.toml``. Out: for each sheet (a table of a database, a member of a zip) a
table of DuckDB with a column for each header, all text where the file is text and typed where the file is typed, and
``_row``, the row's number in the file as a person would count it, so that every later message can name a row. Rows that
do not fit the header are handed on as broken, never skipped. Rows of a text or sheet without any value are not rows.

Text is taken apart by Arrow and stored by DuckDB: DuckDB's own reader drops blank lines without counting them and stops
where line ends are mixed, and is no faster.
"""

import codecs
import csv
import gzip
import io
import os
import re
import sqlite3
import tempfile
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial, reduce
from glob import escape
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine
from pyarrow import csv as pa_csv
from pyarrow import parquet as pq

from analysis.data.errors import InputError, memory_ran_out, nearest
from analysis.data.spec import Source
from analysis.data.values import texts

if TYPE_CHECKING:
    pass

BATCH_ROWS = 100_000
LARGE = 1 << 30  # bytes: a packed file below it is never refused for its size
RATIO = 200  # unpacked to packed; delimited text and Excel's XML stay below 50
_MOST = 1032  # times its size that a gzip file can unpack to
GRID = 50_000_000  # cells of a sheet: about 2 GB
EMPTY = 20  # times as many places in a sheet as there are cells in it
TOP = 50  # rows among which a header is looked for
TEXTS, LINES = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson")
BOOKS, BASES = (".xlsx", ".xls", ".ods"), (".db", ".sqlite", ".sqlite3")
SUFFIXES = (*TEXTS, ".parquet", *BOOKS, ".dta", ".sas7bdat", ".xpt", ".sav", *LINES, *BASES)
_BLOCK = 16 << 20  # bytes of text taken apart at a time: no single field may be longer
_THREADS = 4  # more than the reader of text starts
_DELIMITERS = ",\t;|"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ACCENTED = re.compile(rb"\xc3[\x80-\xbf]")  # a Latin letter with an accent, in UTF-8
_ABOUT = re.compile(
    r"\W*(read[\W_]*me|licen[cs]e|copying|copyright)", re.IGNORECASE
)  # members of a zip that are no data
_SAME = re.compile(r"(U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|BOOLEAN|VARCHAR|DATE|TIME|TIMESTAMP(_S|_MS|_NS)?)$")
Opened = Callable[[], BinaryIO]
Connection = duckdb.DuckDBPyConnection
_CELL = re.compile(rb"<(?:\w+:)?c[ >]")
_FAR = re.compile(
    rb"['\"](?:([A-Z]{2,7})(\d{1,20})|([A-Z]{0,7})(\d{6,20}))['\"]"
)  # a place from column AA or row 100,000 on
_PLACE = re.compile(rb"['\"]([A-Z]{0,7})(\d{1,20})['\"]()()")
_REPEATED, _TIMES = re.compile(rb"table:table(|-row|-cell)[ >]"), re.compile(rb"repeated=['\"](\d{1,20})['\"]")
_numbers = count()


@dataclass
class Staged:
    """A table of the engine that holds the rows of one sheet.

    ``columns`` gives for each header the table's column (the same name, unless another header differs from it in case
    alone), ``types`` its type. ``day_0``: the year (1900 or 1904) from which numbers that
    mean days are counted, in a workbook.
    """

    table: str
    columns: dict[str, str]
    types: dict[str, str]
    sheet: str = ""
    broken: list[tuple[int, str]] = field(default_factory=list)  # (row, found), in the order of the file
    hidden: bool = False
    day_0: int | None = None
    view: bool = False

    @property
    def headers(self) -> list[str]:
        """The headers in the order of the file."""
        return list(self.columns)


def stage(con: Connection, path: Path, source: Source, name: str | None = None) -> Iterator[Staged]:
    """Store the rows of a file in tables of ``con`` and yield them; rows of a Parquet file stay where they are, seen by a view.

    ``name`` is what messages call the file. Raises InputError for a file that is empty, cut short, or not of the kind
    that its ending says, for a sheet that is not there and for text that is not in its encoding.
    """
    name = name or path.name
    suffix, packing = kind_of(path, name)
    if source.sheets and not (suffix in (*BOOKS, *BASES) or packing == ".zip"):
        raise InputError(f"{name}: sheets = {list(source.sheets)}, but a {suffix} file has none. Leave sheets out.")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{name}: the file is empty (0 bytes). Fetch it again or take it out of dataset.toml.")
        if suffix in TEXTS:
            for member, opened in _members(path, packing, source.sheets, name):
                yield _text(con, opened, source, suffix, f"{name}: {member}" if member else name, member)
        elif suffix in (*BOOKS, *BASES):
            yield from (_workbook if suffix in BOOKS else _sqlite)(con, path, source, name)
        elif suffix == ".parquet":
            yield _parquet(con, path, source, name)
        elif suffix in LINES:
            yield _json_lines(con, path, name)
        else:
            yield _statistics(con, path, source, suffix, name)
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the file is cut short or damaged ({first_line(error)}). Fetch it again.") from None
    except (NotImplementedError, RuntimeError) as error:  # what zipfile raises for a password or an unusual method
        if packing != ".zip" or memory_ran_out(error):
            raise
        raise InputError(f"{name}: the zip cannot be unpacked ({first_line(error)}). Unpack it by hand.") from None
    except OSError as error:
        raise InputError(f"{name}: the file cannot be read ({error.strerror or first_line(error)}).") from None


def first_rows(con: Connection, staged: Staged, most: int) -> pd.DataFrame:
    """Return the first rows of a staged table as folded text by header, whole numbers without a point, and ``_row``."""
    texts = "coalesce(COLUMNS(* EXCLUDE (_row))::VARCHAR, '')"
    frame = con.sql(f"SELECT {texts}, _row FROM {staged.table} LIMIT {most}").df()
    frame.columns = [*staged.headers, "_row"]
    for header, kind in zip(staged.headers, staged.types.values(), strict=True):
        whole = frame[header].str.removesuffix(".0") if kind in ("DOUBLE", "FLOAT") else frame[header]
        frame[header] = whole.map(lambda text: " ".join(text.split()))
    return frame


def stage_frame(con: Connection, frame: pd.DataFrame, name: str) -> Staged:
    """Store a frame that a package supplies; row 1 is the first."""
    return _stored(con, _folded(frame.columns, name), _of_frames([frame]))


# ---- kinds of files, and what is packed


def kind_of(path: Path, name: str) -> tuple[str, str]:
    """Return a file's kind (its ending) and packing ("", ".gz" or ".zip"). Raises InputError for a kind that is not read.

    A text whose first bytes are those of a packed file is one, whatever it is called.
    """
    packing = path.suffix.lower() if path.suffix.lower() in (".gz", ".zip") else ""
    suffix = (path.with_suffix("") if packing else path).suffix.lower()
    if packing == ".zip" and suffix not in SUFFIXES:
        suffix = ".csv"
    if suffix not in SUFFIXES or (packing and suffix not in (*TEXTS, *(LINES if packing == ".gz" else ()))):
        raise InputError(
            f"{name}: files of the kind '{''.join(path.suffixes[-2:]) or path.name}' are not read. Expected {', '.join(SUFFIXES)}, or "
            ".gz or .zip of text files, or .gz of JSON lines: save it as one of these."
        )
    if suffix in TEXTS and not packing:
        with path.open("rb") as file:
            start = file.read(4)
        packing = ".gz" if start[:2] == b"\x1f\x8b" else ".zip" if start == b"PK\x03\x04" else ""
    return suffix, packing


def _members(path: Path, packing: str, sheets: tuple[str, ...], name: str) -> Iterator[tuple[str, Opened]]:
    """Yield (member, function that opens it) for a text file, plain or packed; ``sheets`` chooses members of a zip."""
    if packing != ".zip":
        opened = partial(gzip.open if packing else Path.open, path, "rb")
        if packing:
            _check_unpacked(opened, path.stat().st_size, name)
        yield "", opened
        return
    with zipfile.ZipFile(path) as archive:
        _check_size(sum(member.file_size for member in archive.infolist()), path.stat().st_size, name)
        inside = [m for m in archive.namelist() if m and m[-1] != "/" and not m.startswith("__MACOSX/")]
        plain = {member: Path(member.removesuffix(".gz")).suffix.lower() for member in inside}
        members = [member for member in inside if plain[member] in TEXTS]
        if not members:
            found = ", ".join(inside) or "nothing"
            raise InputError(f"{name}: no text file in this zip (found {found}). Expected a .csv, .tsv or .txt.")
        for wanted in sheets:
            if wanted not in members:
                raise InputError(f"{name}: the zip holds no '{wanted}'.{nearest(wanted, members)}")
        data = [member for member in members if not _ABOUT.match(Path(member).name)]
        for member in sheets or sorted(data or members):
            opened = partial(archive.open, member)
            if member.endswith(".gz"):
                opened = partial(lambda packed: gzip.GzipFile(fileobj=packed()), opened)
                _check_unpacked(opened, archive.getinfo(member).file_size, name)
            yield member, opened


def _check_unpacked(opened: Opened, packed: int, name: str) -> None:
    unpacked = 0
    for block in _blocks(opened) if packed * _MOST > LARGE else ():
        unpacked += len(block)
        _check_size(unpacked, packed, name)


def _check_size(unpacked: int, packed: int, name: str) -> None:
    """Refuse a file of ``packed`` bytes that unpacks to more than LARGE and RATIO times its size."""
    if unpacked > LARGE and unpacked > RATIO * packed:
        raise InputError(
            f"{name}: {packed:,} bytes unpack to more than {unpacked / 1e9:,.1f} GB, which no table does. It is not read; if it is what it "
            "should be, unpack it and name the file inside."
        )


def _blocks(opened: Opened, overlap: int = 0) -> Iterator[bytes]:
    """Yield a file in blocks, each with the end of the one before, so that nothing short is cut in two."""
    end = b""
    with opened() as file:
        while block := file.read(1 << 20):
            yield end + block
            end = block[-overlap:] if overlap else b""


@contextmanager
def readable(what: str, name: str, *errors: type[Exception]) -> Iterator[None]:
    """Say of errors that a damaged file causes in its reader what they all mean."""
    try:
        yield
    except InputError:
        raise
    except errors as error:
        if memory_ran_out(error):
            raise
        reason = first_line(error)
        raise InputError(f"{name}: not a readable {what}, or one cut short ({reason}). Fetch it again.") from None


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, for a message of one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


# ---- headers


def headers(raw: Iterable[object], where: str, source: Source) -> list[str]:
    """Return a header row as folded text, blank headers named by their column's number.

    White space in a header becomes "_" where the block says ``underscores``. Raises InputError where the row holds no
    name, or one twice that the block names.
    """
    folded = [("_" if source.underscores else " ").join(str(header).split()) for header in raw]
    if not any(folded):
        raise InputError(f"{where}: no header row was found. Set skip_rows to the number of rows above it.")
    return _unique(folded, where, source.named)


def _unique(names: list[str], where: str, wanted: Container[str]) -> list[str]:
    """Return headers with a number behind each that stands there before: "note", "note (2)". Refuse it for one that is ``wanted``."""
    names = [header or f"(column {i})" for i, header in enumerate(names, 1)]
    found: dict[str, None] = {}
    for header in names:
        if header in found and header in wanted:
            raise InputError(
                f"{where}: the header '{header}' appears twice. Rename one of the two columns in the file."
            )
        again = (f"{header} ({i})" for i in count(2))
        found[header if header not in found else next(name for name in again if name not in {*names, *found})] = None
    return list(found)


def _folded(names: Iterable[object], name: str) -> list[str]:
    """Return the headers of a typed file, of which none may stand there twice."""
    folded = [" ".join(str(header).split()) for header in names]
    return _unique(folded, name, folded)


def found_header(rows: list[list[str]], known: Container[str], *, underscores: bool = False) -> int | None:
    """Return the position of the row that holds most of the known headers; None where no row holds two of them."""
    mark = "_" if underscores else " "
    held = [len(known & {mark.join(cell.split()) for cell in row}) for row in rows]
    best = max(held, default=0)
    return held.index(best) if best >= min(2, len(known)) and best else None


def _above(rows: list[list[str]], source: Source) -> int:
    """Return the number of rows above the header: what the block says, or found by the headers of its layout."""
    return source.skip_rows or found_header(rows, source.headers, underscores=source.underscores) or 0


def _check_header(found: list[str], rows: list[list[str]], where: str, source: Source) -> None:
    """Refuse a header row that holds nothing of the map where a row further down does."""
    below = None if source.named & {*found} else found_header(rows, source.named, underscores=source.underscores)
    if below is not None:
        raise InputError(f"{where}: the header row is row {below + 1}, as it seems. Say so: skip_rows = {below}.")


def top_rows(path: Path, name: str) -> dict[str, list[list[str]]]:
    """Return the rows at the top of each sheet as folded text: up to TOP of a text or a workbook's sheet, else the headers alone.

    Raises InputError for a file that cannot be read, or is of no known kind.
    """
    suffix, packing = kind_of(path, name)
    source = Source()
    if suffix in BOOKS:
        return {info.name: _top(sheet) for info, sheet in _sheets(path, source, name)}
    if suffix in TEXTS:
        found = {}
        for member, opened in _members(path, packing, (), name):
            with _in_utf8(opened, None, name) as again, _lines(again) as lines:
                found[member] = _rows_of_lines(list(islice(lines, TOP)), suffix)
        return found
    with duckdb.connect() as con:
        return {staged.sheet: [staged.headers] for staged in stage(con, path, source, name)}


# ---- text


def _text(con: Connection, opened: Opened, source: Source, suffix: str, name: str, sheet: str) -> Staged:
    """Stage the records of a delimited text file; record 1 is the first record of the file.

    A quoted field may hold line breaks; one whose quotation mark is never closed, or closed in mid-field, would swallow
    rows and raises InputError.
    """
    with _in_utf8(opened, source.encoding, name) as again:
        with _lines(again) as lines:
            top = list(islice(lines, max(TOP, source.skip_rows + 1)))
            rows = _rows_of_lines(top, suffix, source.delimiter)
            above = _above(rows[:TOP], source)
            delimiter = source.delimiter or _delimiter(top[above] if above < len(top) else "", suffix)
            try:
                head = next(csv.reader(chain(top[above:], lines), delimiter=delimiter), [])
            except csv.Error:
                why = "a quotation mark in the header is opened and never closed"
                raise InputError(f"{name}: {why}. Mend the file.") from None
        after = rows[above + 1] if above + 1 < len(rows) else []
        if len(after) == len(head) + 1 and not after[-1]:  # every row ends with a delimiter, and the header does not
            head = [*head, ""]
        found = headers(head, name, source)
        _check_header(found, rows, name, source)
        with again() as binary:
            mark = len(codecs.BOM_UTF8) if binary.read(3) == codecs.BOM_UTF8 else 0
        records = _Records(found, delimiter, above, name)
        with again() as records.binary:
            records.binary.read(mark + len("".join(top[:above]).encode()))
            staged = _stored(con, found, records.parts(), sheet)
        staged.broken = records.broken
        if records.lines != records.last - above:  # some record runs over several lines
            _check_quotes(again, delimiter, above, name)
    return staged


class _Records(io.RawIOBase):
    """The records of a delimited file after its header, with the number of each; read by Arrow as a file whose lines are counted."""

    def __init__(self, found: list[str], delimiter: str, above: int, name: str) -> None:
        self.headers, self.delimiter, self.above, self.name = found, delimiter, above, name
        self.binary: BinaryIO | None = None
        self.breaks, self.ended = 0, True
        self.broken: list[tuple[int, str]] = []  # records that do not fit
        self.last = above + 1  # the number of the last record numbered: that of the header, to begin with

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self.binary.read(size)
        if block:
            self.breaks, self.ended = self.breaks + block.count(b"\n"), block.endswith(b"\n")
        return block

    @property
    def lines(self) -> int:
        """The number of lines read, the last one whether or not it ends with a line break."""
        return self.breaks + (not self.ended)

    def parts(self) -> Iterator[pa.Table]:
        """Yield the records that hold a value, as text, with their numbers."""
        names = [str(i) for i in range(len(self.headers))]
        # read serially: only then does the reader number the records that do not fit
        reading = pa_csv.ReadOptions(use_threads=False, column_names=names, skip_rows_after_names=1, block_size=_BLOCK)
        parsing = pa_csv.ParseOptions(
            delimiter=self.delimiter, invalid_row_handler=self._keep, newlines_in_values=True, ignore_empty_lines=False
        )
        as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        _check_room_for_threads()
        try:
            for part in pa_csv.open_csv(self, reading, parsing, as_text):
                misfits = [row for row, _ in self.broken if row > self.last]
                rows = np.arange(self.last + 1, self.last + 1 + len(part) + len(misfits), dtype="int64")
                rows = rows[~np.isin(rows, misfits)][: len(part)]
                self.last = int(rows[-1]) if len(rows) else self.last
                filled = reduce(pc.or_, (pc.not_equal(column, "") for column in part.columns))
                yield pa.table([*part.columns, pa.array(rows)], [*names, "_row"]).filter(filled)
        except pa.ArrowInvalid as error:
            if self.lines > 1 and "straddl" in str(error):
                raise InputError(
                    f"{self.name}: a field after record {self.last} is longer than {_BLOCK >> 20} MB, or a quotation mark is opened and "
                    "never closed. Mend the file."
                ) from None
            if self.lines > 1:  # else it is a header alone, without a line break
                why = first_line(error)
                raise InputError(f"{self.name}: the text after record {self.last} is not in columns ({why}).") from None
        self.last = max([self.last, *(row for row, _ in self.broken)])

    def _keep(self, row: pa_csv.InvalidRow) -> str:
        self.broken.append((row.number + self.above, row.text))
        return "skip"


def _check_quotes(opened: Opened, delimiter: str, above: int, name: str) -> None:
    """Refuse a file in which a quotation mark swallows the line breaks of other records.

    A second reading, strict and only where some record runs over several lines: the reader of columns
    takes a field that is never closed for one that ends with the file.
    """
    limit, record = csv.field_size_limit(2**31 - 1), above
    try:
        with _lines(opened) as lines:
            for _ in range(above):
                lines.readline()
            for record, _ in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), above + 1):  # noqa: B007
                pass
    except csv.Error:
        raise InputError(
            f"{name}: record {record + 1:,} holds a quotation mark that is opened and never closed, or stands inside a quoted field. "
            'Write it twice ("") or take it out: the rows after it would be lost.'
        ) from None
    finally:
        csv.field_size_limit(limit)


def _check_room_for_threads() -> None:
    """Raise what Python raises where memory has no room for more threads: the reader would wait for its own for ever."""
    over = threading.Event()
    started = [threading.Thread(target=over.wait, daemon=True) for _ in range(_THREADS)]
    try:
        for thread in started:
            thread.start()
    finally:
        over.set()


def _rows_of_lines(lines: list[str], suffix: str, delimiter: str | None = None) -> list[list[str]]:
    """Return each line of a delimited text as a row of folded cells, however long the others are."""
    rows = (next(csv.reader([line[:100_000]], delimiter=delimiter or _delimiter(line, suffix)), []) for line in lines)
    return [[" ".join(cell.split()) for cell in row] for row in rows]


def _delimiter(header: str, suffix: str) -> str:
    """Return the delimiter most frequent in a header outside quotation marks."""
    bare = "".join(header.split('"')[::2])
    return max(("\t" if suffix == ".tsv" else ",", *_DELIMITERS), key=bare.count)


@contextmanager
def _lines(opened: Opened, encoding: str = "utf-8-sig") -> Iterator[io.TextIOWrapper]:
    """Open a file as text, with its line breaks as they are and without a byte order mark."""
    with opened() as binary, io.TextIOWrapper(binary, encoding=encoding, newline="") as lines:
        yield lines


@contextmanager
def _in_utf8(opened: Opened, wanted: str | None, name: str) -> Iterator[Opened]:
    """Give a function that opens a text as UTF-8: the file itself, or a copy of it that has no name and ends with this."""
    encoding = _encoding(opened, wanted, name)
    if encoding == "utf-8":
        yield opened
        return
    with tempfile.TemporaryFile() as copy:
        with _lines(opened, encoding) as lines:
            while part := lines.read(1 << 20):
                copy.write(part.encode())
        yield lambda: os.fdopen(os.dup((copy.seek(0), copy.fileno())[1]), "rb")


def _encoding(opened: Opened, wanted: str | None, name: str) -> str:
    """Return the encoding of a text file, found out or checked by reading all of it once.

    The one that the map names, else what the byte order mark says, else UTF-8, else Windows-1252 (which
    holds Latin-1). Raises InputError for a file that is empty, is not in the encoding named, mixes
    encodings or holds NUL bytes.
    """
    with opened() as binary:
        start = binary.read(4)
    if not start:
        raise InputError(f"{name}: the file is empty. Fetch it again or take it out of dataset.toml.")
    encoding = codecs.lookup(wanted or next((e for mark, e in _MARKS if start.startswith(mark)), "utf-8")).name
    fault = _fault(opened, encoding)
    if fault is None:
        return encoding
    nul, at, line = fault
    if nul:
        raise InputError(
            f"{name}: line {line:,} holds a NUL byte, so it is not plain text. If the file is UTF-16, say "
            f'encoding = "utf-16-{"le" if at % 2 else "be"}" in dataset.toml; else mend the line.'
        )
    if wanted or encoding != "utf-8":
        raise InputError(
            f"{name}: line {line:,} is not {wanted or encoding} (byte {at:,}). Leave encoding out, or name the right one."
        )
    if any(_ACCENTED.search(block) for block in _blocks(opened)):
        raise InputError(
            f"{name}: encodings are mixed: some lines are UTF-8, and line {line:,} is not. Mend that line, or say "
            'encoding = "cp1252" in dataset.toml to read all of it as Windows-1252.'
        )
    return "cp1252" if _fault(opened, "cp1252") is None else "latin-1"


def _fault(opened: Opened, encoding: str) -> tuple[bool, int, int] | None:
    """Return the first byte that is not in an encoding, or is NUL where none can be: which of both, its place and line."""
    decoder, before, lines = codecs.getincrementaldecoder(encoding)("strict"), 0, 1
    wide = encoding.startswith(("utf-16", "utf-32"))
    for block in chain(_blocks(opened), [b""]):
        if not wide and (at := block.find(b"\0")) >= 0:
            return True, before + at, lines + block[:at].count(b"\n")
        held = 0 if wide else len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeError as error:
            at = getattr(error, "start", 0) - held
            return False, before + at, lines + block[: max(at, 0)].count(b"\n")
        before, lines = before + len(block), lines + block.count(b"\n")
    return None


# ---- workbooks


def _sheets(path: Path, source: Source, name: str) -> Iterator[tuple[calamine.SheetMetadata, calamine.CalamineSheet]]:
    """Yield the named worksheets of a workbook, or all that are not empty, with what is said of them."""
    _check_workbook(path, name)
    what = "OpenDocument spreadsheet" if path.suffix.lower() == ".ods" else "Excel workbook"
    with readable(what, name, calamine.CalamineError, OSError, ValueError):
        book = calamine.CalamineWorkbook.from_path(str(path))
        about = {info.name: info for info in book.sheets_metadata if info.typ == calamine.SheetTypeEnum.WorkSheet}
        for wanted in source.sheets:
            if wanted not in about:
                raise InputError(f"{name}: there is no sheet '{wanted}'.{nearest(wanted, about)}")
        for label in source.sheets or about:
            sheet = book.get_sheet_by_name(label)
            if sheet.end is not None:
                yield about[label], sheet
            elif source.sheets:
                raise InputError(f"{name}, sheet '{label}': the sheet is empty.")


def _workbook(con: Connection, path: Path, source: Source, name: str) -> Iterator[Staged]:
    """Stage the rows of sheets as text, dates in ISO form, rows numbered as Excel does.

    Formulas give the value stored in the file; nothing is computed and no link is followed. An error
    value such as #N/A is a blank, and so are the cells of a merged area but its first. A sheet of a header alone gives nothing.
    """
    found = list(_sheets(path, source, name))
    if not found:
        raise InputError(f"{name}: every sheet is empty. Fetch it again or take it out of dataset.toml.")
    day_0 = 1904 if _from_1904(path) else 1900
    for info, sheet in found:
        where, top = f"{name}, sheet '{info.name}'", _top(sheet)
        if (
            source.headers
            and not source.sheets
            and len(found) > 1
            and found_header(top, source.headers, underscores=source.underscores) is None
        ):
            raise InputError(
                f"{where}: none of its first {TOP} rows is a header of this layout. If it holds something else, name "
                'the sheets to read: sheets = ["..."].'
            )
        lines = enumerate(sheet.iter_rows(), 1)
        _, head = next(islice(lines, _above(top, source), None), (0, []))
        columns = headers(map(_cell, head), where, source)
        _check_header(columns, top, where, source)
        empty = {i for i, cell in enumerate(head) if not _cell(cell).strip()}
        for line in sheet.iter_rows() if empty else ():
            empty = {i for i in empty if line[i] == ""}
        kept = [i for i in range(len(columns)) if i not in empty]  # one cell far out makes thousands that are nothing
        staged = _stored(con, [columns[i] for i in kept], _rows(lines, kept), info.name)
        staged.hidden, staged.day_0 = info.visible != calamine.SheetVisibleEnum.Visible, day_0
        if con.execute(f"SELECT count(*) FROM {staged.table}").fetchall()[0][0]:
            yield staged


def _rows(lines: Iterator[tuple[int, list]], kept: list[int]) -> Iterator[pa.Table]:
    while chunk := list(islice(lines, BATCH_ROWS)):
        filled = [(number, line) for number, line in chunk if any(cell != "" for cell in line)]
        numbers = pa.array([number for number, _ in filled], pa.int64())
        if filled:
            texts = [pa.array([_cell(line[i]) for _, line in filled], pa.string()) for i in kept]
            yield pa.table([*texts, numbers], [*map(str, range(len(texts))), "_row"])


def _top(sheet: calamine.CalamineSheet) -> list[list[str]]:
    return [[" ".join(_cell(cell).split()) for cell in row] for row in islice(sheet.iter_rows(), TOP)]


def _cell(cell: object) -> str:
    """Return a cell as text: dates in ISO form, whole numbers without a decimal point."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell.total_seconds() if isinstance(cell, timedelta) else cell)


def _from_1904(path: Path) -> bool:
    if not zipfile.is_zipfile(path):  # an old workbook: the first record of its kind (0x22) says which
        mark = re.search(rb"\x22\x00\x02\x00([\x00\x01])\x00", path.read_bytes())
        return bool(mark) and mark[1] == b"\x01"
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist() and bool(
            re.search(rb"date1904\s*=\s*['\"](1|true)", archive.read("xl/workbook.xml"))
        )


def _check_workbook(path: Path, name: str) -> None:
    """Refuse a workbook that unpacks as no table does, or a sheet of which hardly a place is filled.

    A sheet is laid out as a grid in memory: one cell in its last corner makes it 17 billion cells large. What is not a
    zip, or is damaged, is left to the reader of workbooks to name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(sum(member.file_size for member in archive.infolist()), path.stat().st_size, name)
            for member in archive.namelist():
                if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                    _check_grid(partial(archive.open, member), Path(member).stem, name)
                elif member == "content.xml":
                    _check_repeated(partial(archive.open, member), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        return


def _check_grid(opened: Opened, sheet: str, name: str) -> None:
    for pattern, row, wide in (
        (_FAR, 99_999, 26),
        (_PLACE, 1, 26),
    ):  # all places are looked at only where far ones are many
        cells, columns = 0, set()
        for block in _blocks(opened, 64):
            cells += len(_CELL.findall(block))
            for place in pattern.findall(block):
                columns.add(place[0] or place[2])
                row = max(row, int(place[1] or place[3]))
        wide = max([wide, *(sum((letter - 64) * 26**i for i, letter in enumerate(reversed(c))) for c in columns)])
        if row * wide <= max(GRID, EMPTY * cells):
            return
    _refuse_grid(name, sheet, row, wide, cells)


def _check_repeated(opened: Opened, name: str) -> None:
    """Do the same for OpenDocument, which writes equal cells and rows once, with how often they are repeated."""
    row = column = wide = cells = 0
    rows, rest = 1, b""
    for block in chain(_blocks(opened), [b"<"]):
        *tags, rest = (rest + block).split(b"<")
        for kind, tag in ((_REPEATED.match(tag), tag) for tag in tags):
            times = int(match[1]) if kind and (match := _TIMES.search(tag)) else 1
            if kind and kind[1] == b"":
                row, wide, rows = 0, 0, 0
            elif kind and kind[1] == b"-row":
                row, rows, column = row + rows, times, 0
            elif kind:
                column += times
                if b"value-type" in tag:
                    wide, cells = max(wide, column), cells + 1
                    if (row + rows) * wide > max(GRID, EMPTY * cells):
                        _refuse_grid(name, "a sheet", row + rows, wide, cells)


def _refuse_grid(name: str, sheet: str, row: int, wide: int, cells: int) -> None:
    raise InputError(
        f"{name}: {sheet} reaches to row {row:,} and column {wide:,}, and only about {cells:,} of these cells "
        "hold anything. Delete the empty rows and columns, and save it again."
    )


# ---- files that hold typed columns, and databases


def _parquet(con: Connection, path: Path, source: Source, name: str) -> Staged:
    """Stage a Parquet file as a view; row 1 is the first. Nested columns (lists, structs) become JSON text.

    Moments are those of the zone that the map says. Raises InputError for a column of dates that needs one.
    """
    rules = [rule for part in source.maps for rule in part.columns.values() if rule.kind == "date"]
    zones = {header: rule.tz for rule in rules for header in rule.read}
    scan = f"read_parquet([{text_of(escape(str(path)))}], file_row_number=true, hive_partitioning=false)"
    with readable("Parquet file", name, pa.ArrowException, OSError, ValueError, duckdb.Error):
        schema = pq.read_schema(path)
        columns = _columns(_folded(schema.names, name))
        own = con.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {scan}").fetchall()
        for header, (column, kind, *_) in zip(columns, own, strict=True):
            if kind == "TIMESTAMP WITH TIME ZONE" and header in zones and not zones[header]:
                raise InputError(
                    f"{name}: column '{header}' holds moments in {schema.field(column).type.tz}, and a day begins at another hour elsewhere. Say "
                    f'whose day is meant: {{ from = "{header}", tz = "America/New_York" }}, or tz = "UTC".'
                )
        kept = ", ".join(
            f"{_plain(quoted(column), kind, part.type, zones.get(header))} AS {quoted(to)}"
            for (column, kind, *_), part, (header, to) in zip(own, schema, columns.items(), strict=True)
        )
        table = f"raw_{next(_numbers)}"
        con.execute(f"CREATE VIEW {table} AS SELECT {kept}, file_row_number + 1 AS _row FROM {scan}")
        staged = _staged(con, table, columns)
        staged.view = True
        return staged


def _plain(column: str, kind: str, own: pa.DataType, zone: str | None) -> str:
    """Return a column of a type that pandas has: nested values as JSON, decimals as numbers or digits, bytes as text."""
    if pa.types.is_nested(own):
        return f"to_json({column})::VARCHAR"
    if pa.types.is_decimal(own) and own.precision <= 38:  # an identifier keeps all its digits
        return f"{column}::{'DOUBLE' if own.scale else 'BIGINT' if own.precision <= 18 else 'VARCHAR'}"
    if kind == "BLOB":
        return f"coalesce(TRY(decode({column})), lower(hex({column})))"
    if kind == "TIMESTAMP WITH TIME ZONE":  # as the source's own clock showed it, unless the map says another
        zone = zone or getattr(own, "tz", None) or "UTC"
        away = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
        local = f"({column} AT TIME ZONE {text_of('UTC' if away else zone)})"
        return f"{local} {away[1]} INTERVAL '{away[2]}:{away[3]}:00'" if away else local
    return column if _SAME.match(kind) else f"{column}::VARCHAR"


def _json_lines(con: Connection, path: Path, name: str) -> Staged:
    """Stage a file of one JSON object a line as text; row 1 is the first. What is nested stays JSON."""
    lines = f"raw_{next(_numbers)}"
    with readable("file of JSON lines", name, duckdb.Error):
        objects = f"read_ndjson_objects([{text_of(escape(str(path)))}], maximum_object_size={_BLOCK})"
        con.execute(f"CREATE TEMP TABLE {lines} AS SELECT json, row_number() OVER () AS _row FROM {objects}")
    odd = con.execute(f"SELECT min(_row) FROM {lines} WHERE json_type(json) <> 'OBJECT'").fetchall()[0][0]
    if odd:
        raise InputError(f'{name}: row {odd:,} is no JSON object. Expected one a line, such as {{"id": 1}}.')
    each = f"SELECT unnest(json_keys(json)) AS key, generate_subscripts(json_keys(json), 1) AS place, _row FROM {lines}"
    found = con.execute(f"SELECT key FROM ({each}) GROUP BY key ORDER BY min((_row, place))").fetchall()
    keys = [key for (key,) in found]
    columns, table = _columns(_folded(keys, name)), f"raw_{next(_numbers)}"
    pointers = ["/" + key.replace("~", "~0").replace("/", "~1") for key in keys]
    texts = (
        f"coalesce(json ->> {text_of(p)}, '') AS {quoted(c)}" for p, c in zip(pointers, columns.values(), strict=True)
    )
    con.execute(
        f"CREATE TABLE {table} AS SELECT {''.join(f'{text}, ' for text in texts)}_row FROM {lines}; DROP TABLE {lines}"
    )
    return _staged(con, table, columns)


def _sqlite(con: Connection, path: Path, source: Source, name: str) -> Iterator[Staged]:
    """Stage the named tables of a SQLite database, or all of them, as text; row 1 is the first."""
    with (
        readable("SQLite database", name, sqlite3.Error),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as base,
    ):
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        tables = [label for (label,) in base.execute(listed)]
        for label in source.sheets or tables:
            if label not in tables:
                raise InputError(f"{name}: there is no table '{label}'.{nearest(label, tables)}")
            rows = base.execute(f"SELECT * FROM {quoted(label)}")
            columns = _folded([column[0] for column in rows.description], name)
            chunks = iter(partial(rows.fetchmany, BATCH_ROWS), [])
            frames = (pd.DataFrame(chunk, columns=columns, dtype=object) for chunk in chunks)
            yield _stored(con, columns, _of_frames(frames), label)


def _statistics(con: Connection, path: Path, source: Source, suffix: str, name: str) -> Staged:
    """Stage a file of Stata, SAS or SPSS; row 1 is the first. Labelled values are their labels."""
    what = {".dta": "Stata", ".sav": "SPSS"}.get(suffix, "SAS") + " file"
    with readable(what, name, Exception), warnings.catch_warnings():  # a damaged file fails inside in many ways
        # a part need not hold every label, and old files need not be UTF-8
        warnings.simplefilter("ignore", pd.errors.CategoricalConversionWarning)
        warnings.simplefilter("ignore", UnicodeWarning)
        frames = _frames_of(path, source, suffix)
        first = next(frames, None)
        if first is None:
            raise InputError(f"{name} has a header and no rows. Fetch it again or take it out of dataset.toml.")
        return _stored(con, _folded(first.columns, name), _of_frames(chain([first], frames)))


def _frames_of(path: Path, source: Source, suffix: str) -> Iterator[pd.DataFrame]:
    if suffix == ".dta":
        with pd.read_stata(path, chunksize=BATCH_ROWS) as reader:
            yield from reader
        return
    import pyreadstat

    read = {".sav": pyreadstat.read_sav, ".xpt": pyreadstat.read_xport, ".sas7bdat": pyreadstat.read_sas7bdat}[suffix]
    given = {"encoding": source.encoding, **({"apply_value_formats": True} if suffix == ".sav" else {})}
    yield from (frame for frame, _ in pyreadstat.read_file_in_chunks(read, str(path), chunksize=BATCH_ROWS, **given))


def _of_frames(frames: Iterable[pd.DataFrame]) -> Iterator[pa.Table]:
    """Yield frames as Arrow has them, with the numbers of their rows; labels, and values of several kinds, become text."""
    first = 1
    for frame in frames:
        columns = {str(i): frame.iloc[:, i].reset_index(drop=True) for i in range(frame.shape[1])}
        for place, values in columns.items():
            if isinstance(values.dtype, pd.DatetimeTZDtype):
                columns[place] = values.dt.tz_localize(None)
            elif values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
                cells = [_cell(value) if isinstance(value, float) and value == value else value for value in values]
                columns[place] = pd.Series(texts(cells), dtype="str")
        table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
        yield table.append_column("_row", pa.array(np.arange(first, first + len(frame))))
        first += len(frame)


# ---- tables of the engine


def _stored(con: Connection, found: list[str], parts: Iterable[pa.Table], sheet: str = "") -> Staged:
    """Store parts (the columns in the order of their headers, then the rows' numbers) in a table of the engine."""
    columns, table, made = _columns(found), f"raw_{next(_numbers)}", False
    for part in parts:
        con.register("_part", part.rename_columns([*columns.values(), "_row"]))
        con.execute(
            f"INSERT INTO {table} SELECT * FROM _part" if made else f"CREATE TABLE {table} AS SELECT * FROM _part"
        )
        con.unregister("_part")
        made = True
    if not made:
        con.execute(f"CREATE TABLE {table} ({''.join(f'{quoted(c)} VARCHAR, ' for c in columns.values())}_row BIGINT)")
    return _staged(con, table, columns, sheet)


def _staged(con: Connection, table: str, columns: dict[str, str], sheet: str = "") -> Staged:
    kinds = [row[1] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    return Staged(table, columns, dict(zip(columns, kinds[:-1], strict=True)), sheet)


def _columns(found: list[str]) -> dict[str, str]:
    """Return the name of each header's column: the header, with a number behind it where the engine would take it for another."""
    columns, taken = {}, {"_row"}
    for header in found:
        options = chain([header], (f"{header} ({i})" for i in count(2)))
        columns[header] = next(name for name in options if name.casefold() not in taken)
        taken.add(columns[header].casefold())
    return columns


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def text_of(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
