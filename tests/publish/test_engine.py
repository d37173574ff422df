"""The in-process engine gives what a kernel gives, and leaves the process as it found it."""

import builtins
import gc
import logging
import os
import re
import sys
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
from nbconvert.filters import strip_ansi
from papermill.exceptions import PapermillExecutionError

from analysis.publish import engine

CELLS = [
    "# Text\nThat no engine runs.",
    "print('one')\nprint('two', end='')",
    "import sys\nprint('to standard error', file=sys.stderr)",
    "import pandas as pd\nframe = pd.DataFrame({'n': [1, 2], 'share': [0.25, None]}, index=['a', 'b'])\nframe",
    "frame.n.sum();",
    "x = 1\nx + 1\n_ + 1 if False else x",
    "from IPython.display import HTML, Markdown, clear_output, display\ndisplay(HTML('<b>bold</b>'), Markdown('*it*'))",
    "display({'text/html': '<i>a</i>', 'application/vnd.analysis+json': {'n': [1, (2, 3)]}}, raw=True)",
    "class Both:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/plain': 'both', 'text/html': '<p>both</p>'}, {'text/html': {'isolated': True}}\nBoth()",
    "handle = display('first', display_id='slot')",
    "handle.update('second')\nprint('after')",
    "print('gone')\nclear_output()\nprint('kept')",
    "print('gone')\nclear_output(wait=True)\ndisplay('kept')",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(1, 1))\n_ = ax.plot([0, 1], [0, 1])",
    "display(plt.figure(figsize=(1, 1)))\nplt.close()\nprint('drawn')",
    "import warnings\nwarnings.warn('careful')",
    "!echo from a process",
    "%%capture caught\nprint('hidden')",
    "print(caught.stdout, __name__, sys.modules['__main__'].x)",
    "await __import__('asyncio').sleep(0, 'awaited')",
    "",
    "def deep(n):\n    return deep(n - 1) if n else {}['missing']\ndeep(2)",
    "print('never reached')",
]


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def run(nb, **options):
    """Execute a notebook in this process and hand it back, run as far as it came, with its error."""
    kept = {}
    options["on_error"] = lambda number, error, half: kept.update(number=number, error=error, half=half)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # pytest makes errors of them, and keeps them to itself
            warnings.showwarning = lambda *said: sys.stderr.write(warnings.formatwarning(*said[:4]))
            nb = papermill.execute_notebook(nb, None, engine_name=engine.register(), progress_bar=False, **options)
    except PapermillExecutionError as error:
        kept["raised"], nb = error, kept["half"]
    return nb, kept


def outputs(nb):
    """The outputs of each cell, with the pieces of a stream joined: a kernel splits them by the clock."""
    found = []
    for cell in nb.cells:
        if "papermill-error-cell-tag" in cell.metadata.get("tags", []):
            continue
        joined = []
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
                joined[-1]["text"] += output.text
            else:
                joined.append(dict(output))
            if output.output_type == "error":  # its colours differ from shell to shell
                joined[-1]["traceback"] = [strip_ansi(line) for line in output.traceback]
            if output.output_type == "stream":  # a warning names the temporary file of the cell
                joined[-1]["text"] = re.sub(r"\S+:(\d+): UserWarning", r"cell:\1: UserWarning", joined[-1]["text"])
        found.append((cell.get("execution_count"), joined))
    return found


def test_outputs_equal_those_of_a_kernel(tmp_path):
    nb = notebook(*CELLS[1:])
    nb.cells.insert(0, nbformat.v4.new_markdown_cell(CELLS[0], id="text"))
    path = tmp_path / "kernel.ipynb"
    warnings.simplefilter("ignore")  # the kernel manager's own; pytest puts its filters back
    with pytest.raises(PapermillExecutionError) as kernel_error:
        papermill.execute_notebook(nbformat.from_dict(nb), str(path), progress_bar=False, cwd=tmp_path)
    kernel = nbformat.read(path, 4)
    ours, kept = run(nb)
    for cell, expected, found in zip(nb.cells, outputs(kernel), outputs(ours), strict=True):
        assert found == expected, cell.source
    assert str(kept["raised"]) == str(kernel_error.value)
    nbformat.validate(ours)


def stream(nb, cell):
    return "".join(output.text for output in nb.cells[cell].outputs if output.output_type == "stream")


