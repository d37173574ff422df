"""A build makes whole pages, in parallel, once; what fails is named and takes nobody with it."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from analysis.report import build as building

PARAMETERS = """
days: int = 105  # length of the window
county: str = "06"  # FIPS code
report: str = "short"  # name of the report
"""
PAGE = """
from analysis.publish.page import Page
page = Page(report=report, title="Re-arrest", dataset="demo", kind="synthetic", disclosure="public",
            source="Made up", answers="What share?")
"""
CONTENT = """
import pandas as pd
from analysis.publish.page import figures, plain
page.points(["In {days} days, {k} people."], days=plain(days), k=40)
page.text("County {county}.", county=county)
frame = pd.DataFrame({"label": ["a", "b"], "numerator": [40, 20], "denominator": [440, 100]})
page.figure(figures.shares(frame, name="by_group"), title="Two groups", note="Of all people.")
page.table(frame, caption="Groups")
page.result("days", plain(days))
page.result("share", 1 / 3)
print("not " + "published")
"""
NOTEBOOKS = {
    "good": (PARAMETERS, PAGE, CONTENT),
    "wrong": (PARAMETERS, PAGE, "raise ValueError('no column sex;\\nsecond line')"),
    "killed": (PARAMETERS, PAGE, "import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"),
    "asleep": (PARAMETERS, "import time\ntime.sleep(60)"),
    "absent": (PARAMETERS, PAGE, 'page.skip("This dataset has no dates of release.")', "1 / 0"),
    "empty": (PARAMETERS, "1"),
    "exits": (PARAMETERS, "import os\nos._exit(3)"),
    "leaky": (PARAMETERS, PAGE, 'page.text("File A012345678 of the agency.")'),
}  # fmt: skip


def project(root, *names):
    (root / "notebooks").mkdir(parents=True)
    for name in names:
        cells = [nbformat.v4.new_markdown_cell(f"# {name}")]
        cells += [nbformat.v4.new_code_cell(source.strip()) for source in NOTEBOOKS[name]]
        cells[1].metadata["tags"] = ["parameters"]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), root / "notebooks" / f"{name}.ipynb")
    (root / "requirements.lock").write_text("pandas==3\n")
    return root


def job(root, name, report=None, inputs=None, **parameters):
    report = report or name
    parameters = {"report": report, **parameters}
    return building.Job(report, "demo", root / "notebooks" / f"{name}.ipynb", parameters, inputs or {"a.csv": "1"},
                   root / "reports" / "demo" / report, "make report")  # fmt: skip


def build(root, *jobs, **options):
    said = io.StringIO()
    outcomes = building.build(jobs, root=root, stream=said, **options)
    return outcomes, said.getvalue()


def files(root):
    """All outputs by path."""
    found = (path for folder in ("reports", "figures") for path in (root / folder).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module", autouse=True)
def still_source(tmp_path_factory):
    """The package's source as far as plans are concerned: a file that only these tests change."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "source.py").write_text("1")
    before, building.PACKAGE = building.PACKAGE, folder
    yield folder / "source.py"
    building.PACKAGE = before


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """One build of everything that can happen; many tests look at it."""
    root = project(tmp_path_factory.mktemp("mixed"), *NOTEBOOKS)
    stale = root / "reports" / "demo"
    stale.mkdir(parents=True)
    for name in ("wrong", "absent"):
        (stale / f"{name}.html").write_text("yesterday's")
        (stale / f"{name}.json").write_text("{}")
    outcomes, said = build(root, *(job(root, name) for name in NOTEBOOKS if name != "asleep"))
    stopped, more = build(root, job(root, "asleep"), deadline=5)
    return root, {outcome.report: outcome for outcome in [*outcomes, *stopped]}, said + more


def test_outcomes_are_in_the_order_of_the_jobs(mixed):
    assert list(mixed[1]) == [*(name for name in NOTEBOOKS if name != "asleep"), "asleep"]


def test_a_report_may_take_as_long_as_its_tables_are_large(tmp_path):
    root = project(tmp_path, "asleep")
    [outcome], _ = build(root, replace(job(root, "asleep"), size=100_000_000), deadline=1)
    assert "took longer than 5 s and was stopped" in outcome.message


