"""One ``[[files]]`` block of a ``dataset.toml``, merged with its layout under ``formats/`` and checked."""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.data.columns import Column, column, pattern
from analysis.data.errors import InputError, nearest
from analysis.data.tables import TABLES

FORMATS = Path(__file__).parent / "formats"
_LAYOUT = {
    "sheets": (list, str), "skip_rows": int, "encoding": str, "delimiter": str, "nulls": list, "redacted": str,
    "keep": list, "sensitive": list, "columns": dict, "values": dict, "also": list,
}  # fmt: skip
_FILE = {"table": str, "path": str, "url": str, "sha256": str, "package": str, "format": str, **_LAYOUT}
_FORMAT = {"title": str, "table": str, "source": str, "headers": list, "optional": list, **_LAYOUT}


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


def read_source(block: dict, where: str) -> Source:
    """Check one ``[[files]]`` block, merged with its layout, and return it. Raises InputError."""
    check_keys(block, _FILE, where)
    places = [key for key in ("path", "url", "package") if key in block]
    if not places or ("package" in block and len(places) > 1):
        raise InputError(f"{where}: say where the file is: path = ..., url = ... with sha256 = ..., or package = ...")
    if "url" in block:
        _check_url(block, where)
    layout = _layout(block["format"], where) if "format" in block else {}
    merged = {**layout, **{k: v for k, v in block.items() if k not in ("columns", "values")}}
    merged["columns"] = {**layout.get("columns", {}), **block.get("columns", {})}
    merged["values"] = {**layout.get("values", {}), **block.get("values", {})}
    if "table" not in merged:
        raise InputError(f"{where}: the key 'table' is missing.{nearest('', TABLES)}")
    sensitive = tuple(_texts(merged, "sensitive", where))
    for header in sensitive:
        if header in merged.get("keep", []):
            raise InputError(
                f"{where}: '{header}' stands in both keep and sensitive. A sensitive column is used for linking and nothing else."
            )
    maps = [_map(merged["table"], merged["columns"], merged["values"], where)]
    for extra in merged.get("also", []):
        check_keys(extra, {"table": str, "columns": dict, "values": dict}, f"{where}, [[also]]")
        part = _map(extra.get("table", ""), extra.get("columns", {}), extra.get("values", {}), f"{where}, [[also]]")
        maps.append(replace(part, secondary=True))
    _check_sensitive(maps, sensitive, where)
    return Source(
        path=block.get("path"),
        url=block.get("url"),
        sha256=block.get("sha256", "").lower() or None,
        package=block.get("package"),
        format=block.get("format"),
        maps=tuple(maps),
        sheets=() if merged.get("sheets", "*") == "*" else tuple(_texts(merged, "sheets", where)),
        skip_rows=merged.get("skip_rows", 0),
        encoding=merged.get("encoding"),
        delimiter=merged.get("delimiter"),
        nulls=frozenset(" ".join(text.split()) for text in _texts(merged, "nulls", where)),
        redacted=pattern(merged.get("redacted"), f"{where}: redacted"),
        keep=tuple(_texts(merged, "keep", where)),
        sensitive=sensitive,
    )


def _check_sensitive(maps: list[Map], sensitive: tuple[str, ...], where: str) -> None:
    folded = {" ".join(header.split()) for header in sensitive}
    for part in maps:
        for rule in part.columns.values():
            if rule.kind != "id" and folded & set(rule.headers):
                raise InputError(
                    f"{where}: '{rule.headers[0]}' is sensitive and mapped to '{rule.name}'. A sensitive column is used for linking "
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


def _check_url(block: dict, where: str) -> None:
    url = block["url"]
    local = re.match(r"http://(localhost|127\.0\.0\.1)[:/]", url)
    if not (url.startswith("https://") or local):
        raise InputError(f"{where}: url = {url!r}: only https addresses are downloaded (http only from this machine).")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", block.get("sha256", "")):
        raise InputError(
            f'{where}: a url needs sha256 = "..." (64 hexadecimal digits), so that what arrives can be checked.'
        )


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
        parsed[name] = column(name, raw, canonical, values.get(name), where)
    for name in canonical.required:
        if name not in parsed:
            close = nearest(name, [n for n in parsed if n not in canonical.columns]) if canonical.free else ""
            raise InputError(
                f"{where}: table '{table}' needs the column '{name}': add {name} = \"<header>\" to its columns.{close}"
            )
    return Map(table, parsed)


def _texts(raw: dict, key: str, where: str) -> list[str]:
    values = raw.get(key, [])
    if isinstance(values, str) or any(not isinstance(value, str) for value in values):
        raise InputError(f"{where}: {key} = {values!r}, expected a list of texts.")
    return values


def check_keys(raw: dict, allowed: dict, where: str) -> None:
    """Refuse a key that is not among the allowed ones, or whose value is of another type."""
    for key, value in raw.items():
        if key not in allowed:
            raise InputError(f"{where}: unknown key '{key}'.{nearest(key, allowed)}")
        expected = allowed[key]
        if not isinstance(value, expected) or isinstance(value, bool):
            names = " or ".join(t.__name__ for t in (expected if isinstance(expected, tuple) else (expected,)))
            raise InputError(f"{where}: {key} = {value!r} is {type(value).__name__}, expected {names}.")


def load_toml(file: Path, where: str) -> dict:
    """Return the content of a TOML file. Raises InputError for a file that is absent or not TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{where}: no such file. `make new DATASET=... FILE=...` writes a first one.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 text at byte {error.start}. Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not valid TOML: {error}.") from None
