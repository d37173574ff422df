"""What befalls a build: a full disk, no permission, another build, a wrong clock, a file replaced, memory run out.

Under each fault a build must succeed or say in a line what is wrong, leave nothing half-made that looks whole, and
the next build, without the fault, must make what an undisturbed one makes.
"""

import contextlib
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from analysis.torture.conditions import bound_by_permissions, can_mount, limited, small_disk, unwritable
from analysis.torture.project import MADE, Project, copy, remove, unlike

Fault = Callable[[Project, Project], Iterator[str]]
_DATASET, _NOTEBOOKS = "demo", "01_*.ipynb"
_FOLDERS = {  # what may not be written to, and a file that is missing, so that something must be
    "data/processed": "data/processed/demo/arrests.parquet", "data/private": "data/processed/demo/arrests.parquet",
    "reports": "reports/demo/data.html", "figures": "figures/demo/*.svg", "data/raw/demo": "data/raw/demo/releases.csv",
}  # fmt: skip
_EVER = 4_102_444_800  # seconds: 1 January 2100


def faults(source: Path, folder: Path, progress: Callable[[str], None]) -> tuple[int, list[str]]:
    """Try every fault; return how many were tried and a line for each that did not end as it must."""
    whole = copy(source, folder / "whole", [_DATASET], _NOTEBOOKS)
    code, said = whole.build()
    if code:
        raise RuntimeError(f"the undisturbed build failed: {said}")
    tried, failures = 0, []
    for fault in FAULTS:
        name = fault.__name__.replace("_", " ")
        if fault in _NEED_MOUNT and not can_mount():
            progress(f"fault not tried: {name} (this account may not mount a file system)")
            continue
        project = copy(source, folder / fault.__name__, [_DATASET], _NOTEBOOKS)
        wrong = [line for line in fault(project, whole) if line]
        tried += 1
        progress(f"fault: {name}: {wrong or 'as it must'}")
        failures += [f"{name}: {line}" for line in wrong]
        if not wrong:
            shutil.rmtree(project.root, ignore_errors=True)
    return tried, failures


def full_disk(project: Project, whole: Project) -> Iterator[str]:
    """A file system on which the build does not fit, at several sizes, then one that is large enough."""
    needed = sum(path.stat().st_size for path in whole.root.rglob("*") if path.is_file()) // 1024
    for share in (0.05, 0.3, 0.5, 0.7, 0.9):
        disk = project.root.with_name("disk")
        with small_disk(disk, int(needed * 3 * share)) as remount:
            shutil.copytree(project.root, disk, dirs_exist_ok=True)
            on_disk = Project(disk, project.datasets, project.command)
            yield _refused(f"{share:.0%} of the room", *on_disk.build(), may_succeed=share > 0.3)
            remount(f"size={needed * 4}k")
            yield _recovered(on_disk, whole)


def file_system_turned_read_only(project: Project, whole: Project) -> Iterator[str]:
    """A file system mounted read-only, as after a fault of the disk, with a table missing."""
    with small_disk(disk := project.root.with_name("disk"), 1 << 20) as remount:
        shutil.copytree(project.root, disk, dirs_exist_ok=True)
        on_disk = Project(disk, project.datasets, project.command)
        yield _recovered(on_disk, whole)
        remove(next(disk.glob("data/processed/*/*.parquet")))
        remount("ro")
        # what a shell would use for temporary files is read-only too
        yield _refused("read-only", *on_disk.build())
        remount("rw")
        yield _recovered(on_disk, whole)


def files_above_a_limit(project: Project, whole: Project) -> Iterator[str]:
    """A limit on the size of a file, which ends writing in the middle of it."""
    for size in (512, 20_000, 100_000, 1_000_000):
        project.clear()
        yield _refused(
            f"files of {size} bytes at most",
            *project.build(preexec_fn=limited(resource.RLIMIT_FSIZE, size)),
            may_succeed=size > 20_000,
        )
        yield _recovered(project, whole)


def no_permission(project: Project, whole: Project) -> Iterator[str]:
    """Folders that may not be written to, one after the other."""
    project.build()
    for name, missing in _FOLDERS.items():
        remove(next(project.root.glob(missing)))
        with unwritable([project.root / name]):
            yield _refused(f"{name} not writable", *project.build(preexec_fn=bound_by_permissions))
        yield _recovered(project, whole)


def two_builds_at_once(project: Project, whole: Project) -> Iterator[str]:
    """Two builds started together, and two of which the first is killed while the second waits."""
    for killed in (False, True):
        project.clear()
        first, second = project.start(), project.start()
        if killed:
            time.sleep(1)
            os.killpg(first.pid, signal.SIGKILL)
        outputs = [process.communicate()[0] for process in (first, second)]
        codes = [process.returncode for process in (first, second)]
        expected = [-signal.SIGKILL if killed else 0, 0]
        yield "" if codes == expected else f"exit codes {codes}: {' '.join(outputs)}"
        yield "; ".join(unlike(whole, project)) if not killed else _recovered(project, whole)


