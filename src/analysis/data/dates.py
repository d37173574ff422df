"""Date formats as a map names them, checked before any file is read, and those that texts ask for: a wrong one must not cost a day."""

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


def proposed(rows: dict[str, int], formats: list[str]) -> tuple[list[str], str]:
    """Return the formats by which most texts are days, none where all are ISO; and what a person has to look at.

    ``rows`` gives each text the row where it stands first. Of formats that read as many texts the first is taken.
    """
    times = [text for text in rows if re.fullmatch(r"\d{4}-\d\d-\d\d[ T].*:\d\d(\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)", text)]
    texts = {text for text in rows if not re.fullmatch(r"\d{4}-\d\d-\d\d([ T].*)?", text)}
    if not texts:
        return (
            [],
            "times name their zone. Add tz, such as America/New_York, or the day is the one written" if times else "",
        )
    read = {form: {text for text in texts if _reads(text, form)} for form in formats}
    best = max(read, key=lambda form: len(read[form]))
    if not read[best]:
        return [], 'how are its dates written? { from = "...", date = ["%m/%d/%Y"] }'
    twin = re.sub("%[md]", lambda mark: {"%m": "%d", "%d": "%m"}[mark[0]], best)
    other, found, left = read.get(twin, set()) if twin != best else set(), [best], texts - read[best]
    for form in read:
        if read[form] & left and form != twin and _agree((*found, form)):
            found, left = [*found, form], left - read[form]
    if other == read[best]:
        return found, "no day above 12 says whether month or day comes first"
    if other - read[best]:
        here, there = (min(rows[text] for text in part) for part in (other - read[best], read[best] - other))
        where = f"row {here:,} is no {best}, row {there:,} no {twin}"
        return found, f"orders of day and month are mixed ({where}). No format reads both: ask for ISO dates"
    return found, f"{len(left):,} of {len(texts):,} different texts are no such date" if left else ""


def _reads(text: str, form: str) -> bool:
    if form == SERIAL:  # days from 1982 to 2064
        return re.fullmatch(r"[345]\d{4}(\.\d+)?", text) is not None
    try:
        return bool(datetime.strptime(text, form)) and (form != "%Y%m%d" or len(text) == 8)
    except ValueError:
        return False


def _agree(formats: tuple[str, ...]) -> bool:
    try:
        return bool(date_formats(formats, ""))
    except InputError:
        return False


def is_compact(text: str) -> bool:
    """Return whether a format is digits alone, so that a text with fewer digits would be read as another day."""
    return re.fullmatch(r"(%[YymdjHMS])+", text) is not None


def other_way_round(text: str) -> str:
    """Return a format with day and month exchanged."""
    return re.sub("%([dm])", lambda part: "%" + {"d": "m", "m": "d"}[part[1]], text)
