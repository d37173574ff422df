"""A long-lived process that makes one report after the other.

It is started by `analysis.publish.pool`, takes tasks from a connection and answers each with what became
of it. It imports the heavy libraries once. When its parent dies, however that comes, it dies too.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path


def main(connection_fd: int, lifeline_fd: int) -> None:
    """Serve tasks until the parent closes the connection.

    Args:
        connection_fd: the worker's end of a two-way connection.
        lifeline_fd: the reading end of a pipe that nobody writes to; it ends with the parent.
    """
    threading.Thread(target=_die_with_parent, args=(lifeline_fd,), daemon=True).start()
    connection = Connection(connection_fd)
    _warm_up()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        with _logged(task["log"]):
            answer = make(task, lambda cell: connection.send(("cell", cell)))
        connection.send(("done", answer))


def make(task: dict, tell: Callable[[int], None]) -> dict:
    """Execute, render, scan and write one report.

    Args:
        task: what `analysis.publish.run` planned.
        tell: called with the number of each code cell before it runs.

    Returns:
        ``status`` (``built``, ``skipped``, ``failed``) and, for each, what the record or the error needs.
        The page is left in its part file: the parent renames it when it writes the record.
    """
    started = time.perf_counter()
    print(f"{task['dataset']}/{task['report']}: {task['provenance']['notebook']} {task['parameters']}", flush=True)
    try:
        answer = _make(task, tell)
    except Exception as error:
        traceback.print_exc()
        answer = {"status": "failed", "error": f"{type(error).__name__}: {first_line(error)}"}
    seconds = time.perf_counter() - started
    print(f"{answer['status']} after {seconds:.2f} s", flush=True)
    return {**answer, "seconds": seconds}


def first_line(error: BaseException) -> str:
    """What an exception says, on one line of readable length."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")
    return said if len(said) <= 300 else f"{said[:297]}..."


def _make(task: dict, tell: Callable[[int], None]) -> dict:
    from analysis.publish import gate, html, outputs, provenance

    notebook, failure = _execute(task, tell)
    if failure and failure["kind"] != "SkipReport":
        return {
            "status": "failed",
            "cell": failure["cell"],
            "error": failure["error"],
            "half_run": notebook is not None,
        }
    versions = provenance.versions()
    rendered = html.render(notebook, {**task["provenance"], "versions": versions})
    if failure or rendered.skipped:
        return {"status": "skipped", "reason": rendered.skipped or failure["said"], "title": rendered.title,
                "versions": versions}  # fmt: skip
    record = {"title": rendered.title, "main_point": rendered.main_point, "results": rendered.results}
    leaks = _leaks(rendered, outputs.to_json(record), task.get("raw_values"))
    if leaks:
        return {"status": "failed", "error": f"holds what may not be published: {leaks[0]} ({len(leaks)} found)"}
    if faults := gate.faults(rendered.html):
        return {"status": "failed", "error": f"the page is not accessible: {faults[0]} ({len(faults)} found)"}
    page = outputs.part_of(Path(task["page"]))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(rendered.html, encoding="utf-8")
    code = provenance.text_hash(f"{task['drawing']} matplotlib {versions['matplotlib']}")
    figures = None
    if task["redraw"] is not None:
        figures = outputs.save_figures(Path(task["figures"]), task["report"], rendered.figures, code, task["redraw"])
    return {**record, "shown": rendered.shown, "status": "built", "page_sha256": provenance.file_hash(page), "figures": figures,
            "versions": versions}  # fmt: skip


def _execute(task: dict, tell: Callable[[int], None]) -> tuple[dict, dict | None]:
    """The executed notebook, and where and why it stopped if it did."""
    import nbformat
    import papermill

    from analysis.publish import engine

    failure, half = {}, []
    os.environ["ANALYSIS_PNG"] = str(int(task["png"]))  # both are read by `analysis.publish.page`
    os.environ["ANALYSIS_FIGURES"] = str(int(task["redraw"] is not None))

    def on_error(cell: int, error: BaseException, notebook: nbformat.NotebookNode) -> None:
        kind = type(error).__name__
        failure.update(cell=cell, kind=kind, said=first_line(error), error=f"{kind}: {first_line(error)}")
        half.append(notebook)
        print("".join(traceback.format_exception(error)), flush=True)

    def on_cell(cell: int) -> None:
        print(f"cell {cell}", flush=True)
        tell(cell)

    try:
        notebook = papermill.execute_notebook(
            nbformat.read(task["notebook"], 4), None, task["parameters"], engine.register(), kernel_name="python3",
            language="python", progress_bar=False, cell_deadline=task["cell_deadline"], on_cell=on_cell,
            on_error=on_error,
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        if not failure:  # an error was shown and the cell went on, such as in a value's own repr
            said = first_line(ValueError(error.evalue))
            failure.update(cell=error.exec_count, kind=error.ename, said=said, error=f"{error.ename}: {said}")
        notebook = half[0] if half else None
    if failure and notebook is not None and failure["kind"] != "SkipReport":
        nbformat.write(notebook, task["half_run"])
    return notebook, failure or None


def _leaks(rendered: object, record: str, folder: str | None) -> list[str]:
    from analysis.publish.leaks import scan
    from analysis.publish.raw_values import RawValues

    raw = RawValues(Path(folder)) if folder else ()
    texts = {"page": rendered.html, "results": record}
    for figure in rendered.figures:
        texts.update({f"figure {figure['name']}, {kind}": figure[kind] for kind in ("svg", "csv", "alt")})
    return [f"{place}: {finding}" for place, text in texts.items() for finding in scan(text, raw)]


def _warm_up() -> None:
    # JupyterLab's environment has this package, and it adds a second to the import of nbformat.
    sys.modules["rfc3987_syntax"] = None
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import pandas as pd  # noqa: F401

    from analysis.publish import engine, html  # noqa: F401

    mpl.rcdefaults()  # a user's own matplotlibrc must not change a page
    plt.switch_backend("agg")
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def _logged(log: str):
    """Send both streams, those of libraries and processes included, to a report's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        yield
    finally:
        os.close(file)


def _die_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)  # the worker leads a group: processes that a cell started go too
