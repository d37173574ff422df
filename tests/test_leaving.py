"""Nothing that names a person leaves: planted in titles, sources, file names, errors and cells, it is in no file of the site."""

import io
import re
import shutil
from pathlib import Path

import pytest

import analysis
from analysis.cli import main
from tests.test_cli import notebook

DATE, PHONE, NUMBER, NAME = "05/06/1980", "213-555-0123", "A012345678", "Ada Quillfeather"
PLANTED = (DATE, PHONE, NUMBER, NAME, "Quillfeather, Ada", "dob 1980-05-06")
TOML = """title = "{title}"
kind = "real"
disclosure = "public"
source = "{source}"
follow_up = 100
[[files]]
table = "follow_up"
path = "{file}"
sensitive = ["First", "Last"]
[files.columns]
days = "Days"
event = {{ from = "Again", values = {{ yes = "rearrest", no = "" }} }}
group = "Group"
"""
PAGE = """
import analysis
from analysis.publish.page import Page
ds = analysis.open_dataset(dataset)
page = Page(report="x", title=f"About {ds.title}", dataset=ds.name, kind=ds.kind, disclosure=ds.disclosure, source=ds.source, answers="What?")
"""
SHOWN = """
people = ds.frame("follow_up")
page.points(["{n} people."], n=len(people))
page.table(people.groupby("group").size().rename("count").reset_index(), caption="Groups")
page.measured("By hand.")
page.limits("All of them.")
"""
WHERE = {  # what is planted, and where
    "plain": {},
    "title": {"title": f"Case of a person (born {DATE})"},
    "source": {"source": f"the sheriff, tel {PHONE}"},
    "named": {"title": f"Case of {NAME}"},
    "file": {"file": "rows dob 1980-05-06.csv"},
    "cell": {"group": '"Quillfeather, Ada"'},
    "unread": {"days": NUMBER},
}


def left(root):
    """Every file that leaves as text, by path."""
    files = [path for folder in ("reports", "figures") for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_text() for path in files if path.suffix != ".png"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("leaving")
    (root / "notebooks").mkdir()
    (root / "requirements.lock").touch()
    notebook(root, "01_page", PAGE + SHOWN)
    notebook(root, "02_skips", PAGE + 'page.skip("There are no releases.")')
    notebook(root, "03_fails", f"raise ValueError('could not read {NAME}, {NUMBER}, born {DATE}')")
    for name, planted in WHERE.items():
        given = {"title": "Tiny", "source": "made by hand", "file": "tiny.csv", "group": "a", "days": "10", **planted}
        folder = root / "data" / "raw" / name
        folder.mkdir(parents=True)
        folder.joinpath("dataset.toml").write_text(TOML.format(**given))
        rows = "".join(
            f"{given['days']},{'yes' if i % 3 else 'no'},{given['group']},Bo,Marrowby\n" for i in range(1, 12)
        )
        folder.joinpath(given["file"]).write_text(
            f"Days,Again,Group,First,Last\n{given['days']},no,b,Ada,Quillfeather\n{rows}"
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        yield root


@pytest.fixture(scope="module")
def said(root):
    """What the build of all of them says."""
    with pytest.MonkeyPatch.context() as patch:
        lines = io.StringIO()
        patch.setattr("sys.stderr", lines)
        assert main(["report", "--datasets", " ".join(WHERE)]) == 1
    return lines.getvalue().splitlines()


def test_what_is_planted_leaves_nowhere_and_no_message_repeats_it(root, said):
    files = left(root)
    assert [(name, word) for name, text in files.items() for word in PLANTED if word in text] == []
    assert {"reports/plain/page.html", "reports/plain/skips.json", "reports/index.html"} <= files.keys()
    assert not {f"reports/{name}/page.html" for name in WHERE if name != "plain"} & files.keys()
    assert {line.split()[1] for line in said if "holds what may not be published" in line} == {
        "title/page", "title/skips", "source/page", "named/page", "named/skips", "file/page", "file/skips", "cell/page",
    }  # fmt: skip
    told = [line for line in said if "/fails failed" not in line and not line.startswith("analysis: unread")]
    assert [word for line in told for word in PLANTED if word in line] == []


def test_the_index_gives_the_kind_of_an_error_and_the_terminal_its_words(root, said):
    index = left(root)["reports/index.html"]
    assert index.count("code cell 2: ValueError") == len(WHERE) - 1
    assert sum(NUMBER in line for line in said) == len(WHERE)
    assert "not built: make check DATASET=unread says why" in index
    assert index.count("withheld: it holds a") == 3  # the titles and the source, each in its place


def test_all_is_said_and_written_in_one_place():
    source = Path(analysis.__file__).parent
    texts = {path.relative_to(source).as_posix(): path.read_text() for path in source.rglob("*.py")}
    assert {name for name, text in texts.items() if re.search(r"^ *print\(", text, re.MULTILINE)} == {
        "data/errors.py", "publish/page.py", "report/kernels.py",  # the last two: words of their own
    }  # fmt: skip
    writes = {name for name, text in texts.items() if "write_text(" in text or "write_bytes(" in text}
    assert {name for name in writes if not name.startswith("data/")} == {"publish/outputs.py"}


@pytest.mark.usefixtures("said")
def test_a_title_edited_since_is_looked_through_when_another_dataset_is_built(root):
    shutil.copytree(root / "data/raw/plain", root / "data/raw/edited")
    assert main(["report", "--datasets", "edited"]) == 1
    file = root / "data/raw/edited/dataset.toml"
    file.write_text(file.read_text().replace("Tiny", NAME))
    assert main(["report", "--datasets", "plain"]) == 1
    index = left(root)["reports/index.html"]
    assert NAME not in index
    assert index.count("withheld: it holds a raw value") == 1


@pytest.mark.usefixtures("said")
def test_a_sweep_is_looked_through_too(root, capfd):
    sweep = root / "sweep.toml"
    sweep.write_text(f'title = "About {NAME}"\nnotebook = "01_page"\ndataset = "plain"\n[vary]\nn = [1]\n')
    notebook(root, "01_page", PAGE + SHOWN)
    file = root / "notebooks" / "01_page.ipynb"
    file.write_text(file.read_text().replace("# a name", "# a name\\nn: int = 1  # any"))
    assert main(["sweep", "--file", str(sweep)]) == 2
    told = capfd.readouterr().err
    assert told.endswith(
        "holds what may not be published: sweep.toml, its title, places or parameters: a raw value (1 found)\n"
    )
    assert NAME not in told
    assert [name for name, text in left(root).items() if NAME in text] == []
