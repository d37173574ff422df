"""What a user is told: the one kind of error, a sentence that says what to do, and texts that no file can make act."""

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TextIO

LONGEST = 1000  # characters of a message
# what moves the cursor, colours the terminal, ends a line, turns the direction of the text or cannot be written
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_LINES, _IN_ONE_LINE = re.compile(f"[{_CONTROL}]"), re.compile(f"[\t\n{_CONTROL}]")

_NO_MEMORY = (
    "failed to map segment",
    "annot allocate memory",
    "can't start new thread",
    "Failed to launch worker thread",
    "error return without exception set",  # an extension module that could not be set up
)


class InputError(Exception):
    """Input that cannot be used: names the file, what was found, what was expected and what to do.

    The message is one line: what it quotes from a file is shortened, and cannot move a terminal's cursor.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def visible(text: str, *, lines: bool = False) -> str:
    """Return a text with control characters and marks of direction written out, such as ``\\u202e``.

    Where it has ``lines``, their ends and tabs stay.
    """
    return (_IN_LINES if lines else _IN_ONE_LINE).sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def say(text: object, file: TextIO | None = None) -> None:
    """Print lines (to standard output where no file is given) that may hold what a file holds."""
    print(visible(str(text), lines=True), file=file or sys.stdout)


def one_line(message: str) -> str:
    """Return a message as one line, its middle left out where it is very long."""
    shown = visible(message)
    half = LONGEST // 2
    return shown if len(shown) <= LONGEST else f"{shown[:half]} [...] {shown[-half:]}"


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest valid name, or the valid names where none is close."""
    names = sorted({str(option) for option in valid})
    lowered = {option.lower(): option for option in names}
    close = get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f" Did you mean '{lowered[close[0]]}'?"
    if not names:
        return ""
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return f" Valid names: {shown}."


def memory_ran_out(error: BaseException) -> bool:
    """Return whether an error means that there was no memory.

    For want of it the query engine has an error of its own, a library cannot be loaded, and a thread cannot be started.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        return True
    said = str(error)
    return any(words in said for words in _NO_MEMORY)
