"""A papermill engine that runs a notebook inside this process, with the outputs that a kernel would give.

Starting a kernel costs more than most reports. Here each notebook gets a new IPython shell and a clean
process state, and its cells run one after the other until one fails. Only the project's own runner
registers the engine; papermill from the shell uses a kernel as ever.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbformat import NotebookNode, from_dict
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines

from analysis.publish.shell import fresh_shell

NAME = "in-process"
LANGUAGE = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py", "pygments_lexer": "ipython3"}


class CellDeadline(BaseException):
    """A cell ran longer than it may; not an Exception, so that no cell's own handler swallows it."""


class InProcessEngine(Engine):
    """Runs the code cells of a notebook in this process until one fails.

    Options, given to `papermill.execute_notebook` after ``engine_name``:
        cell_deadline: seconds that one cell may run.
        on_cell: called with the number of each code cell before it runs, counted from 1 as in the
            notebook's source.
        on_error: called with the number of the code cell that failed, its exception and the notebook as far
            as it ran, which papermill does not hand back.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        cell_deadline: float | None = None,
        on_cell: Callable[[int], None] = lambda number: None,
        on_error: Callable[[int, BaseException, NotebookNode], None] = lambda number, error, notebook: None,
        **_: object,
    ) -> None:
        """Run the notebook that a manager holds; papermill calls this."""
        nb_man.nb.metadata.setdefault("language_info", from_dict(LANGUAGE))
        with fresh_shell() as shell:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                error = None
                if _is_run(cell):
                    number = shell.execution_count
                    on_cell(number)
                    with _stop_after(cell_deadline):
                        error = shell.run(cell)
                if error is not None:
                    nb_man.cell_exception(cell, index)
                    on_error(number, error, nb_man.nb)
                nb_man.cell_complete(cell, index)
                if error is not None:
                    break


def register() -> str:
    """Make the engine known to papermill, under the name that is returned."""
    papermill_engines.register(NAME, InProcessEngine)
    return NAME


def _is_run(cell: NotebookNode) -> bool:
    skipped = "skip-execution" in cell.metadata.get("tags", [])  # nbclient's tag
    return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped


@contextmanager
def _stop_after(seconds: float | None) -> Iterator[None]:
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise CellDeadline(f"the cell ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
