"""Conditions under which a build is made to fail: no room, no permission, no memory. Each is set for one process alone."""

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_CAPBSET_DROP = 24
_OVERRIDES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: by which the superuser passes over permissions


def limited(kind: int, amount: int) -> Callable[[], None]:
    """Return what a child must call before it runs a command, for one of the limits of `resource`."""
    return lambda: resource.setrlimit(kind, (amount, amount))


def bound_by_permissions() -> None:
    """Take from this process, if it is the superuser's, the right to pass over permissions; for a child to call."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in _OVERRIDES:
            if library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the superuser's rights cannot be given up")


@contextmanager
def unwritable(folders: list[Path]) -> Iterator[None]:
    """Take the permission to write from these folders and all below them, and give it back."""
    below = [path for folder in folders for path in (folder, *folder.rglob("*")) if path.is_dir()]
    try:
        for path in below:
            path.chmod(0o555)
        yield
    finally:
        for path in below:
            if path.exists():
                path.chmod(0o755)


def can_mount() -> bool:
    """Return whether this process may mount a file system."""
    return os.geteuid() == 0 and shutil.which("mount") is not None and _mounts()


def _mounts() -> bool:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False
        )
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[str], None]]:
    """Mount a file system of a given size on a folder; yields a function that remounts it with other options."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], check=True)
    try:
        yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
