"""Processes that clean batches and write tables side by side, for files that are worth it.

A job is a method and its arguments; answers come back in the order in which jobs were given, so that what is built does
not depend on how many processes there are. At most one job a process is under way: memory is bounded by the batch. A
process that is killed ends the build with one clear line; all of them end with the process that started them, since
their connection closes. They are started as programs of their own: a script or notebook needs no guard around its body.
"""

import contextlib
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from analysis.data.errors import InputError, memory_ran_out

BYTES_A_ROW = {".parquet": 40}  # roughly, of a wide file; of any other kind 200
WORTH_IT = 150_000  # rows from which starting processes (about a second) pays
Answer = tuple[str, object]
_START = "import sys; from analysis.data.crew import main; main(int(sys.argv[1]))"


def size(paths: list[Path | None]) -> int:
    """Return how many processes to start for these files: ANALYSIS_JOBS (2), or none where the files are small."""
    wanted = os.environ.get("ANALYSIS_JOBS", "2")
    if not wanted.isdigit():
        raise InputError(f"ANALYSIS_JOBS = '{wanted}', expected a number of processes, such as 2.")
    rows = sum(path.stat().st_size / BYTES_A_ROW.get(path.suffix, 200) for path in paths if path is not None)
    return int(wanted) if int(wanted) > 1 and rows >= WORTH_IT else 0


class Crew:
    """Worker processes, each with a connection. Use as a context: they are ended with it."""

    def __init__(self, work: object, workers: int) -> None:
        self.work, self.workers = work, workers
        self.idle: list[Connection] = []
        self.busy: dict[Connection, tuple[int, str]] = {}  # connection -> number of the job, and what it is about
        self.processes: dict[Connection, subprocess.Popen] = {}
        self.answers: dict[int, Answer] = {}
        self.given = self.taken = 0

    def __enter__(self) -> "Crew":
        for _ in range(self.workers):
            ours, theirs = Pipe()
            self.processes[ours] = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(),
                pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip
            theirs.close()
            with contextlib.suppress(OSError):  # one that cannot start is found out when it is asked
                ours.send(self.work)
            self.idle.append(ours)
        return self

    def __exit__(self, *exception: object) -> None:
        for connection, process in self.processes.items():
            process.kill()
            process.wait()
            connection.close()

    def give(self, method: str, *arguments: object, about: str) -> Iterator[object]:
        """Give a job to a process that is idle, waiting for one; yield the answers that are next in order."""
        while not self.idle:
            self._hear()
        connection = self.idle.pop(0)
        self.busy[connection] = (self.given, about)
        self.given += 1
        with contextlib.suppress(OSError):  # it has ended: said when its answer is read
            connection.send((method, arguments))
        yield from self._next()

    def each(self, method: str, jobs: Iterable[tuple], about: str) -> Iterator[object]:
        """Do jobs of one kind, here where there are no processes; yield their answers in order."""
        for arguments in jobs:
            if self.workers:
                yield from self.give(method, *arguments, about=about)
            else:
                yield getattr(self.work, method)(*arguments)
        yield from self.rest()

    def rest(self) -> Iterator[object]:
        """Yield the answers still to come, in order."""
        while self.busy:
            self._hear()
            yield from self._next()
        yield from self._next()

    def _next(self) -> Iterator[object]:
        while self.taken in self.answers:
            answer = self.answers.pop(self.taken)
            self.taken += 1
            yield content_of(answer)

    def _hear(self) -> None:
        for connection in wait(list(self.busy)):
            number, about = self.busy.pop(connection)
            try:
                self.answers[number] = connection.recv()
                self.idle.append(connection)
            except (EOFError, OSError):
                raise InputError(
                    f"{about}: the process that worked on it ended with code {self.processes[connection].wait()} (-9: killed, as a "
                    "machine out of memory does). Close other programs, or set ANALYSIS_JOBS=1, and run the same command again."
                ) from None


def answer_of(work: object, method: str, arguments: tuple) -> Answer:
    """Return what a job came to: ("done", what it returned), or what kind of error ended it, and its text."""

    try:
        return "done", getattr(work, method)(*arguments)
    except InputError as error:
        return "refused", str(error)
    except OSError as error:
        where = error.filename or "a file"
        return "refused", f"{where} cannot be written ({error.strerror or error}). Make room and run again."
    except Exception as error:
        if memory_ran_out(error):
            return "memory", str(error)
        return "failed", traceback.format_exc()


def content_of(answer: Answer) -> object:
    """Return what a job returned, or raise the error that ended it."""
    kind, content = answer
    if kind == "done":
        return content
    raise {"refused": InputError, "memory": MemoryError}.get(kind, RuntimeError)(content)


def main(descriptor: int) -> None:
    """Do jobs from a connection until it closes."""
    connection = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        work = connection.recv()
        while True:
            method, arguments = connection.recv()
            connection.send(answer_of(work, method, arguments))


def _environment() -> dict[str, str]:
    home = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home, "PYTHONUTF8": "1"}
