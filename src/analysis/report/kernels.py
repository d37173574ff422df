"""One clean kernel a page: a server process imports the libraries once and forks a kernel for each page.

`Kernels` starts the server and has papermill's own engine run notebooks on its kernels, several at a time. A kernel holds
nothing of another page: it is forked before any page ran. Where a fork cannot be had, a page gets a kernel started afresh.
"""

import contextlib
import ctypes
import faulthandler
import gc
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.connect import write_connection_file
from jupyter_core.utils import ensure_event_loop

SEED = 20180219
FIXED = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", "MPLBACKEND": "agg",
         "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # fmt: skip
_SERVER = "from analysis.report import kernels; kernels.serve()"
_FRESH = "import sys; from analysis.report import kernels; kernels.prepare(); kernels.become(sys.argv[1])"


def serve() -> None:
    """Fork a kernel for each line on standard input, and answer with its process number; ends with its driver."""
    prepare()  # opens no connection and starts no thread: neither would come through a fork
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a kernel that ended is gone, and no zombie that looks alive
    print("ready", flush=True)
    for line in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with its server; elsewhere ipykernel looks every second
        os.dup2(2, 1)  # or what the kernel says at its start would be the server's answer
        job = json.loads(line)
        os.environ.update(job["environment"])
        become(job["file"])


def prepare() -> None:
    """Import what pages need, and make equal what results could depend on."""
    import formulaic  # noqa: F401
    import ibis.backends.duckdb.converter  # noqa: F401
    import matplotlib as mpl
    from ipykernel import kernelapp  # noqa: F401

    import analysis
    from analysis.publish import page  # noqa: F401

    for name in analysis.__all__:  # each loads its part of the package, and what that stands on
        getattr(analysis, name)
    gc.freeze()  # or every kernel's collections go through all that was imported, and copy it
    faulthandler.enable()
    os.umask(0o022)
    mpl.rcdefaults()  # a user's own matplotlibrc must not change a page
    warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"  # no path of a cell


def become(connection_file: str) -> None:
    """Be the kernel of a connection file, until told to end."""
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    tempfile.tempdir = None  # as it was before the fork
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(["-f", connection_file, "--HistoryManager.enabled=False", "--InteractiveShell.enable_tip=False"])
    np.random.seed(SEED)
    random.seed(SEED)  # here, since Python seeds it anew in a forked process; and no tip may draw from it
    app.start()
    os._exit(0)


class _Kernel(AsyncKernelManager):
    """The manager of a kernel that runs already; nbclient asks it whether the kernel lives."""

    has_kernel, ready, late, channels = property(lambda self: True), None, False, None

    def client(self, **options: object) -> object:
        self.channels = super().client(**options)  # papermill closes none of a manager that it was given
        return self.channels

    async def _async_is_alive(self) -> bool:
        return self.lives()

    is_alive = _async_is_alive

    def stop(self) -> None:
        self.late = True
        _kill(self.pid)


