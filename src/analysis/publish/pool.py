"""Worker processes with a deadline for each task, where one that is killed takes nobody with it.

A `concurrent.futures` pool breaks as a whole when one of its processes is killed, and can't stop a
task. Here each worker has its own connection; one that dies is replaced and its task tried once more, one
that takes too long is killed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path

ATTEMPTS = 2
_START = "import sys; from analysis.publish.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"


def run(
    tasks: Iterable[dict], *, workers: int, deadline: float, held: int, on_cell: Callable[[dict, int], None]
) -> Iterator[tuple[dict, dict]]:
    """Have tasks done by worker processes; each task and the answer to it, in the order they end.

    Args:
        tasks: see `analysis.publish.worker.make`.
        workers: how many processes at most.
        deadline: seconds that a task may take, the start of a worker included; times its patience.
        held: a file descriptor that workers keep open, so that a lock on it lasts as long as they do.
        on_cell: called with a task and the number of the code cell that it has reached.
    """
    pool = _Pool(held)
    waiting = deque(dict(task, attempt=1) for task in tasks)
    try:
        while waiting or pool.busy:
            while waiting and len(pool.busy) < workers:
                task = waiting.popleft()
                pool.give(task, deadline * task["patience"])
            for worker, message in pool.events():
                kind, content = message
                if kind == "cell":
                    worker.cell = content
                    on_cell(worker.task, content)
                elif kind == "died" and worker.task["attempt"] < ATTEMPTS:
                    waiting.appendleft(dict(worker.task, attempt=worker.task["attempt"] + 1))
                else:
                    yield worker.task, content
    finally:
        pool.close()


class _Worker:
    """One process, its connection, and the task that it is on."""

    def __init__(self, log: str, environment: dict[str, str], lifeline: int, held: int) -> None:
        self.connection, theirs = Pipe()
        with open(log, "ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-X", "faulthandler", "-c", _START, str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment, cwd=environment["PWD"],
                pass_fds=(theirs.fileno(), lifeline, held), start_new_session=True,
            )  # fmt: skip
        theirs.close()

    def give(self, task: dict, deadline: float) -> None:
        self.task, self.cell, self.until = task, None, time.monotonic() + deadline
        self.deadline = deadline
        with contextlib.suppress(OSError):  # it has died: the connection says so when it is read
            self.connection.send(task)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.connection.close()


class _Pool:
    """The workers that are busy and those that wait."""

    def __init__(self, held: int) -> None:
        self.busy: dict[object, _Worker] = {}
        self.idle: list[_Worker] = []
        self._held = held
        self._scratch = tempfile.TemporaryDirectory(prefix="analysis-")  # what killed workers leave goes with it
        self._lifeline, self._alive = os.pipe()  # workers read the first; it ends when this process does

    def give(self, task: dict, deadline: float) -> None:
        Path(task["log"]).parent.mkdir(parents=True, exist_ok=True)
        if task["attempt"] == 1:
            Path(task["log"]).write_bytes(b"")
            Path(task["half_run"]).unlink(missing_ok=True)
        worker = self.idle.pop() if self.idle else self._start(task)
        worker.give(task, deadline)
        self.busy[worker.connection] = worker

    def events(self) -> Iterator[tuple[_Worker, tuple[str, object]]]:
        """Wait for the next messages, ends or overruns of workers."""
        until = min(worker.until for worker in self.busy.values())
        for connection in wait(list(self.busy), max(0.0, until - time.monotonic())):
            worker = self.busy[connection]
            try:
                message = connection.recv()
            except (EOFError, OSError):
                yield worker, ("died", self._bury(worker))
                continue
            if message[0] == "done":
                self.idle.append(self.busy.pop(connection))
            yield worker, message
        for worker in [worker for worker in self.busy.values() if time.monotonic() > worker.until]:
            del self.busy[worker.connection]
            worker.kill()
            said = f"took longer than {worker.deadline:g} s and was stopped"
            yield worker, ("late", {"status": "failed", "cell": worker.cell, "error": said})

    def close(self) -> None:
        for worker in [*self.busy.values(), *self.idle]:
            worker.kill()
        os.close(self._lifeline)
        os.close(self._alive)
        self._scratch.cleanup()

    def _start(self, task: dict) -> _Worker:
        return _Worker(task["log"], _environment(task["root"], self._scratch.name), self._lifeline, self._held)

    def _bury(self, worker: _Worker) -> dict:
        del self.busy[worker.connection]
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(0.5)  # its connection closes just before it ends, with a code of its own
        worker.kill()
        return {"status": "failed", "cell": worker.cell, "error": _cause(worker.process.returncode, worker.task["log"])}


def _cause(code: int, log: str) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}, {ATTEMPTS} times"
    lines = [line.strip() for line in Path(log).read_text(errors="replace").splitlines() if "Error" in line]
    return f"its process ended with code {code}, {ATTEMPTS} times{f': {lines[-1]}' if lines else ''}"


def _environment(root: str, scratch: str) -> dict[str, str]:
    """The parent's, made the same everywhere as far as results could depend on it."""
    import analysis

    home = str(Path(analysis.__file__).parents[1])
    path = os.environ.get("PYTHONPATH")
    fixed = {"PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1",
             "TZ": "UTC", "MPLBACKEND": "agg", "TMPDIR": scratch, "PWD": root}  # fmt: skip
    threads = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {"ANALYSIS_HOME": root, **os.environ, **threads, **fixed}
