"""Published digits before and after: ``make lock`` builds the default site with the old and the new packages and compares.

In: two projects' folders whose ``reports`` and ``figures`` are built. Out: a line for each number, label or row that
differs, with both values, so that whoever refreshes a lock reads what that does to what is published.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from analysis.data.errors import say
from analysis.data.state import home
from analysis.verify import copy_project

_ABSENT = "nothing"


def build(folder: Path) -> int:
    """Build the default site, with this interpreter's packages, in a copy of the project; return the exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    copy_project(home(), folder)
    environment = {**os.environ, "ANALYSIS_HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "analysis", "figures"], cwd=folder, env=environment, check=False
    ).returncode


def compare(before: Path, after: Path) -> int:
    """Print which published digits differ between two built projects; return how many there are."""
    old, new = published(before), published(after)
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name, _ABSENT) != new.get(name, _ABSENT)]
    for name in changed:
        say(f"lock: {name}: {old.get(name, _ABSENT)} -> {new.get(name, _ABSENT)}")
    say(f"lock: {len(changed):,} of {len(old):,} published values differ")
    return len(changed)


def published(root: Path) -> dict[str, str]:
    """Return every published value by where it stands: results of reports, main points, and the data of figures."""
    found: dict[str, str] = {}
    for file in sorted((root / "reports").rglob("*.json")):
        record, where = json.loads(file.read_text(encoding="utf-8")), file.relative_to(root).as_posix()
        kept = {key: record.get(key) for key in ("title", "main_point", "skipped", "results")}
        found |= {f"{where}: {place}": value for place, value in _flat(kept)}
    for file in sorted((root / "figures").rglob("*.csv")):
        where = file.relative_to(root).as_posix()
        with file.open(encoding="utf-8", newline="") as lines:
            head, *rows = csv.reader(lines)
        found |= {
            f"{where}: row {i}, {name}": value
            for i, row in enumerate(rows, 1)
            for name, value in zip(head, row, strict=True)
        }
    return found


def _flat(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from _flat(inner, f"{place}.{key}" if place else str(key))
    else:
        yield place, json.dumps(value, ensure_ascii=False)
