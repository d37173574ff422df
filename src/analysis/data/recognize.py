"""Which known layout a file has, from its headers, and what single headers mean (``headers.toml``).

In: a dataset whose blocks may name neither format nor columns, and its files. Out: the same with the layouts
found. A layout fits where every header that it does not call optional is there; further headers are no hindrance
(they are listed, and not used). Where two fit, or none, the differences are told.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.data.errors import InputError
from analysis.data.keys import folded
from analysis.data.read import found_header, top_rows
from analysis.data.spec import Source, layout, names, read_source

FEW = (
    0.1  # a file that lacks a smaller share of a layout's headers is probably of that layout, changed by its publisher
)

if TYPE_CHECKING:
    from analysis.data.sources import RawFile
    from analysis.data.spec import Spec


def recognized(spec: "Spec", files: list["RawFile"]) -> tuple["Spec", list["RawFile"]]:
    """Return the spec and its files with every open block's layout recognized from its files' headers.

    Raises InputError where no layout or more than one fits a file, or the files of one block differ.
    """
    found = {i: _of_block(source, files) for i, source in enumerate(spec.sources) if source.open}
    if not found:
        return spec, files
    sources = tuple(found.get(i, source) for i, source in enumerate(spec.sources))
    new = dict(zip(map(id, spec.sources), sources, strict=True))
    return spec.model_copy(update={"sources": sources}), [replace(file, source=new[id(file.source)]) for file in files]


def _of_block(source: Source, files: list["RawFile"]) -> Source:
    block, where = source.open
    own = [file for file in files if file.source is source]
    layouts = {file.name: fitting(file.path, file.name, where) for file in own}
    first = next(iter(layouts))
    for name, found in layouts.items():
        if found != layouts[first]:
            raise InputError(
                f"{where}: {first} has the layout {layouts[first]} and {name} the layout {found}. Give each a [[files]] block."
            )
    return read_source({**block, "format": layouts[first]}, where).model_copy(update={"recognized": True})


def fitting(path: Path, name: str, where: str) -> str:
    """Return the name of the one known layout that a file fits. Raises InputError where none or several do."""
    missing = _looked_at(path, name)
    fits = [known for known, absent in missing.items() if not absent]
    if len(fits) == 1:
        return fits[0]
    if fits:
        only = "; ".join(f"{known} alone knows {_listed(_others(known, fits))}" for known in fits)
        raise InputError(
            f'{where}: {name} fits {len(fits)} layouts: {" and ".join(fits)} ({only}). Say which: format = "{fits[0]}".'
        )
    closest = min(missing, key=lambda known: _share(known, missing))
    raise InputError(
        f"{where}: no columns are given and {name} fits no known layout. The closest is {closest}, of whose headers these are not "
        f'there: {_listed(missing[closest])}. Map the columns (`make new` drafts them), or say format = "{closest}".'
    )


def nearly(path: Path, name: str) -> tuple[str, list[str], list[str]]:
    """Return the layout that a file fits or all but fits ("" where none or several do), the headers that it lacks, and its sheets.

    Sheets are those with the layout's headers, none where all have them.
    """
    missing, tops = _looked_at(path, name), top_rows(path, name)
    closest = min(missing, key=lambda known: _share(known, missing))
    if _share(closest, missing) >= FEW or sum(not absent for absent in missing.values()) > 1:
        return "", [], []
    headers = frozenset(layout(closest, closest)["headers"])
    held = [sheet for sheet, rows in tops.items() if found_header(rows, headers) is not None]
    return closest, missing[closest], held if len(held) < len(tops) else []


def _looked_at(path: Path, name: str) -> dict[str, list[str]]:
    rows = [row for sheet in top_rows(path, name).values() for row in sheet]
    return {known: _missing(known, rows) for known in names()}


def _share(name: str, missing: dict[str, list[str]]) -> float:
    return len(missing[name]) / len(layout(name, name)["headers"])


def _missing(name: str, rows: list[list[str]]) -> list[str]:
    """Return the headers of a layout that a file lacks: those that its best row does not hold."""
    known = layout(name, name)
    optional = folded(known.get("optional", []))
    needed = [header for header in folded(known["headers"]) if header not in optional]
    mark = "_" if known.get("underscores") else " "
    held = [{mark.join(cell.split()) for cell in row} for row in rows]
    best = max(held, key=lambda row: sum(header in row for header in needed), default=set())
    return [header for header in needed if header not in best]


def _others(name: str, fits: list[str]) -> list[str]:
    known = {fit: folded(layout(fit, fit)["headers"]) for fit in fits}
    return [header for header in known[name] if not any(header in known[fit] for fit in fits if fit != name)]


def _listed(headers: list[str]) -> str:
    shown = ", ".join(f"'{header}'" for header in headers[:6])
    return (shown or "nothing") + (f" and {len(headers) - 6} more" if len(headers) > 6 else "")


# ---- what single headers mean


@cache
def headers_toml() -> dict[str, dict]:
    """Return what ``headers.toml`` holds: patterns by column, and what `analysis.data.draft` reads values and writes notes by."""
    return tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))


def words(header: str) -> str:
    """Return a header as small words: ReleaseDate and release_date are both "release date"."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return " ".join(re.sub(r"[\W_]+", " ", split).lower().split())


def meant(headers: Iterable[str]) -> dict[str, list[str]]:
    """Return for each column the headers that may mean it, the likeliest first."""
    known = {header: words(header) for header in headers if header}
    rules = {column: rule["headers"] for column, rule in headers_toml().items() if "headers" in rule}
    fits = {c: [h for text in texts for h in known if re.search(text, known[h])] for c, texts in rules.items()}
    return {column: list(dict.fromkeys(found)) for column, found in fits.items() if found}
