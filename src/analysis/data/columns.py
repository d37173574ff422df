"""How one raw column becomes one canonical column, as a line of ``dataset.toml`` says it."""

import re
from dataclasses import dataclass
from datetime import date

from analysis.data.dates import date_formats
from analysis.data.errors import InputError, nearest
from analysis.data.keys import folded, noun, shown
from analysis.data.tables import EVENTS, Table

KINDS = ("text", "number", "date", "flag", "id", "category", "state")
_KEYS = {"from", "fill", "date", "key", "values", "value", "blank", "optional", "type"}
_PLACES = ("state",)


@dataclass(frozen=True)
class Column:
    """A canonical column's rule: the raw headers it may come from, and what happens to their values.

    ``kind`` is one of KINDS; ``values`` maps raw text (spaces folded, case ignored) to a label, None
    meaning missing; ``fill`` is the header taken where the first is blank; ``labels`` is the closed
    vocabulary, empty where there is none; ``value`` is a constant; ``blank`` is what an empty cell means;
    ``key`` is a pattern whose first match in the raw text is looked up in ``values`` in place of the whole.
    """

    name: str
    headers: tuple[str, ...]
    kind: str
    formats: tuple[str, ...] = ()
    values: dict[str, str | None] | None = None
    labels: tuple[str, ...] = ()
    value: str | None = None
    blank: str | None = None
    optional: bool = False
    explicit: bool = False
    key: re.Pattern | None = None
    fill: str | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """Every raw header that the rule may read."""
        return (*self.headers, self.fill) if self.fill else self.headers

    def looked_up(self, text: str) -> str:
        """Return what of a raw text is looked up in ``values``."""
        match = self.key.search(text) if self.key else None
        return fold(match[0] if match else text)


def fold(text: str) -> str:
    """Return a raw value as it is compared: white space folded, case ignored."""
    return " ".join(str(text).split()).casefold()


def column(name: str, raw: object, table: Table, values: dict | None, where: str) -> Column:
    """Check one entry of ``[files.columns]`` and return its rule. Raises InputError."""
    where = f"{where}, column '{name}'"
    if isinstance(raw, str):
        raw = {"from": raw}
    if not isinstance(raw, dict):
        raise InputError(f'{where}: {shown(raw)} is {noun(raw)}, expected a header or {{ from = "header", ... }}.')
    for key in raw:
        if key not in _KEYS:
            raise InputError(f"{where}: unknown key '{key}'.{nearest(key, _KEYS)}")
    if ("from" in raw) == ("value" in raw):
        raise InputError(f'{where}: say either from = "<header>" or value = "<constant>".')
    kind, labels = _kind(name, raw, table, where)
    headers = _listed(raw.get("from", ()))
    if "from" in raw and not all(isinstance(header, str) and header.strip() for header in headers or [None]):
        raise InputError(f"{where}: from = {shown(raw['from'])}, expected a header, or a list of headers.")
    fill = raw.get("fill")
    if fill is not None and not (isinstance(fill, str) and fill.strip() and headers):
        raise InputError(f"{where}: fill = {shown(fill)}, expected the header to take where the one in from is blank.")
    formats = date_formats(_listed(raw.get("date", ())), where)
    if formats and kind != "date":
        raise InputError(f"{where}: date = ... belongs to a column of dates, and '{name}' is {kind}.")
    mapped = _values(raw.get("values", values), labels, where)
    if name == "event" and "from" in raw and mapped is None:  # only a map knows which raw values are no event
        mapped = {fold(label): label for label in EVENTS}
    if "key" in raw and mapped is None:
        raise InputError(f"{where}: key picks what is looked up in values, and there are no values. Add them.")
    for key in ("value", "blank"):
        _check_constant(key, raw.get(key), labels, where)
    if type(raw.get("optional", False)) is not bool:
        raise InputError(f"{where}: optional = {shown(raw['optional'])}, expected true or false.")
    constant, blank = raw.get("value"), raw.get("blank")
    return Column(
        name=name,
        headers=folded(headers),
        kind=kind,
        formats=formats,
        values=mapped,
        labels=labels,
        value=None if constant is None else str(constant),
        blank=None if blank is None else str(blank),
        optional=raw.get("optional", False),
        explicit="type" in raw,
        key=pattern(raw.get("key"), f"{where}, key"),
        fill=folded([fill])[0] if fill else None,
    )


def _kind(name: str, raw: dict, table: Table, where: str) -> tuple[str, tuple[str, ...]]:
    known = table.columns.get(name)
    fixed = "category" if isinstance(known, tuple) else "state" if name in _PLACES else None
    if fixed and "type" in raw:
        raise InputError(f"{where}: '{name}' has its own kind of values: leave type out.")
    if fixed:
        return fixed, known if isinstance(known, tuple) else ()
    kind = raw.get("type", known or ("date" if "date" in raw else "text"))
    if kind not in KINDS:
        raise InputError(f"{where}: type = {kind!r}.{nearest(str(kind), ('text', 'number', 'date'))}")
    if known and kind != known:
        raise InputError(f"{where}: type = '{kind}', but '{name}' is always {known}.")
    return kind, ()


def _listed(raw: object) -> tuple:
    return tuple(raw) if isinstance(raw, list | tuple) else (raw,)


def _check_constant(key: str, value: object, labels: tuple[str, ...], where: str) -> None:
    if value is None:
        return
    if not isinstance(value, str | int | float | date) or isinstance(value, bool):
        raise InputError(f"{where}: {key} = {shown(value)} is {noun(value)}, expected a text, a number or a date.")
    if labels and str(value) not in labels:
        raise InputError(f"{where}: {key} = {shown(value)} is not one of its labels.{nearest(str(value), labels)}")


def _values(raw: object, labels: tuple[str, ...], where: str) -> dict[str, str | None] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw:
        raise InputError(f'{where}: values = {shown(raw)}, expected {{ "raw value" = "label", ... }}.')
    mapped: dict[str, str | None] = {}
    for key, target in raw.items():
        if not isinstance(target, str):
            raise InputError(f'{where}: values.{key} = {shown(target)}, expected a text ("" means missing).')
        if labels and target and target not in labels:
            raise InputError(f"{where}: '{target}' is not one of its labels.{nearest(target, labels)}")
        if mapped.setdefault(fold(key), target or None) != (target or None):
            raise InputError(
                f"{where}: the raw value '{key}' is mapped twice, to different labels (case and spaces are ignored)."
            )
    return mapped


def pattern(text: str | None, where: str) -> re.Pattern | None:
    """Compile a regular expression of a map. Raises InputError."""
    try:
        return re.compile(text) if text else None
    except (re.error, TypeError) as error:
        raise InputError(f"{where} = {text!r} is not a regular expression: {error}.") from None
