"""Date formats as a map names them, checked before any file is read: a wrong one must not cost a day, or a build."""

import re
from datetime import datetime

from analysis.data.errors import InputError
from analysis.data.keys import shown

SERIAL = "serial"  # in place of a format: a spreadsheet's number of days
_NEEDED = {"year": "Yycx", "month": "mbBcxj", "day": "dcxj"}
_PROBES = (datetime(2018, 2, 3), datetime(2003, 2, 1))  # days whose day, month and year can be taken for one another


def date_formats(raw: tuple, where: str) -> tuple[str, ...]:
    """Return the formats of a column of dates.

    Raises InputError for one that is not a strftime format, that leaves the day, month or year open, or
    that holds a time zone, and for two formats that read one text as different days.
    """
    for text in (text for text in raw if text != SERIAL):
        if not isinstance(text, str) or "%" not in text:
            raise InputError(f'{where}: date format {shown(text)}, expected one such as "%m/%d/%Y".')
        marks = set(re.findall(r"%(.)", text.replace("%%", "")))
        try:
            datetime.strptime(_PROBES[0].strftime(text), text)
        except (ValueError, re.error) as error:
            raise InputError(f"{where}: date format '{text}' cannot be used ({error}).") from None
        missing = [part for part, letters in _NEEDED.items() if not marks & set(letters)]
        if missing:
            raise InputError(
                f"{where}: date format '{text}' has no {' and no '.join(missing)}: it names no single day."
            )
        if marks & {"z", "Z"}:
            raise InputError(
                f"{where}: date format '{text}' has a time zone. Dates are taken as written: use text such as 2018-01-31T08:00Z, "
                "which needs no format."
            )
    written = [text for text in raw if text != SERIAL]
    for i, first in enumerate(written):
        for second in written[i + 1 :]:
            _check_pair(first, second, where)
    return raw


def _check_pair(first: str, second: str, where: str) -> None:
    for probe in _PROBES:
        text = probe.strftime(first)
        try:
            other = datetime.strptime(text, second)
        except ValueError:
            continue
        if other.date() != probe.date():
            raise InputError(
                f"{where}: the date formats '{first}' and '{second}' read '{text}' as different days. Keep one; if files "
                "differ, give each its own [[files]] block."
            )


def is_compact(text: str) -> bool:
    """Return whether a format is digits alone, so that a text with fewer digits would be read as another day."""
    return re.fullmatch(r"(%[YymdjHMS])+", text) is not None


def other_way_round(text: str) -> str:
    """Return a format with day and month exchanged."""
    return re.sub("%([dm])", lambda part: "%" + {"d": "m", "m": "d"}[part[1]], text)
