"""The one kind of error that a user is meant to read: a sentence that says what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Input that cannot be used: names the file, what was found, what was expected and what to do."""


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
