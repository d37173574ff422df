"""How one raw column becomes one canonical column, as a line of ``dataset.toml`` says it."""

import re
from dataclasses import dataclass

from analysis.data.errors import InputError, nearest
from analysis.data.tables import Table

KINDS = ("text", "number", "date", "id", "category", "state")
_KEYS = {"from", "date", "key", "values", "value", "blank", "optional", "type"}
_PLACES = ("state",)


@dataclass(frozen=True)
class Column:
    """A canonical column's rule: the raw headers it may come from, and what happens to their values.

    ``kind`` is one of KINDS; ``values`` maps raw text (spaces folded, case ignored) to a label, None
    meaning missing; ``labels`` is the closed vocabulary, empty where there is none; ``value`` is a
    constant; ``blank`` is what an empty cell means; ``key`` is a pattern whose first match in the raw
    text is looked up in ``values`` in place of the whole text.
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
        raise InputError(f'{where}: {raw!r} is {type(raw).__name__}, expected a header or {{ from = "header", ... }}.')
    for key in raw:
        if key not in _KEYS:
            raise InputError(f"{where}: unknown key '{key}'.{nearest(key, _KEYS)}")
    if ("from" in raw) == ("value" in raw):
        raise InputError(f'{where}: say either from = "<header>" or value = "<constant>".')
    kind, labels = _kind(name, raw, table, where)
    headers = raw.get("from", ())
    headers = (headers,) if isinstance(headers, str) else tuple(headers)
    if any(not isinstance(header, str) or not header.strip() for header in headers):
        raise InputError(f"{where}: from = {raw['from']!r}, expected a header, or a list of headers.")
    formats = raw.get("date", ())
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    if formats and kind != "date":
        raise InputError(f"{where}: date = ... belongs to a column of dates, and '{name}' is {kind}.")
    for text in formats:
        if not isinstance(text, str) or "%" not in text:
            raise InputError(f'{where}: date format {text!r}, expected one such as "%m/%d/%Y".')
    mapped = _values(raw.get("values", values), labels, where)
    constant = raw.get("value")
    if labels and constant is not None and constant not in labels:
        raise InputError(f"{where}: value = {constant!r} is not one of its labels.{nearest(str(constant), labels)}")
    blank = raw.get("blank")
    if labels and blank is not None and blank not in labels:
        raise InputError(f"{where}: blank = {blank!r} is not one of its labels.{nearest(str(blank), labels)}")
    return Column(
        name=name,
        headers=tuple(" ".join(header.split()) for header in headers),
        kind=kind,
        formats=formats,
        values=mapped,
        labels=labels,
        value=None if constant is None else str(constant),
        blank=None if blank is None else str(blank),
        optional=bool(raw.get("optional", False)),
        explicit="type" in raw,
        key=pattern(raw.get("key"), f"{where}, key"),
    )


def _kind(name: str, raw: dict, table: Table, where: str) -> tuple[str, tuple[str, ...]]:
    known = table.columns.get(name)
    if isinstance(known, tuple):
        return "category", known
    if name in _PLACES:
        return "state", ()
    kind = raw.get("type", known or ("date" if "date" in raw else "text"))
    if kind not in KINDS:
        raise InputError(f"{where}: type = {kind!r}.{nearest(str(kind), ('text', 'number', 'date'))}")
    if known and kind != known:
        raise InputError(f"{where}: type = '{kind}', but '{name}' is always {known}.")
    return kind, ()


def _values(raw: object, labels: tuple[str, ...], where: str) -> dict[str, str | None] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw:
        raise InputError(f'{where}: values = {raw!r}, expected {{ "raw value" = "label", ... }}.')
    mapped: dict[str, str | None] = {}
    for key, target in raw.items():
        if not isinstance(target, str):
            raise InputError(f'{where}: values.{key} = {target!r}, expected a text ("" means missing).')
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
