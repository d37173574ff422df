"""Faults of files and clocks: a raw file replaced while it is read, dates of the future and of 1970."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.torture.ends import recovered, refused
from analysis.torture.project import MADE, Project

_EVER = 4_102_444_800  # seconds: 1 January 2100


def clock_set_back(project: Project, whole: Project) -> Iterator[str]:
    """Files of the future and of 1970: only contents decide what is built again."""
    project.build()
    file = project.raw
    content = file.read_bytes()
    for moment in (_EVER, 0):
        _touch(project.root, moment)
        code, said = project.build()
        yield "" if code == 0 and " built in " not in said else f"built again for a date alone: {said}"
        file.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])
        _touch(project.root, moment)
        code, said = project.build()
        yield "" if code == 0 and "/data built" in said else f"a changed file was not read again: {said}"
        file.write_bytes(content)
        yield recovered(project, whole)


def file_replaced_while_it_is_read(project: Project, whole: Project) -> Iterator[str]:
    """A raw file replaced by another after reading has begun."""
    project.build()
    file = project.raw
    content = file.read_bytes()
    shutil.rmtree(project.root / "data" / "processed")
    process = project.start()
    processed, until = project.root / "data" / "processed", time.monotonic() + 120
    while process.poll() is None and not list(processed.glob(".*.building/*")) and time.monotonic() < until:
        time.sleep(0.005)
    beside = file.with_name(".new")
    beside.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])
    beside.replace(file)
    said, _ = process.communicate()
    yield refused("replaced", process.returncode, said, words=("changed while",))
    if (processed / project.datasets[0]).exists():
        yield "tables of a file that was replaced are in place"
    file.write_bytes(content)
    yield recovered(project, whole)


def _touch(root: Path, moment: int) -> None:
    for name in ("data", "notebooks", *MADE):
        for path in (root / name).rglob("*"):
            os.utime(path, (moment, moment))