def test_others_finish_when_reports_fail(mixed):
    statuses = {name: outcome.status for name, outcome in mixed[1].items()}
    assert statuses == {"good": "built", "wrong": "failed", "killed": "failed", "asleep": "failed", "absent": "skipped",
                        "empty": "failed", "leaky": "failed", "exits": "failed"}  # fmt: skip
    assert mixed[1]["killed"].seconds < 60  # of sleep: a dead kernel is seen long before its cell could end


def test_page_results_and_figures_are_written(mixed):
    root, outcomes, _ = mixed
    page = outcomes["good"].page.read_text()
    record = json.loads((root / "reports/demo/good.json").read_text())
    assert "Two groups" in page
    assert "not published" not in page
    assert record["results"] == {"days": 105, "share": 0.333333}
    assert record["provenance"]["command"] == "make report"
    assert (outcomes["good"].title, outcomes["good"].main_point) == (record["title"], record["main_point"])
    assert {path.suffix for path in (root / "figures/demo").glob("good-by_group.*")} == {
        ".svg",
        ".png",
        ".csv",
        ".txt",
    }


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("wrong", "code cell 3: ValueError (notebook as far as it ran: build/half-run/demo/wrong.ipynb)"),
        ("killed", "code cell 4: its kernel was ended (out of memory?) "
                   "(notebook as far as it ran: build/half-run/demo/killed.ipynb)"),
        ("asleep", "code cell 2: took longer than 5 s and was stopped "
                   "(notebook as far as it ran: build/half-run/demo/asleep.ipynb)"),
        ("exits", "code cell 2: its kernel was ended (out of memory?) "
                  "(notebook as far as it ran: build/half-run/demo/exits.ipynb)"),
        ("empty", "RenderError "
                  "(notebook as far as it ran: build/half-run/demo/empty.ipynb)"),
        ("absent", "This dataset has no dates of release."),
    ],
)  # fmt: skip
def test_one_line_says_what_happened(mixed, name, line):
    _, outcomes, said = mixed
    assert outcomes[name].message == line
    assert f"demo/{name} {outcomes[name].status}: {line}" in said
    assert "no column sex" in said  # to the terminal alone: it may quote the data
    assert "no column sex" not in str([outcome.message for outcome in outcomes.values()])


def test_page_that_holds_an_identifier_is_not_published(mixed):
    assert mixed[1]["leaky"].message.startswith("holds what may not be published: page: an A-number")
    assert "012345678" not in mixed[2]


def test_a_failed_report_leaves_its_notebook_as_far_as_it_ran_and_others_leave_none(mixed):
    folder = mixed[0] / "build/half-run/demo"
    half = nbformat.read(folder / "wrong.ipynb", 4)
    errors = [output for cell in half.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert "no column sex" in errors[0].evalue
    assert not (folder / "good.ipynb").exists()
    assert not (folder / "absent.ipynb").exists()
    assert (mixed[0] / "build").stat().st_mode & 0o077 == 0  # outputs of restricted data are for nobody else


@pytest.mark.parametrize("name", ["wrong", "killed", "asleep", "empty", "leaky", "exits", "absent"])
def test_no_page_of_yesterday_is_left(mixed, name):
    root, outcomes, _ = mixed
    assert outcomes[name].page is None
    assert not (root / f"reports/demo/{name}.html").exists()
    assert (root / f"reports/demo/{name}.json").exists() == (name == "absent")


def test_nothing_half_written_is_left(mixed):
    assert not list(mixed[0].rglob(".*.part"))


@pytest.fixture
def unstarted(monkeypatch):
    """Fail when a kernel would be started."""
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: pytest.fail("a kernel was started"))


@pytest.mark.usefixtures("unstarted")
def test_what_is_up_to_date_is_not_made_again(mixed):
    root, outcomes, _ = mixed
    before = files(root)
    again, said = build(root, job(root, "good"), job(root, "absent"))
    assert [outcome.status for outcome in again] == ["up to date", "skipped"]
    assert again[0].main_point == outcomes["good"].main_point
    assert again[1].message == outcomes["absent"].message
    assert said == "2 up to date, 1 of them without a page for a reason\n"
    assert files(root) == before


