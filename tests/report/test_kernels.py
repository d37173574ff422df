"""A kernel a page: clean, closed again, and gone when it should be."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbclient.exceptions
import nbformat
import papermill
import pytest

from analysis.report.kernels import Kernels

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")


def notebook(folder, *sources):
    path = folder / f"{abs(hash(sources))}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def kernels(folder):
    with Kernels(folder, folder / "log") as found:
        yield found


def run(kernels, path, name="out", deadline=60.0, on_cell=lambda cell, cell_index: None):
    return kernels.run(path, path.with_name(f"{name}.ipynb"), {}, {}, deadline, on_cell)


def printed(executed):
    return "".join(output["text"] for cell in executed["cells"] for output in cell["outputs"])


def alive(pid):
    return Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until(happened, seconds=10):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_pages_share_nothing_and_begin_alike(kernels, folder):
    draws = "import os, random, numpy\nprint(random.random(), numpy.random.random(), hash('a'), os.umask(0o022), os.environ['TZ'])"
    first = printed(run(kernels, notebook(folder, draws, "import analysis; analysis.mark = 1")))
    second = printed(run(kernels, notebook(folder, draws, "import analysis; print(hasattr(analysis, 'mark'))")))
    assert second == first + "False\n"


def test_the_server_has_one_thread(kernels, folder):
    run(kernels, notebook(folder, "1"))
    names = [(task / "comm").read_text().strip() for task in Path(f"/proc/{kernels._server.pid}/task").iterdir()]
    assert (
        len([name for name in names if not name.startswith("jemalloc")]) == 1
    )  # jemalloc starts its own anew in a fork


@pytest.mark.thorough
def test_150_pages_leave_the_number_of_open_files_where_it_was(kernels, folder):
    path = notebook(folder, "1")

    def many(number):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda i: run(kernels, path, f"out{i % 2}-{number}"), range(number)))
        return len(os.listdir("/proc/self/fd"))

    assert many(146) <= many(4)


def test_a_killed_kernel_is_named_within_seconds_and_the_next_page_runs(kernels, folder):
    began = time.monotonic()
    with pytest.raises(nbclient.exceptions.DeadKernelError):
        run(kernels, notebook(folder, "import os, time\nos.kill(os.getpid(), 9)\ntime.sleep(600)"))
    assert time.monotonic() - began < 60
    assert printed(run(kernels, notebook(folder, "print(6 * 7)"))) == "42\n"


def test_a_kernel_past_its_deadline_is_killed_with_what_it_started(kernels, folder):
    code = "import signal, subprocess, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += "child = subprocess.Popen(['sleep', '600'])\nprint(child.pid, flush=True)\ntime.sleep(600)"
    out = folder / "late.ipynb"
    with pytest.raises(TimeoutError, match="longer than 8 s"):
        kernels.run(notebook(folder, code), out, {}, {}, 8.0, lambda cell, cell_index: None)
    child = int(printed(nbformat.read(out, 4)))
    wait_until(lambda: not alive(child))


def test_a_failed_cell_raises_what_papermill_raises(kernels, folder):
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        run(kernels, notebook(folder, "1 / 0"))


def test_no_kernel_outlives_a_killed_server_and_pages_get_fresh_ones(kernels, folder):
    pids = []

    def kill_server(cell, cell_index):
        wait_until(lambda: kernels._pids)
        pids.extend(kernels._pids)
        os.kill(kernels._server.pid, signal.SIGKILL)

    with pytest.raises(nbclient.exceptions.DeadKernelError):
        run(kernels, notebook(folder, "import time; time.sleep(600)"), on_cell=kill_server)
    assert pids
    wait_until(lambda: not any(alive(pid) for pid in pids))
    fresh = printed(run(kernels, notebook(folder, "import random; print(random.random())"), "fresh"))
    with Kernels(folder, folder / "log") as others:
        assert fresh == printed(run(others, notebook(folder, "import random; print(random.random())"), "forked"))
