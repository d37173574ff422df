"""What a dataset is: ``dataset.toml`` and the layouts under ``formats/``, read and checked.

In: a path to a ``dataset.toml``. Out: a :class:`Spec` whose parts are plain frozen dataclasses. Every
key is checked here, so that nothing later has to ask whether a map makes sense.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analysis.data.blocks import Source, read_source
from analysis.data.errors import InputError, nearest
from analysis.data.keys import check_keys, load_toml
from analysis.data.link_columns import read_threshold

TIME_UNITS = ("day", "week", "month", "year")
MOST_LAG = 3660
ROWS = ("person", "release", "detainer")
ENGINES = ("duckdb", "spark")
DISCLOSURES = ("restricted", "internal", "public")
INTERNAL = "Internal: exact counts, not for release"
STEP = 6  # of the rounding of restricted counts (`analysis.data.rounding`)
_TOP = {
    "title": str, "kind": str, "disclosure": str, "rounding": int, "source": str, "area": str, "data_end": dict, "time_unit": str,
    "follow_up": (int, float), "one_row_per": str, "engine": str, "files": list, "link": dict,
    "place_names": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """A dataset as its ``dataset.toml`` describes it."""

    name: str
    file: Path
    title: str
    kind: str
    disclosure: str
    rounding: int
    source: str
    area: str
    data_end: dict[str, date]
    lag_days: int
    time_unit: str
    follow_up: float | None
    one_row_per: str
    sources: tuple[Source, ...]
    link_threshold: float
    engine: str = "duckdb"
    place_names: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder that holds the raw files."""
        return self.file.parent


def read_spec(file: Path) -> Spec:
    """Read and check a ``dataset.toml``.

    Raises InputError for TOML that cannot be read, a misspelt or missing key, a value of the wrong
    type, an unknown table, column, format or label.
    """
    where = f"{file.parent.name}/{file.name}"
    raw = load_toml(file, where)
    check_keys(raw, _TOP, where)
    for key in ("title", "kind", "source", "files"):
        if not raw.get(key):
            raise InputError(f"{where}: the key '{key}' is missing. Add {key} = ... (see README, bring your own data).")
    _one_of(raw["kind"], ("real", "synthetic"), where, "kind")
    disclosure, step = _disclosure(raw, where)
    _one_of(raw.get("time_unit", "day"), TIME_UNITS, where, "time_unit")
    _one_of(raw.get("one_row_per", "person"), ROWS, where, "one_row_per")
    _one_of(raw.get("engine", "duckdb"), ENGINES, where, "engine")
    data_end, lag = _data_end(raw.get("data_end", {}), where)
    blocks = [read_source(block, f"{where}, [[files]] block {i}") for i, block in enumerate(raw["files"], 1)]
    tables = {m.table for source in blocks for m in source.maps}
    if "arrests" in tables and "arrests" not in data_end:
        raise InputError(
            f"{where}: arrests are mapped but data_end has no date for them. Add data_end = {{ arrests = 2026-09-30 }}, "
            "the last day on which an arrest could have been seen: the largest date found is not it."
        )
    if not 0 < raw.get("follow_up", 1) < float("inf"):
        raise InputError(
            f"{where}: follow_up = {raw['follow_up']}, expected a number of {raw.get('time_unit', 'day')}s above 0."
        )
    return Spec(
        name=file.parent.name,
        file=file,
        title=raw["title"],
        kind=raw["kind"],
        disclosure=disclosure,
        rounding=step,
        source=raw["source"],
        area=raw.get("area", "the area and sources named by the dataset"),
        data_end=data_end,
        lag_days=lag,
        time_unit=raw.get("time_unit", "day"),
        follow_up=raw.get("follow_up"),
        one_row_per=raw.get("one_row_per", "person"),
        sources=tuple(blocks),
        link_threshold=read_threshold(raw.get("link", {}), where),
        engine=raw.get("engine", "duckdb"),
        place_names=_place_names(raw.get("place_names", {}), where),
    )


def chosen(said: str = "duckdb") -> str:
    """Return the engine that ANALYSIS_ENGINE names, else the one that a dataset says. Raises InputError for another."""
    name = os.environ.get("ANALYSIS_ENGINE") or said
    if name not in ENGINES:
        raise InputError(f"ANALYSIS_ENGINE = '{name}', expected one of {', '.join(ENGINES)}.{nearest(name, ENGINES)}")
    return name


def _one_of(value: object, valid: tuple[str, ...], where: str, key: str) -> None:
    if value not in valid:
        raise InputError(f"{where}: {key} = {value!r}, expected one of {', '.join(valid)}.{nearest(str(value), valid)}")


def _disclosure(raw: dict, where: str) -> tuple[str, int]:
    """Return how far a dataset may be shown, and the step by which its counts are rounded, 0 where they are not.

    ANALYSIS_RELEASE (``make report RELEASE=1``) makes what is internal restricted.
    """
    said, step = raw.get("disclosure", "restricted"), raw.get("rounding", STEP)
    _one_of(said, DISCLOSURES, where, "disclosure")
    if said == "internal" and os.environ.get("ANALYSIS_RELEASE") == "1":
        said = "restricted"
    if step < STEP:
        raise InputError(
            f"{where}: rounding = {step}, expected a whole number of {STEP} or more. Public data are not rounded."
        )
    return said, step if said == "restricted" else 0


def _place_names(raw: dict, where: str) -> dict[str, str]:
    for code, name in raw.items():
        if not (code.isdecimal() and len(code) in (2, 5) and isinstance(name, str) and name.strip()):
            raise InputError(
                f"{where}: place_names has {code} = {name!r}; expected a code of two (state) or five digits (county) and its name."
            )
    return raw


def _data_end(raw: dict, where: str) -> tuple[dict[str, date], int]:
    check_keys(raw, {"arrests": date, "exits": date, "detainers": date, "lag_days": int}, f"{where}, data_end")
    lag = raw.get("lag_days", 0)
    if not 0 <= lag <= MOST_LAG:
        raise InputError(f"{where}: data_end.lag_days = {lag}, expected 0 to {MOST_LAG} days.")
    return {source: day for source, day in raw.items() if source != "lag_days"}, lag
