"""Which encoding a text file is in, found out or checked by reading all of it once."""

import codecs
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from analysis.data.errors import InputError

_BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ACCENTED = re.compile(rb"\xc3[\x80-\xbf]")  # a Latin letter with an accent, in UTF-8


def encoding_of(opened: Callable[[], BinaryIO], wanted: str | None, name: str) -> str:
    """Return the encoding of a text file.

    The one that the map names, else what the byte order mark says, else UTF-8, else Windows-1252 (which
    holds Latin-1). Raises InputError for a file that is empty, is not in the encoding named, mixes
    encodings or holds NUL bytes.
    """
    with opened() as binary:
        start = binary.read(4)
    if not start:
        raise InputError(f"{name}: the file is empty. Fetch it again or take it out of dataset.toml.")
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "utf-8")
    encoding = codecs.lookup(wanted or marked).name
    fault = _first_fault(opened, encoding)
    if fault is None:
        return encoding
    what, at = fault
    line = _line(opened, at)
    if what == "NUL":
        raise InputError(
            f"{name}: line {line:,} holds a NUL byte, so it is not plain text. If the file is UTF-16, say "
            'encoding = "utf-16" in dataset.toml; else mend the line.'
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
    return "cp1252" if _first_fault(opened, "cp1252") is None else "latin-1"


def _blocks(opened: Callable[[], BinaryIO]) -> Iterator[bytes]:
    with opened() as binary:
        while block := binary.read(_BLOCK):
            yield block


def _first_fault(opened: Callable[[], BinaryIO], encoding: str) -> tuple[str, int] | None:
    """Return the first byte that is not in an encoding, or is NUL where none can be: what it is, and where."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    wide = encoding.startswith(("utf-16", "utf-32"))
    before = held = 0
    try:
        for block in _blocks(opened):
            nul = -1 if wide else block.find(b"\0")
            if nul >= 0:
                return "NUL", before + nul
            held = 0 if wide else len(decoder.getstate()[0])
            decoder.decode(block)
            before += len(block)
        held = 0 if wide else len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        return "undecodable", before - held + getattr(error, "start", 0)
    return None


def _line(opened: Callable[[], BinaryIO], at: int) -> int:
    """Return the number of the line that holds a byte."""
    lines = 1
    for block in _blocks(opened):
        lines += block[: max(at, 0)].count(b"\n")
        at -= len(block)
        if at <= 0:
            break
    return lines
