"""A command as a process of its own: what it prints, how long it takes, and the most memory that it holds.

Memory is that of the process and of all that it starts, together: the sum of their shares of memory (a page that n
processes share counts 1/n to each), looked at several times a second where the system tells (Linux); elsewhere the
largest of them. What is over in less than a look is caught by the largest process, which the system counts itself.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from analysis.bench.result import Taken

THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PROC = Path("/proc")
_LOOK = 0.25  # seconds between two looks: each costs some milliseconds


@dataclass(frozen=True)
class Measured:
    """What a command printed, its seconds by the clock and of the processors, the most megabytes held.

    0 where the system does not say.
    """

    said: str
    seconds: float
    processor: float
    megabytes: float

    @property
    def taken(self) -> Taken:
        """What is compared."""
        return Taken(self.seconds, self.processor or None, self.megabytes or None)


def measured(command: list[str], cwd: Path | None = None, **environment: str) -> Measured:
    """Run a command to its end. Raises SystemExit, with the last line of its errors, where it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=cwd, env={**os.environ, **environment})
        with _Watch(process.pid) as watch:
            processor, most = _ended(process)
        seconds = time.perf_counter() - started
        said, wrong = (_text(file) for file in (out, err))
    if process.returncode:
        last = (wrong.strip().splitlines() or ["?"])[-1]
        raise SystemExit(f"bench: {' '.join(command[1:4])} failed: {last}")
    return Measured(said, seconds, processor, max(most, watch.most))


def _ended(process: subprocess.Popen) -> tuple[float, float]:
    """Wait for a process; return its processor seconds and the megabytes of the largest, of it and those that it waited for."""
    if not hasattr(os, "wait4"):
        process.wait()
        return 0.0, 0.0
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _text(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


class _Watch:
    """Looks again and again at how much a process and its descendants hold."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most, self._over = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        if (_PROC / "self" / "smaps_rollup").exists():
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            self.most = max(self.most, sum(_held(pid) for pid in family(self.pid)))


def family(pid: int) -> list[int]:
    """Return a process and its descendants, as far as the system tells."""
    found = [pid]
    for one in found:
        for thread in _PROC.glob(f"{one}/task/*/children"):
            try:
                found += [int(child) for child in thread.read_text().split()]
            except OSError:  # it has ended
                continue
    return found


def _held(pid: int) -> float:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 2**10 for line in lines if line.startswith("Pss:")), 0.0)
