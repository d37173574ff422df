"""One ``[[files]]`` block of a ``dataset.toml``, merged with its layout under ``formats/`` and checked."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analysis.data.columns import Column, column, pattern
from analysis.data.errors import InputError, nearest
from analysis.data.keys import check_keys, folded, texts
from analysis.data.layouts import KEYS, layout, meanings
from analysis.data.link_columns import LinkColumns, read_link_columns
from analysis.data.settings import check_place, check_reading
from analysis.data.tables import LINEAGE, MADE, TABLES

_FILE = {
    "table": str,
    "path": str,
    "url": str,
    "sha256": str,
    "package": str,
    "format": str,
    "link": dict,
    "allow_outside": bool,
    **KEYS,
}
_RESERVED = (*LINEAGE, *MADE, "entry")  # columns that the project itself adds


@dataclass(frozen=True)
class Map:
    """How the rows of a file become the rows of one canonical table."""

    table: str
    columns: dict[str, Column]
    secondary: bool = False  # fed beside the file's main table: a row without its keys is not a row of it


@dataclass(frozen=True)
class Source:
    """One ``[[files]]`` block: where its files are, how they are laid out, and the tables they feed."""

    path: str | None
    url: str | None
    sha256: str | None
    package: str | None
    format: str | None
    maps: tuple[Map, ...]
    sheets: tuple[str, ...] = ()
    skip_rows: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    nulls: frozenset[str] = frozenset()
    redacted: re.Pattern | None = None
    keep: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    link: LinkColumns | None = None
    headers: frozenset[str] = frozenset()  # by which the header row of a sheet is found; empty: by skip_rows
    underscores: bool = False
    allow_outside: bool = False  # links may lead out of the dataset's folder
    recognized: bool = False  # the format was not named but recognized
    open: tuple[dict, str] | None = field(default=None, hash=False)  # a block still to be recognized, and its place

    @property
    def label(self) -> str:
        """The name by which messages and lineage call this block before a file is opened."""
        return self.path or self.package or str(self.url)

    @property
    def named(self) -> frozenset[str]:
        """Every raw header that the block names."""
        mapped = (header for part in self.maps for rule in part.columns.values() for header in rule.read)
        return frozenset((*mapped, *self.keep, *self.sensitive))

    @property
    def download(self) -> str:
        """The file name under which a download is kept."""
        return self.path or Path(unquote(urlsplit(str(self.url)).path)).name


def read_source(block: object, where: str) -> Source:
    """Check one ``[[files]]`` block, merged with its layout, and return it. Raises InputError."""
    check_keys(block, _FILE, where)
    check_place(block, where)
    if not {"format", "columns", "package"} & block.keys():
        return _open(block, where)
    base = layout(block["format"], where) if "format" in block else {}
    merged = {**base, **{k: v for k, v in block.items() if k not in ("columns", "values")}}
    merged["columns"] = {**base.get("columns", {}), **block.get("columns", {})}
    merged["values"] = {**base.get("values", {}), **block.get("values", {})}
    if "table" not in merged:
        raise InputError(f"{where}: the key 'table' is missing.{nearest('', TABLES)}")
    link = read_link_columns(block["link"], where) if "link" in block else None
    # what a layout calls sensitive stays so, whatever a block adds
    listed = [*texts(base, "sensitive", where), *texts(block, "sensitive", where), *(link.headers if link else ())]
    keep, sensitive = folded(texts(merged, "keep", where)), folded(dict.fromkeys(listed))
    maps = _maps(merged, linked=link is not None, where=where)
    _check_kept(maps, keep, sensitive, where)
    check_reading(merged, where)
    return Source(
        path=block.get("path"),
        url=block.get("url"),
        sha256=block.get("sha256", "").lower() or None,
        package=block.get("package"),
        format=block.get("format"),
        maps=tuple(maps),
        sheets=() if merged.get("sheets", "*") == "*" else tuple(texts(merged, "sheets", where)),
        skip_rows=merged.get("skip_rows", 0),
        encoding=merged.get("encoding"),
        delimiter=merged.get("delimiter"),
        nulls=frozenset(folded(texts(merged, "nulls", where))),
        redacted=pattern(merged.get("redacted"), f"{where}: redacted"),
        keep=keep,
        sensitive=sensitive,
        link=link,
        headers=frozenset(_headers(merged, block, where)),
        underscores=merged.get("underscores", False),
        allow_outside=block.get("allow_outside", False),
    )


def _open(block: dict, where: str) -> Source:
    """Return a block that names neither format nor columns: its layout is recognized once its files are there."""
    place = {key: block.get(key) for key in ("path", "url", "package")}
    digest = block.get("sha256", "").lower() or None
    outside = block.get("allow_outside", False)
    return Source(**place, sha256=digest, format=None, maps=(), allow_outside=outside, open=(block, where))


def _headers(merged: dict, block: dict, where: str) -> tuple[str, ...]:
    if "skip_rows" in block or merged.get("header_row") is None:
        return ()
    if merged["header_row"] != "found":
        raise InputError(
            f'{where}: header_row = {merged["header_row"]!r}, expected "found", or skip_rows in its place.'
        )
    known = folded(texts(merged, "headers", where))
    return known or tuple(header for column in merged["columns"].values() for header in _named(column))


def _named(rule: object) -> list[str]:
    found = rule.get("from", []) if isinstance(rule, dict) else rule
    return [" ".join(header.split()) for header in ([found] if isinstance(found, str) else found)]


def _maps(merged: dict, *, linked: bool, where: str) -> list[Map]:
    known = meanings(merged.get("vocabulary"), where)
    maps = [_map(merged["table"], merged["columns"], merged["values"], known, where, linked=linked)]
    for extra in merged.get("also", []):
        place = f"{where}, [[also]]"
        check_keys(extra, {"table": str, "columns": dict, "values": dict}, place)
        part = _map(
            extra.get("table", ""), extra.get("columns", {}), extra.get("values", {}), known, place, linked=linked
        )
        maps.append(replace(part, secondary=True))
    return maps


def _check_kept(maps: list[Map], keep: tuple[str, ...], sensitive: tuple[str, ...], where: str) -> None:
    """A sensitive column is used for linking alone, and a kept one must not take a canonical column's name."""
    for header in keep:
        if header in sensitive:
            raise InputError(
                f"{where}: '{header}' stands in both keep and sensitive. A sensitive column is used for linking and nothing else."
            )
        taken = {*TABLES[maps[0].table].columns, *maps[0].columns, *LINEAGE, *MADE}
        if header in taken or header.removesuffix("_raw") in taken:
            raise InputError(
                f"{where}: keep names '{header}', which is the name of a column of the table {maps[0].table}. Map it instead: "
                f'{header} = "{header}".'
            )
    for part in maps:
        for rule in part.columns.values():
            hit = next((header for header in rule.read if header in sensitive), None)
            if rule.kind != "id" and hit is not None:
                raise InputError(
                    f"{where}: '{hit}' is sensitive and mapped to '{rule.name}'. A sensitive column is used for linking "
                    "and nothing else: take it out of one of the two."
                )


