"""One ``[[files]]`` block of a ``dataset.toml``, merged with its layout under ``formats/`` and checked."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analysis.data.columns import Column, column, pattern
from analysis.data.errors import InputError, nearest
from analysis.data.keys import check_keys, folded, load_toml, texts
from analysis.data.settings import check_place, check_reading
from analysis.data.tables import LINEAGE, TABLES

FORMATS = Path(__file__).parent / "formats"
_LAYOUT = {
    "sheets": (list, str), "skip_rows": int, "encoding": str, "delimiter": str, "nulls": list, "redacted": str,
    "keep": list, "sensitive": list, "columns": dict, "values": dict, "also": list,
}  # fmt: skip
_FILE = {"table": str, "path": str, "url": str, "sha256": str, "package": str, "format": str, **_LAYOUT}
_FORMAT = {"title": str, "table": str, "source": str, "headers": list, "optional": list, **_LAYOUT}
_RESERVED = (*LINEAGE, "entry")  # columns that the project itself adds


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

    @property
    def label(self) -> str:
        """The name by which messages and lineage call this block before a file is opened."""
        return self.path or self.package or str(self.url)

    @property
    def download(self) -> str:
        """The file name under which a download is kept."""
        return self.path or Path(unquote(urlsplit(str(self.url)).path)).name


def read_source(block: object, where: str) -> Source:
    """Check one ``[[files]]`` block, merged with its layout, and return it. Raises InputError."""
    check_keys(block, _FILE, where)
    check_place(block, where)
    layout = _layout(block["format"], where) if "format" in block else {}
    merged = {**layout, **{k: v for k, v in block.items() if k not in ("columns", "values")}}
    # what a layout calls sensitive stays so, whatever a block adds
    merged["sensitive"] = [*texts(layout, "sensitive", where), *texts(block, "sensitive", where)]
    merged["columns"] = {**layout.get("columns", {}), **block.get("columns", {})}
    merged["values"] = {**layout.get("values", {}), **block.get("values", {})}
    if "table" not in merged:
        raise InputError(f"{where}: the key 'table' is missing.{nearest('', TABLES)}")
    maps = [_map(merged["table"], merged["columns"], merged["values"], where)]
    for extra in merged.get("also", []):
        check_keys(extra, {"table": str, "columns": dict, "values": dict}, f"{where}, [[also]]")
        part = _map(extra.get("table", ""), extra.get("columns", {}), extra.get("values", {}), f"{where}, [[also]]")
        maps.append(replace(part, secondary=True))
    keep, sensitive = folded(texts(merged, "keep", where)), folded(texts(merged, "sensitive", where))
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
    )


def _check_kept(maps: list[Map], keep: tuple[str, ...], sensitive: tuple[str, ...], where: str) -> None:
    """A sensitive column is used for linking alone, and a kept one must not take a canonical column's name."""
    for header in keep:
        if header in sensitive:
            raise InputError(
                f"{where}: '{header}' stands in both keep and sensitive. A sensitive column is used for linking and nothing else."
            )
        taken = {*TABLES[maps[0].table].columns, *maps[0].columns, *LINEAGE}
        if header in taken or header.removesuffix("_raw") in taken:
            raise InputError(
                f"{where}: keep names '{header}', which is the name of a column of the table {maps[0].table}. Map it instead: "
                f'{header} = "{header}".'
            )
    for part in maps:
        for rule in part.columns.values():
            hit = next((header for header in rule.headers if header in sensitive), None)
            if rule.kind != "id" and hit is not None:
                raise InputError(
                    f"{where}: '{hit}' is sensitive and mapped to '{rule.name}'. A sensitive column is used for linking "
                    "and nothing else: take it out of one of the two."
                )


def _layout(name: str, where: str) -> dict:
    file = FORMATS / f"{name}.toml"
    known = [path.stem for path in FORMATS.glob("*.toml")]
    if name not in known:
        raise InputError(f"{where}: unknown format '{name}'.{nearest(name, known)}")
    layout = load_toml(file, f"formats/{file.name}")
    check_keys(layout, _FORMAT, f"formats/{file.name}")
    return layout


def _map(table: str, columns: dict, values: dict, where: str) -> Map:
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
        parsed[name] = column(name, raw, canonical, values.get(name), where)
    for name in canonical.required:
        if name not in parsed:
            close = nearest(name, [n for n in parsed if n not in canonical.columns]) if canonical.free else ""
            raise InputError(
                f"{where}: table '{table}' needs the column '{name}': add {name} = \"<header>\" to its columns.{close}"
            )
    return Map(table, parsed)