@pytest.mark.usefixtures("unstarted")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"dys": 30}, "no parameter 'dys'; did you mean 'days'?"), ({"county": 6037}, "takes str, found 6037")],
)
def test_parameters_that_do_not_fit_fail_before_anything_runs(tmp_path, parameters, message):
    root = project(tmp_path, "good")
    [outcome], _ = build(root, job(root, "good", **parameters))
    assert outcome.status == "failed"
    assert message in outcome.message


@pytest.mark.usefixtures("unstarted")
def test_missing_or_broken_notebook_is_one_line(tmp_path):
    root = project(tmp_path)
    (root / "notebooks" / "broken.ipynb").write_text("{")
    outcomes, _ = build(root, job(root, "nowhere"), job(root, "broken"))
    assert [outcome.message for outcome in outcomes] == [
        "notebooks/nowhere.ipynb: no such notebook",
        "notebooks/broken.ipynb: not a notebook; expected nbformat 4 JSON",
    ]


def test_jobs_that_share_a_page_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a page of its own"):
        build(tmp_path, job(tmp_path, "good"), job(tmp_path, "good"))


def statuses(root, *jobs, **options):
    return [outcome.status for outcome in build(root, *jobs, **options)[0]]


def test_any_change_builds_again_and_other_folders_give_the_same_bytes(tmp_path, still_source):
    first, second = (project(tmp_path / name, "good") for name in ("one", "an other/place"))
    one, two = job(first, "good", county="06037"), job(first, "good", "good30", days=30)
    assert statuses(first, one, two) == ["built", "built"]
    there = [job(second, "good", "good30", days=30), job(second, "good", county="06037")]
    assert statuses(second, *there, workers=1) == ["built", "built"]
    assert files(first) == files(second)
    made = files(first)
    assert json.loads(made["reports/demo/good30.json"])["results"]["days"] == 30
    assert b"06037" in made["reports/demo/good.html"]

    assert statuses(first, one, two, figures=True) == ["built", "built"]
    assert files(first) == made
    one.page.write_text("edited")
    two.record.write_text(two.record.read_text().replace("30", "31"))
    assert statuses(first, one, two) == ["built", "built"]
    (first / "figures/demo/good-by_group.svg").write_text("edited")
    assert statuses(first, one, two) == ["built", "up to date"]
    assert files(first) == made
    still_source.write_text("2")
    assert statuses(first, two) == ["built"]


CTRL_C = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
sys.path.insert(0, {tests!r})
import test_build
root = pathlib.Path(sys.argv[1])
test_build.building.build([test_build.job(root, "asleep")], root=root)
"""


def start(root):
    code = CTRL_C.format(tests=str(Path(__file__).parent))
    environment = {**os.environ, "TMPDIR": str(root)}  # what a killed build leaves there goes with the test
    return subprocess.Popen([sys.executable, "-c", code, root], env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_kernel(root):
    until = time.monotonic() + 60
    while len(workers_of(root)) < 2:
        assert time.monotonic() < until, "the report never began"
        time.sleep(0.05)


def workers_of(root):
    """Processes whose folder is the project's: the server and its kernels."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").resolve() == root.resolve():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_kernels_end_with_the_build(tmp_path, how):
    root = project(tmp_path, "asleep", "good")
    process = start(root)
    wait_for_kernel(root)
    assert workers_of(root)
    process.send_signal(how)
    _, said = process.communicate(timeout=20)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert said.splitlines() == (
        ["stopped with 1 of 1 reports to be made; the next call goes on from here"] if how == signal.SIGINT else []
    )
    until = time.monotonic() + 10
    while workers_of(root):
        assert time.monotonic() < until, "a kernel outlived its build"
        time.sleep(0.05)
    assert not list((root / "reports/demo").glob("*.html"))


def test_build_after_a_killed_one_completes_it(tmp_path):
    root = project(tmp_path, "good")
    left = [root / "reports/demo/.good.html.part", root / "figures/demo/.good-by_group.svg.part"]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_text("half")
    (root / "reports/demo/good.html").write_text("whole, without a record")
    assert statuses(root, job(root, "good"), figures=None, png=False) == ["built"]
    assert not any(path.exists() for path in left)
    assert list((root / "figures/demo").iterdir()) == []
    assert statuses(root, job(root, "good"), figures=None) == ["up to date"]
    assert statuses(root, job(root, "good")) == ["built"]
    assert (root / "figures/demo/good-by_group.png").exists()