def _map(table: str, columns: dict, values: dict, known: dict[str, dict], where: str, *, linked: bool) -> Map:
    if table not in TABLES:
        raise InputError(f"{where}: unknown table '{table}'.{nearest(table, TABLES)}")
    canonical = TABLES[table]
    for name in values:
        if name not in columns:
            raise InputError(
                f"{where}: values are given for '{name}', which is not a mapped column.{nearest(name, columns)}"
            )
    parsed = {}
    for name, raw in columns.items():
        if name not in canonical.columns and not canonical.free:
            raise InputError(f"{where}: table '{table}' has no column '{name}'.{nearest(name, canonical.columns)}")
        if name not in canonical.columns and (name in _RESERVED or not re.fullmatch(r"[^\W\d]\w*", name)):
            raise InputError(
                f"{where}: '{name}' cannot be the name of a covariate. Choose letters, digits and _, and none of "
                f"{', '.join(_RESERVED)}."
            )
        own = values.get(name)
        meaning = {**known.get(name, {}), **(own or {})} if own or _takes(raw, known.get(name)) else None
        parsed[name] = column(name, raw, canonical, meaning, where)
    for name in canonical.required:
        if name not in parsed and not (linked and name == "person_id"):  # people may be known by their names alone
            close = nearest(name, [n for n in parsed if n not in canonical.columns]) if canonical.free else ""
            raise InputError(
                f"{where}: table '{table}' needs the column '{name}': add {name} = \"<header>\" to its columns.{close}"
            )
    return Map(table, parsed)


def _takes(rule: object, meaning: dict | None) -> bool:
    """Return whether a column takes its meanings from the vocabulary: it names a header and no values of its own."""
    return bool(meaning) and (isinstance(rule, str) or (isinstance(rule, dict) and "value" not in rule))
