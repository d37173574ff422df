"""Faults of processes: two builds at once, memory run out, a worker killed, the build killed and its workers left alone."""

import contextlib
import os
import resource
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.torture.conditions import limited
from analysis.torture.ends import recovered, refused
from analysis.torture.project import Project, unlike


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
        yield "; ".join(unlike(whole, project)) if not killed else recovered(project, whole)


def memory_run_out(project: Project, whole: Project) -> Iterator[str]:
    """Too little memory for the tables, and for the reports."""
    for megabytes in (700, 900, 1200, 1600, 2400):
        project.clear()
        held = limited(resource.RLIMIT_AS, megabytes << 20)
        yield refused(f"{megabytes} MB", *project.build(preexec_fn=held), may_succeed=True)
        yield recovered(project, whole)


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
    yield refused("workers killed each time", process.returncode, said, words=("ended by SIGKILL",))
    yield recovered(project, whole)


def cleaning_process_killed(project: Project, whole: Project) -> Iterator[str]:
    """A process that cleans rows killed, as by a system out of memory: one line, nothing left. Then the build itself killed."""
    for moment in (0.3, 1.5, 3.0):
        project.clear()
        process = project.start()
        _kill_workers(project, process, times=1, after=moment)
        said, _ = process.communicate()
        yield refused(f"killed after {moment} s", process.returncode, said, words=("ended with code -9",))
        left = [path.name for path in (project.root / "data").rglob("*") if ".building" in path.name]
        yield f"left: {left}" if left else ""
        yield recovered(project, whole)
    project.clear()
    process = project.start()
    own = _wait_for_workers(project, process)
    time.sleep(1)
    process.kill()
    process.communicate()
    until = time.monotonic() + 60  # a job under way is done first
    while (alive := [pid for pid in own if project.worker in _command(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    yield f"{len(alive)} processes outlived the build that started them" if alive or not own else ""
    yield recovered(project, whole)


def _wait_for_workers(project: Project, build: object) -> list[int]:
    while build.poll() is None:
        if own := [pid for pid in _children(build.pid) if project.worker in _command(pid)]:
            return own
        time.sleep(0.02)
    return []


def _kill_workers(project: Project, build: object, times: int, after: float = 0.2) -> None:
    """Kill workers of a build as they come, until it ends."""
    while build.poll() is None and times:
        for pid in _children(build.pid):
            if project.worker in _command(pid):
                time.sleep(after)
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
