"""What befalls a build: a full disk, no permission, another build, a wrong clock, a file replaced, memory run out.

Under each fault a build must succeed or say in a line what is wrong, leave nothing half-made that looks whole, and
the next build, without the fault, must make what an undisturbed one makes. Each is tried on the tables of a file so large
that other processes clean it, on the reports of a dataset, and on people linked by name.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from analysis.torture import fault_disks, fault_files, fault_processes
from analysis.torture.conditions import can_mount
from analysis.torture.large import large
from analysis.torture.linked import available, linked
from analysis.torture.project import Project, copy

Fault = Callable[[Project, Project], Iterator[str]]
_NEED_MOUNT = (fault_disks.full_disk, fault_disks.file_system_turned_read_only)
_BOTH: tuple[Fault, ...] = (
    *_NEED_MOUNT, fault_disks.files_above_a_limit, fault_disks.no_permission, fault_processes.two_builds_at_once,
    fault_files.file_replaced_while_it_is_read, fault_processes.memory_run_out,
)  # fmt: skip
_OF_REPORTS: tuple[Fault, ...] = (*_BOTH, fault_files.clock_set_back, fault_processes.worker_killed)
_OF_TABLES: tuple[Fault, ...] = (*_BOTH, fault_processes.cleaning_process_killed)
_OF_LINKING: tuple[Fault, ...] = tuple(
    fault for fault in _BOTH if fault is not fault_files.file_replaced_while_it_is_read
)


def _reports(source: Path, root: Path) -> Project:
    return copy(source, root, ["demo"], "01_*.ipynb")


def _tables(source: Path, root: Path) -> Project:
    return large(root)


_WHERE = (("tables", _tables, _OF_TABLES), ("reports", _reports, _OF_REPORTS), ("linking", linked, _OF_LINKING))


def faults(source: Path, folder: Path, progress: Callable[[str], None], places: int = 3) -> tuple[int, list[str]]:
    """Try every fault on tables, then (``places`` 2) on reports, then (3) on linking by name.

    Returns how many were tried, and a line for each that did not end as it must.
    """
    tried, failures = 0, []
    for what, make, own in _WHERE[:places]:
        if make is linked and not available():
            progress(f"faults not tried: {what} (splink is not installed)")
            continue
        whole = make(source, folder / f"{what}-whole")
        code, said = whole.build()
        if code:
            raise RuntimeError(f"the undisturbed build failed: {said}")
        for fault in own:
            name = f"{what}: {fault.__name__.replace('_', ' ')}"
            if fault in _NEED_MOUNT and not can_mount():
                progress(f"fault not tried: {name} (this account may not mount a file system)")
                continue
            project = make(source, folder / f"{what}-{fault.__name__}")
            wrong = [line for line in fault(project, whole) if line]
            tried += 1
            progress(f"fault: {name}: {wrong or 'as it must'}")
            failures += [f"{name}: {line}" for line in wrong]
            if not wrong:
                shutil.rmtree(project.root, ignore_errors=True)
    return tried, failures