class Kernels:
    """The server of one build, used in a ``with``: when that ends, so do all kernels.

    ``folder`` is the project's, in which notebooks run; ``log`` takes what is written outside of notebooks.
    """

    stopped = False

    def __init__(self, folder: Path, log: Path) -> None:
        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what fails is said once, by the build
        self._scratch = tempfile.TemporaryDirectory(prefix="analysis-", ignore_cleanup_errors=True)
        self._folder, self._log, self._lock, self._pids = folder, log.open("wb"), threading.Lock(), set()
        self._server = self._start(_SERVER) if hasattr(os, "fork") else None
        if self._server and self._server.stdout.readline() != "ready\n":
            self._server = None

    def __enter__(self) -> "Kernels":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._server:
            self._server.communicate()
        self._log.close()
        self._scratch.cleanup()

    def stop(self) -> None:
        """End the server and all kernels; what runs raises."""
        self.stopped = True
        for pid in [*self._pids, *([self._server.pid] if self._server else [])]:
            _kill(pid)

    def run(self, notebook: Path, out: Path, parameters: Mapping[str, object], environment: Mapping[str, str],
            deadline: float, on_cell: Callable[..., None]) -> Mapping:  # fmt: skip
        """Run a notebook by papermill on a kernel of its own; return the notebook as it ran.

        ``out`` is where it is kept as far as it ran where it fails, ``environment`` are variables of this kernel alone,
        ``deadline`` are seconds, and ``on_cell`` is called with each ``cell`` that begins and its ``cell_index``. Raises
        what papermill and nbclient raise: PapermillExecutionError, DeadKernelError; TimeoutError after the deadline.
        """
        import papermill

        for fork in (True, False):
            with self._kernel(environment, deadline, fork) as kernel:
                try:
                    return papermill.execute_notebook(
                        notebook, out, dict(parameters), km=kernel, kernel_name="python3", language="python",
                        progress_bar=False, iopub_timeout=60, on_cell_start=on_cell,
                        request_save_on_cell_execute=False,  # or a quarter of what a page costs here is its being written
                        on_notebook_start=lambda notebook: setattr(kernel, "ready", notebook),
                    )  # fmt: skip
                except Exception:
                    if kernel.ready:
                        papermill.iorw.write_ipynb(kernel.ready, str(out))
                    if kernel.late:
                        raise TimeoutError(f"took longer than {deadline:g} s and was stopped") from None
                    if kernel.ready or self.stopped or not fork:
                        raise
        raise AssertionError("a fresh kernel returned or raised")

    @contextlib.contextmanager
    def _kernel(self, environment: Mapping[str, str], deadline: float, fork: bool) -> Iterator[_Kernel]:
        kernel = _Kernel()
        with tempfile.TemporaryDirectory(dir=self._scratch.name, ignore_cleanup_errors=True) as own:
            file, _ = write_connection_file(f"{own}/kernel.json", transport="ipc", ip=f"{own}/k")
            variables = {**environment, "IPYTHONDIR": own, "TMPDIR": own}  # no start-up files of the user's play a part
            forked = self._fork(file, variables) if fork else None
            fresh = None if forked else self._start(_FRESH, file, **variables)
            kernel.pid, kernel.lives = forked or fresh.pid, lambda: fresh.poll() is None if fresh else _lives(forked)
            self._pids.add(kernel.pid)
            timer = threading.Timer(deadline, kernel.stop)
            timer.start()
            try:
                kernel.load_connection_file(file)
                yield kernel
            finally:
                timer.cancel()
                _kill(kernel.pid)
                self._pids.discard(kernel.pid)
                if kernel.channels:
                    kernel.channels.stop_channels()
                kernel.context.destroy(linger=0)
                ensure_event_loop().close()  # this thread's: nbclient leaves it open
                if fresh:
                    fresh.communicate()

    def _fork(self, file: str, environment: dict[str, str]) -> int | None:
        with self._lock, contextlib.suppress(OSError, ValueError, AttributeError):  # no server, or one that was killed
            self._server.stdin.write(json.dumps({"file": file, "environment": environment}) + "\n")
            self._server.stdin.flush()
            return int(self._server.stdout.readline())

    def _start(self, code: str, *arguments: str, **environment: str) -> subprocess.Popen:
        import analysis

        path = os.pathsep.join(filter(None, (str(Path(analysis.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        given = {**os.environ, **FIXED, "ANALYSIS_HOME": str(self._folder), "PYTHONPATH": path,
                 "TMPDIR": self._scratch.name, **environment}  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-P", "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, text=True, env=given, cwd=self._folder, start_new_session=True,
        )  # fmt: skip


def _lives(pid: int) -> bool:
    try:
        return os.kill(pid, 0) is None
    except ProcessLookupError:
        return False


def _kill(pid: int) -> None:
    """End a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
