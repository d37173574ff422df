"""Faults of disks: one that fills up, one that turns read-only, files that may not grow, folders that may not be written to."""

import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from analysis.torture.conditions import bound_by_permissions, limited, small_disk, unwritable
from analysis.torture.ends import recovered, refused
from analysis.torture.project import Project, remove


def full_disk(project: Project, whole: Project) -> Iterator[str]:
    """A file system on which the build does not fit, at several sizes, then one that is large enough."""
    given = _kilobytes(project.root)
    needed = _kilobytes(whole.root) - given
    for share in (0.05, 0.3, 0.5, 0.7, 0.9):
        disk = project.root.with_name("disk")
        with small_disk(disk, given + 64 + int(needed * 3 * share)) as remount:
            shutil.copytree(project.root, disk, dirs_exist_ok=True)
            on_disk = replace(project, root=disk)
            yield refused(f"{share:.0%} of the room", *on_disk.build(), may_succeed=share > 0.3)
            remount(f"size={2 * given + 4 * needed + 100_000}k")
            yield recovered(on_disk, whole)


def file_system_turned_read_only(project: Project, whole: Project) -> Iterator[str]:
    """A file system mounted read-only, as after a fault of the disk, with a table missing."""
    with small_disk(disk := project.root.with_name("disk"), 1 << 20) as remount:
        shutil.copytree(project.root, disk, dirs_exist_ok=True)
        on_disk = replace(project, root=disk)
        yield recovered(on_disk, whole)
        remove(next(disk.glob("data/processed/*/[ar]*.parquet")))
        remount("ro")
        # what a shell would use for temporary files is read-only too
        yield refused("read-only", *on_disk.build())
        remount("rw")
        yield recovered(on_disk, whole)


def files_above_a_limit(project: Project, whole: Project) -> Iterator[str]:
    """A limit on the size of a file, which ends writing in the middle of it."""
    for size in (512, 20_000, 100_000, 1_000_000):
        project.clear()
        yield refused(
            f"files of {size} bytes at most",
            *project.build(preexec_fn=limited(resource.RLIMIT_FSIZE, size)),
            may_succeed=size > 20_000,
        )
        yield recovered(project, whole)


def no_permission(project: Project, whole: Project) -> Iterator[str]:
    """Folders that may not be written to, one after the other."""
    project.build()
    for name, missing in project.folders:
        remove(next(project.root.glob(missing)))
        with unwritable([project.root / name]):
            yield refused(f"{name} not writable", *project.build(preexec_fn=bound_by_permissions))
        yield recovered(project, whole)


def _kilobytes(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4 for path in folder.rglob("*") if path.is_file())