def clock_set_back(project: Project, whole: Project) -> Iterator[str]:
    """Files of the future and of 1970: only contents decide what is built again."""
    project.build()
    file = project.root / "data" / "raw" / _DATASET / "releases.csv"
    content = file.read_bytes()
    for moment in (_EVER, 0):
        _touch(project.root, moment)
        code, said = project.build()
        yield "" if code == 0 and " built in " not in said else f"built again for a date alone: {said}"
        file.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])
        _touch(project.root, moment)
        code, said = project.build()
        yield "" if code == 0 and f"{_DATASET}/data built" in said else f"a changed file was not read again: {said}"
        file.write_bytes(content)
        yield _recovered(project, whole)


def file_replaced_while_it_is_read(project: Project, whole: Project) -> Iterator[str]:
    """A raw file replaced by another after reading has begun."""
    project.build()
    file = project.root / "data" / "raw" / _DATASET / "releases.csv"
    content = file.read_bytes()
    shutil.rmtree(project.root / "data" / "processed")
    process = project.start()
    processed, until = project.root / "data" / "processed", time.monotonic() + 120
    while process.poll() is None and not list(processed.glob(".*.building/*")) and time.monotonic() < until:
        time.sleep(0.005)
    beside = file.with_name("releases.new")
    beside.write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])
    beside.replace(file)
    said, _ = process.communicate()
    yield _refused("replaced", process.returncode, said, words=("changed while",))
    if (processed / _DATASET).exists():
        yield "tables of a file that was replaced are in place"
    file.write_bytes(content)
    yield _recovered(project, whole)


def memory_run_out(project: Project, whole: Project) -> Iterator[str]:
    """Too little memory for the tables, and for the reports."""
    for megabytes in (700, 900, 1200, 1600, 2400):
        project.clear()
        held = limited(resource.RLIMIT_AS, megabytes << 20)
        yield _refused(f"{megabytes} MB", *project.build(preexec_fn=held), may_succeed=True)
        yield _recovered(project, whole)


def worker_killed(project: Project, whole: Project) -> Iterator[str]:
    """A worker killed once, as by a system out of memory: the build goes on. Killed each time: one line."""
    project.clear()
    process = project.start()
    _kill_workers(project, process, times=1)
    said, _ = process.communicate()
    yield f"exit code {process.returncode}: {said}" if process.returncode else "; ".join(unlike(whole, project))
    shutil.rmtree(project.root / "reports")
    process = project.start()
    _kill_workers(project, process, times=1000)
    said, _ = process.communicate()
    yield _refused("workers killed each time", process.returncode, said, words=("ended by SIGKILL",))
    yield _recovered(project, whole)


def _kill_workers(project: Project, build: object, times: int) -> None:
    """Kill workers of a build as they come, until it ends."""
    while build.poll() is None and times:
        for pid in _children(build.pid):
            if "analysis.publish.worker" in _command(pid):
                time.sleep(0.2)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                times -= 1
                if not times:
                    return
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _refused(what: str, code: int, said: str, *, may_succeed: bool = False, words: tuple[str, ...] = ()) -> str:
    """Return what is wrong with the end of a build that was to fail, or "": it ended by itself, and said why in a line."""
    if code == 0:
        return "" if may_succeed else f"{what}: it succeeded"
    if code not in (1, 2):
        return f"{what}: exit code {code}: {said[-2000:]}"
    if "Traceback" in said:
        return f"{what}: a traceback: {said[-2000:]}"
    lines = [line for line in said.splitlines() if line.startswith("analysis: ") or " failed: " in line]
    if not lines or not all(word in said for word in words):
        return f"{what}: no line says what is wrong: {said[-2000:]}"
    return ""


def _recovered(project: Project, whole: Project) -> str:
    code, said = project.build()
    return f"the next build ended with {code}: {said[-2000:]}" if code else "; ".join(unlike(whole, project)[:5])


def _touch(root: Path, moment: int) -> None:
    for name in ("data", "notebooks", *MADE):
        for path in (root / name).rglob("*"):
            os.utime(path, (moment, moment))


FAULTS: tuple[Fault, ...] = (
    full_disk, file_system_turned_read_only, files_above_a_limit, no_permission, two_builds_at_once, clock_set_back,
    file_replaced_while_it_is_read, memory_run_out, worker_killed,
)  # fmt: skip
_NEED_MOUNT = (full_disk, file_system_turned_read_only)
