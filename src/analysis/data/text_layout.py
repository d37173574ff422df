"""How a delimited text file is laid out: its encoding, delimiter and headers, found out before its rows are read."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from analysis.data import read
from analysis.data.encodings import encoding_of
from analysis.data.errors import InputError
from analysis.data.spec import Source
from analysis.data.top_rows import TOP, found_header, rows_of_lines

_DELIMITERS = ",\t;|"
Opened = Callable[[], BinaryIO]


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out: its encoding, delimiter and headers, and the number of lines above the header."""

    encoding: str
    delimiter: str
    headers: list[str]
    skip: int


def layout_of(opened: Opened, source: Source, suffix: str, name: str) -> Layout:
    """Return how a text file is laid out. Raises InputError.

    The encoding is the block's, else the file's own (see ``encoding_of``). The delimiter is the block's, else the one most
    frequent in the header.
    """
    encoding = encoding_of(opened, source.encoding, name)
    above = _above(opened, source, encoding, suffix)
    with decoded(opened, encoding) as lines:
        for _ in range(above):
            lines.readline()
        start = lines.readline()
        delimiter = source.delimiter or delimiter_of(start, suffix)
        try:
            top = next(csv.reader(_rest(start, lines), delimiter=delimiter), [])
        except csv.Error:
            raise InputError(
                f"{name}: a quotation mark in the header is opened and never closed. Mend the file."
            ) from None
        found = read.headers(top, name, source)
    return Layout(encoding, delimiter, found, above)


def _above(opened: Opened, source: Source, encoding: str, suffix: str) -> int:
    """Return the number of lines above the header: what the block says, or found by the headers of its layout."""
    if not source.headers or source.skip_rows:
        return source.skip_rows
    with decoded(opened, encoding) as lines:
        rows = rows_of_lines(list(islice(lines, TOP)), suffix, source.delimiter)
    return found_header(rows, source.headers, underscores=source.underscores) or 0


def delimiter_of(header: str, suffix: str) -> str:
    """Return the delimiter most frequent in a header outside quotation marks."""
    bare = "".join(header.split('"')[::2])
    default = "\t" if suffix == ".tsv" else ","
    return max((default, *_DELIMITERS), key=bare.count)


def _rest(first: str, lines: io.TextIOBase) -> Iterator[str]:
    yield first
    yield from lines


@contextmanager
def decoded(opened: Opened, encoding: str) -> Iterator[io.TextIOBase]:
    """Open a file as text, with its line breaks as they are and without a byte order mark."""
    sign = "utf-8-sig" if encoding == "utf-8" else encoding
    with opened() as binary, io.TextIOWrapper(binary, encoding=sign, newline="") as lines:
        yield lines


class AsUtf8:
    """A text file as a binary one in UTF-8."""

    def __init__(self, lines: io.TextIOBase) -> None:
        self.lines, self.held = lines, b""

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes, all that are left where it is negative."""
        if size < 0:
            return self.held + self.lines.read().encode()
        if len(self.held) < size:
            self.held += self.lines.read(size).encode()
        block, self.held = self.held[:size], self.held[size:]
        return block

    def readline(self) -> bytes:
        """Return the next line. Nothing may have been read by ``read`` before."""
        return self.lines.readline().encode()