def test_second_build_in_a_folder_waits_and_says_so(tmp_path):
    import fcntl

    root = project(tmp_path)
    (root / "build").mkdir()
    holder = os.open(root / "build" / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    said = io.StringIO()
    thread = threading.Thread(target=building.build, args=([],), kwargs={"root": root, "stream": said})
    thread.start()
    until = time.monotonic() + 10
    while not said.getvalue() and time.monotonic() < until:
        time.sleep(0.01)
    assert said.getvalue() == "another build is running in this folder; this one starts when it has ended\n"
    assert thread.is_alive()
    os.close(holder)
    thread.join(10)
    assert not thread.is_alive()


def test_a_terminal_shows_what_runs_and_clears_it():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    progress = building._Progress(Terminal())
    progress.begin(2, [])
    progress.cell(building.Job("a", "demo", Path("a.ipynb"), {}, {}, Path("a")), 3)
    progress.end(building.Outcome("a", "demo", "built", seconds=1.25))
    assert progress._stream.getvalue() == "\r\x1b[K[0/2] demo/a (cell 3)\r\x1b[K[1/2] demo/a built in 1.2 s\n"


MEDDLER = """
import os, random, sys, warnings, numpy, pandas, matplotlib, seaborn
import analysis.publish.numbers
matplotlib.rcParams["font.size"] = 30
pandas.set_option("display.precision", 1)
pandas.set_option("display.max_rows", 3)
os.environ["TZ"], os.environ["ANALYSIS_PNG"] = "Asia/Tokyo", "0"
os.chdir("/")
random.seed(1), numpy.random.seed(1), numpy.random.random(5)
warnings.simplefilter("ignore")
analysis.publish.numbers.DIGITS = 2
sys.path.insert(0, "/nowhere")
seaborn.set_theme()
"""
SENSITIVE = """
import os, random, warnings, numpy
random_numbers = [random.random(), float(numpy.random.random())]
with warnings.catch_warnings(record=True) as caught:
    warnings.warn("seen")
page.text("{a} {b} {c} {d} {e}", a=str(random_numbers), b=os.environ["TZ"], c=os.path.basename(os.getcwd()),
          d=str(len(caught)), e=repr(pd.Series([1 / 3])))
page.result("third", 1 / 3)
"""


@pytest.mark.thorough
def test_no_order_and_no_number_of_workers_changes_a_byte(tmp_path):
    NOTEBOOKS["meddler"] = (PARAMETERS, PAGE, MEDDLER, CONTENT)
    NOTEBOOKS["sensitive"] = (
        PARAMETERS,
        PAGE,
        CONTENT.replace("by_group", "by_sex"),
        SENSITIVE.replace('"third"', '"x"'),
    )
    root = project(tmp_path / "p", "meddler", "sensitive", "good")
    made = []
    for order in itertools.permutations(("meddler", "sensitive", "good")):
        for workers in (1, 2):
            jobs = [replace(job(root, name), size=size) for size, name in enumerate(order)]
            outcomes, said = build(root, *jobs, workers=workers, figures=True)
            assert {outcome.status for outcome in outcomes} == {"built"}, said
            made.append(files(root))
    assert all(each == made[0] for each in made)


def test_a_skip_ends_well_under_papermill_and_nbconvert_and_a_later_report_heeds_errors_again(tmp_path):
    root = project(tmp_path, "absent")
    notebook = nbformat.read(root / "notebooks" / "absent.ipynb", 4)
    python, path = sys.executable, {**os.environ, "IPYTHONDIR": str(tmp_path)}
    for command in (["-m", "papermill", "absent.ipynb", "out.ipynb"],
                    ["-m", "nbconvert", "--execute", "--to", "html", "absent.ipynb"]):  # fmt: skip
        done = subprocess.run(
            [python, *command], cwd=root / "notebooks", env=path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "This dataset has no dates of release." in (root / "notebooks" / "absent.html").read_text()
    notebook.cells += [nbformat.v4.new_code_cell(source.strip()) for source in (PAGE, "1 / 0")]
    nbformat.write(notebook, root / "notebooks" / "absent.ipynb")
    again = subprocess.run([python, "-m", "papermill", "absent.ipynb", "out.ipynb"], cwd=root / "notebooks", env=path,
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert again.returncode == 1
    assert "ZeroDivisionError" in again.stderr