def test_parameters_are_injected_and_take_no_number():
    nb = notebook("county = '01001'  # str: FIPS code", "print(county)")
    nb.cells[0].metadata["tags"] = ["parameters"]
    done, _ = run(nb, parameters={"county": "06037"})
    assert [cell.execution_count for cell in done.cells] == [1, None, 2]
    assert stream(done, 2) == "06037\n"


def test_failed_cell_is_numbered_as_in_the_source_and_stops_the_run():
    nb = notebook("county = '01001'", "1 / 0", "print('never')")
    nb.cells[0].metadata["tags"] = ["parameters"]
    half, kept = run(nb, parameters={"county": "06037"})
    assert (kept["number"], type(kept["error"])) == (2, ZeroDivisionError)
    assert half.cells[-1].outputs == []


def test_unknown_magic_stops_the_run():
    _, kept = run(notebook("%no_such_magic", "1"))
    assert kept["number"] == 1
    assert "raised" in kept


def test_cell_past_its_deadline_is_stopped_although_it_catches_exceptions():
    looping = "import time\nwhile True:\n    try:\n        time.sleep(30)\n    except Exception:\n        pass"
    half, kept = run(notebook(looping), cell_deadline=0.2)
    assert isinstance(kept["error"], engine.CellDeadline)
    assert half.cells[-1].outputs[-1].evalue == "the cell ran longer than 0.2 s"


def test_skip_execution_tag_is_honoured():
    nb = notebook("print('no')", "print('yes')")
    nb.cells[0].metadata["tags"] = ["skip-execution"]
    done, _ = run(nb)
    assert (done.cells[0].outputs, stream(done, 1)) == ([], "yes\n")


MEDDLING = """
import logging, os, random, sys, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd
left_over = 1
os.environ["LEFT_OVER"] = "1"
os.environ.pop("PATH")
os.chdir("/")
sys.path.insert(0, "/nowhere")
sys.argv.append("left over")
warnings.simplefilter("error")
logging.getLogger().setLevel(1)
logging.getLogger().addHandler(logging.StreamHandler())
mpl.rcParams["lines.linewidth"] = 99
pd.set_option("display.max_rows", 3)
np.set_printoptions(precision=1)
np.seterr(all="raise")
%config InlineBackend.figure_formats = ['svg']
get_ipython().display_formatter.formatters["text/html"].for_type(int, lambda n: "<b>int</b>")
plt.figure()
"""


def process_state():
    root = logging.getLogger()
    return {
        "main": sys.modules["__main__"],
        "streams": (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": (list(sys.path), list(sys.argv)),
        "warnings": list(warnings.filters),
        "logging": (root.level, list(root.handlers)),
        "style": {key: value for key, value in dict.items(mpl.rcParams) if key != "backend"},
        "pandas": pd.get_option("display.max_rows"),
        "numpy": (np.geterr(), np.get_printoptions()["precision"]),
        "backend": mpl.get_backend().lower(),
        "figures": plt.get_fignums(),
    }


def test_nothing_that_a_report_changes_reaches_the_next():
    before = process_state()
    _, kept = run(notebook(MEDDLING))
    assert "error" not in kept
    assert process_state() == before
    probe = "print('left_over' in globals(), 'LEFT_OVER' in __import__('os').environ)"
    done, _ = run(notebook(probe, "7", "import matplotlib.pyplot as plt\n_ = plt.subplots(figsize=(1, 1))"))
    assert stream(done, 0) == "False False\n"
    assert set(done.cells[1].outputs[0].data) == {"text/plain"}
    assert set(done.cells[2].outputs[0].data) == {"text/plain", "image/png"}


def test_every_report_draws_the_same_random_numbers():
    cell = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    first, second = (stream(run(notebook(cell))[0], 0) for _ in range(2))
    assert first == second


def test_a_warning_given_once_is_given_in_every_report():
    cell = "import warnings\nwarnings.simplefilter('default')\nimport statistics\nwarnings.warn('careful')"
    assert all("careful" in stream(run(notebook(cell))[0], 0) for _ in range(2))


def test_a_finished_report_is_freed():
    cell = "class Held:\n    pass\nheld = Held()\nimport weakref, builtins\nbuiltins.watched = weakref.ref(held)"
    run(notebook(cell))
    gc.collect()
    assert builtins.watched() is None
    del builtins.watched
