"""What a build writes: whole files or none, texts that no file can make act, and figures only where something about them changed.

A figure's files are kept in git, and another processor may round the last digit of a path, so that a
figure is written again only when its data, its text or the code that draws it changed, or when a file
is missing or was edited. What was true when it was written stands in ``figures.json`` beside it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.data.errors import visible
from analysis.publish.provenance import file_hash, text_hash

PART = ".part"
_NAME = re.compile(r"[a-z0-9]+(?:[_-]+[a-z0-9]+)*")
_TAG, _NUMBER = re.compile(r"<[^>]*>"), re.compile(r"-?\d*\.?\d+")


def write(path: Path, content: str | bytes) -> str:
    """Write a file beside its place, then rename it, so that no reader sees half of it; its SHA-256.

    Raises:
        OSError: the disk is full or the folder can't be written; nothing is left behind.
    """
    data = visible(content, lines=True).encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return file_hash(path)


def part_of(path: Path) -> Path:
    """Where a file is written before it is whole: hidden, in the same folder."""
    return path.with_name(f".{path.name}{PART}")


def remove_parts(folders: Iterable[Path]) -> None:
    """Remove what a killed build left half-written."""
    for folder in folders:
        for part in folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)


def to_json(value: object) -> str:
    """JSON with sorted keys and a line break at the end, the same for the same value.

    Raises:
        ValueError: a number that is not finite.
    """
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_figures(folder: Path) -> dict[str, dict]:
    """What ``figures.json`` in a folder says of each figure; empty where there is none."""
    try:
        found = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_intact(folder: Path, entry: Mapping | None) -> bool:
    """Whether all files of a figure are there as they were written."""
    return entry is not None and all(file_hash(folder / name) == digest for name, digest in entry["files"].items())


def save_figures(folder: Path, report: str, figures: Iterable[Mapping], code: str, redraw: bool) -> dict[str, dict]:
    """Write the figures of a report that changed; what ``figures.json`` must say of each of them.

    Args:
        folder: ``figures/<dataset>``.
        report: the report that the figures belong to; a name belongs to one report.
        figures: each with name, svg, csv, alt and png (bytes, or None where no PNG was drawn).
        code: SHA-256 of the code that draws.
        redraw: write all of them, whatever changed.

    Raises:
        ValueError: a name that can't be a file name, or that another report uses.
    """
    known, entries = read_figures(folder), {}
    for figure in figures:
        name = figure["name"]
        if not _NAME.fullmatch(name) or name in entries:
            raise ValueError(f"figure name {name!r}: expected lower-case letters, digits, _ and -, once in a report")
        before = known.get(name)
        if before and before["report"] != report:
            raise ValueError(f"figure name {name!r} is used by the report {before['report']!r} too")
        now = _entry(report, figure, code)
        png_wanted = figure["png"] and before and f"{name}.png" not in before["files"]
        if redraw or png_wanted or not _same(before, now) or not is_intact(folder, before):
            now["files"] = _write_files(folder, name, figure)
            entries[name] = now
        else:
            entries[name] = before
    return entries


def record_figures(folder: Path, report: str, entries: Mapping[str, dict]) -> None:
    """Put a report's figures into ``figures.json`` and remove those that it no longer has."""
    known = read_figures(folder)
    gone = {name for name, entry in known.items() if entry["report"] == report} - set(entries)
    for name in gone:
        for file in known.pop(name)["files"]:
            (folder / file).unlink(missing_ok=True)
    if gone or any(known.get(name) != entry for name, entry in entries.items()):
        write(folder / "figures.json", to_json({**known, **entries}))


def _entry(report: str, figure: Mapping, code: str) -> dict:
    return {
        "report": report,
        "csv": text_hash(figure["csv"]),
        "alt": text_hash(figure["alt"]),
        "outline": text_hash(_TAG.sub(lambda tag: _NUMBER.sub("0", tag[0]), figure["svg"])),  # no coordinates
        "code": code,
    }


def _same(before: Mapping | None, now: Mapping) -> bool:
    return before is not None and all(before[key] == value for key, value in now.items())


def _write_files(folder: Path, name: str, figure: Mapping) -> dict[str, str]:
    contents = {"svg": figure["svg"], "csv": figure["csv"], "txt": figure["alt"].rstrip("\n") + "\n"}
    if figure["png"]:
        contents["png"] = figure["png"]
    else:
        (folder / f"{name}.png").unlink(missing_ok=True)  # it would show what the others no longer say
    return {f"{name}.{kind}": write(folder / f"{name}.{kind}", content) for kind, content in sorted(contents.items())}
