"""What befalls a build: a full disk, no permission, another build, a wrong clock, a file replaced, memory run out.

Under each fault a build must succeed or say in a line what is wrong, and the next build, without the fault, must make
what an undisturbed one makes.
"""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from robustness.project import KINDS, MADE, Project, built, take_away, unlike, write

_FUTURE = 4_102_444_800  # seconds: 1 January 2100


def refused(what: str, code: int, said: str, *, may_succeed: bool = False, word: str = "") -> str:
    """Return what is wrong with the end of a build that was to fail, or "": it ended by itself, and said why in a line."""
    if code == 0:
        return "" if may_succeed else f"{what}: it succeeded"
    if code == 127 and "cannot allocate memory" in said:
        return ""  # the system's loader ends a program by itself where a library finds no room: Python is not asked
    told = any(line.startswith("analysis: ") or " failed: " in line for line in said.splitlines())
    good = code in (1, 2) and told and word in said and "Traceback" not in said
    return "" if good else f"{what}: exit code {code}, or no clear line: {said[-2000:]}"


def recovered(project: Project, whole: Project) -> str:
    """Return what is wrong with the next build, without the fault, or "": it makes what an undisturbed one makes."""
    code, said = project.build()
    return f"the next build ended with {code}: {said[-2000:]}" if code else "; ".join(unlike(whole, project)[:5])


@contextmanager
def small_disk(project: Project, kilobytes: int) -> Iterator[tuple[Project, Callable[[str], None]]]:
    """Copy a project to a file system of a given size; yields it there, and what mounts it again with other options."""
    disk = project.root.with_name("disk")
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], check=True, capture_output=True)
    try:
        shutil.copytree(project.root, disk, dirs_exist_ok=True)
        yield Project(disk), lambda options: subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def full_disk(project: Project, whole: Project) -> Iterator[str]:
    """A file system on which the build does not fit, at several sizes, then one that is large enough."""
    files = ([path for path in of.root.rglob("*") if path.is_file()] for of in (project, whole))
    given, needed = (sum(-(-path.stat().st_size // 4096) * 4 for path in paths) for paths in files)
    for share in (0.05, 0.3, 0.7):
        with small_disk(project, given + 64 + int((needed - given) * 3 * share)) as (on_disk, remount):
            yield refused(f"{share:.0%} of the room", *on_disk.build(), may_succeed=share > 0.3)
            remount(f"size={4 * needed + 100_000}k")
            yield recovered(on_disk, whole)


def disk_turned_read_only(project: Project, whole: Project) -> Iterator[str]:
    """A file system mounted read-only, as after a fault of the disk, with a table missing."""
    with small_disk(project, 1 << 20) as (on_disk, remount):
        yield recovered(on_disk, whole)
        _take_some_away(on_disk)
        remount("ro")
        yield refused("read-only", *on_disk.build())
        remount("rw")
        yield recovered(on_disk, whole)


def memory_run_out(project: Project, whole: Project) -> Iterator[str]:
    """Too little memory for the tables, and for the reports."""
    for megabytes in (700, 1200, 2400):
        project.clear()
        limit = partial(resource.setrlimit, resource.RLIMIT_AS, (megabytes << 20,) * 2)
        yield refused(f"{megabytes} MB", *project.build(preexec_fn=limit), may_succeed=True)
        yield recovered(project, whole)


def no_permission(project: Project, whole: Project) -> Iterator[str]:
    """Folders that may not be written to, one after the other; the superuser's right to do so is given up."""
    project.build()
    for name in (name for name in MADE if any(whole.root.glob(f"{name}/made/*"))):  # some pages draw no figure
        _take_some_away(project)
        below = [path for path in (project.root / name, *(project.root / name).rglob("*")) if path.is_dir()]
        for path in below:
            path.chmod(0o555)
        yield refused(f"{name} not writable", *project.build(preexec_fn=_bound))
        for path in below:
            path.chmod(0o755)
        yield recovered(project, whole)


def _bound() -> None:
    for capability in (1, 2) if os.geteuid() == 0 else ():  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            raise OSError("the superuser's rights cannot be given up")


def _take_some_away(project: Project) -> None:
    """Take away a table, pages and figures, so that the next build writes everywhere."""
    names = ("data/processed/made/arrests.parquet", "reports/made/*.html", "figures/made/*.svg")
    take_away([path for name in names for path in project.root.glob(name)])


def two_builds_at_once(project: Project, whole: Project) -> Iterator[str]:
    """Two builds started together, and two of which the first is killed while the second waits."""
    for killed in (False, True):
        project.clear()
        both = project.start(), project.start()
        if killed:
            time.sleep(1)
            os.killpg(both[0].pid, signal.SIGKILL)
        said = [process.communicate()[0] for process in both]
        codes = [process.returncode for process in both]
        yield "" if codes == [-signal.SIGKILL if killed else 0, 0] else f"exit codes {codes}: {' '.join(said)}"
        yield recovered(project, whole) if killed else "; ".join(unlike(whole, project))


def file_replaced_while_it_is_read(project: Project, whole: Project) -> Iterator[str]:
    """A raw file replaced by another after reading has begun."""
    content, processed = project.raw.read_bytes(), project.root / "data" / "processed"
    process, until = project.start(), time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if any(path.is_file() and path.suffix != ".lock" for path in processed.rglob("*")):
            break
        time.sleep(0.005)
    beside = project.raw.with_name(".new")
    beside.write_bytes(_shorter(content))
    beside.replace(project.raw)
    said, _ = process.communicate()
    yield refused("replaced", process.returncode, said, word="changed while")
    yield "tables of a file that was replaced are in place" if (processed / "made").exists() else ""
    project.raw.write_bytes(content)
    yield recovered(project, whole)


def clock_set_back(project: Project, whole: Project) -> Iterator[str]:
    """Files of the future and of 1970: only contents decide what is built again."""
    project.build()
    content, page = project.raw.read_bytes(), project.root / "reports" / "made" / "data.html"
    for moment in (_FUTURE, 0):
        for change in (content, _shorter(content)):
            project.raw.write_bytes(change)
            for path in [path for name in ("data", "notebooks", *MADE) for path in (project.root / name).rglob("*")]:
                os.utime(path, (moment, moment))
            code, said = project.build()
            kept = page.stat().st_mtime == moment
            yield "" if code == 0 and kept == (change == content) else f"files of {moment}, built {not kept}: {said}"
        project.raw.write_bytes(content)
        yield recovered(project, whole)


def _shorter(content: bytes) -> bytes:
    return content[: content.rindex(b"\n", 0, -1) + 1]


FAULTS = (full_disk, disk_turned_read_only, memory_run_out, no_permission, two_builds_at_once,
          file_replaced_while_it_is_read, clock_set_back)  # fmt: skip


def faults(folder: Path, say: Callable[[str], None], places: int) -> tuple[int, list[str]]:
    """Try every fault on the first so many kinds of projects; return how many were tried, and a line for each failure."""
    tried, failures = 0, []
    for kind in list(KINDS)[:places]:
        whole = built(folder / f"{kind}-whole", kind)
        for fault in FAULTS:
            name = f"{kind}: {fault.__name__.replace('_', ' ')}"
            try:
                wrong = [line for line in fault(write(folder / f"{kind}-{fault.__name__}", kind), whole) if line]
            except subprocess.CalledProcessError:
                say(f"fault not tried: {name} (this account may not mount a file system)")
                continue
            tried, failures = tried + 1, failures + [f"{name}: {line}" for line in wrong]
            say(f"fault: {name}: {wrong or 'as it must'}")
    return tried, failures
