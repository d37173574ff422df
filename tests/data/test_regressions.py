"""What fuzzing and heavy files have found, each as the smallest file that shows it."""

import gzip
import io
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from analysis import open_dataset
from analysis.cli import main
from analysis.data import read, state
from analysis.data.errors import LONGEST, InputError
from analysis.data.sources import check_unchanged, locate
from analysis.sanctuary.plan import read_plan
from analysis.sanctuary.rules import read_rule

HEAD = 'title = "T"\nkind = "real"\nsource = "s"\ndata_end = { arrests = 2020-12-31 }\n[[files]]\ntable = "arrests"\n'
COLUMNS = '[files.columns]\nperson_id = "id"\narrested = "on"\n'
GOOD = b"id,on\n1,2020-01-01\n2,2020-01-02\n"
ROWS = [(0, 0, "id"), (0, 1, "on"), (1, 0, "1"), (1, 1, "2020-01-01")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    monkeypatch.delenv("ANALYSIS_DOWNLOADS", raising=False)
    made = tmp_path / "data" / "raw" / "test"
    made.mkdir(parents=True)
    return made


def build(folder, name, content, more="", columns=""):
    (folder / "dataset.toml").write_text(f'{HEAD}path = "{name}"\n{more}{COLUMNS}{columns}')
    (folder / name).write_bytes(content)
    return open_dataset("test")


def workbook(cells):
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("A")
        for row, column, *value in cells:
            (sheet.write_formula if len(value) > 1 else sheet.write)(row, column, *value)
    return held.getvalue()


@pytest.mark.parametrize("corner", [(1_048_575, 16_383), (20_000, 16_383), (1_048_575, 700)])
def test_a_cell_in_the_last_corner_of_a_sheet_does_not_fill_the_memory(folder, corner):
    with pytest.raises(InputError, match=f"reaches to row {corner[0] + 1:,} and column {corner[1] + 1:,}"):
        build(folder, "a.xlsx", workbook([*ROWS, (*corner, "x")]))


def test_a_wide_sheet_that_is_filled_is_read(folder):
    wide = [(row, column, f"h{column}" if row == 0 else "v") for row in range(3) for column in range(2, 2_000)]
    assert len(build(folder, "a.xlsx", workbook([*ROWS, *wide])).frame("arrests")) == 1


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.xlsx"])
def test_a_file_that_unpacks_to_far_more_than_it_is(folder, monkeypatch, name):
    monkeypatch.setattr(read, "LARGE", 1_000_000)
    content, held = GOOD + b"\n" * 5_000_000, io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv" if name == "a.zip" else "xl/worksheets/sheet1.xml", content)
    with pytest.raises(InputError, match="bytes unpack to more than"):
        build(folder, name, gzip.compress(content) if name.endswith(".gz") else held.getvalue())


@pytest.mark.parametrize(
    "odd", [pa.array([None, None], pa.float16()), pa.array([10**12, None], pa.duration("s"))], ids=str
)
def test_typed_columns_that_the_query_engine_does_not_know(folder, odd):
    held = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", ""], "on": ["2020-01-01", "2020-01-02"], "k": odd}), held)
    quality = build(folder, "a.parquet", held.getvalue()).quality  # the second row is set aside, with all its values
    assert (quality["rows_in"].sum(), quality["kept"].sum()) == (2, 1)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(2)])
def test_bytes_that_are_no_text(folder, kind):
    held = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "on": ["2020-01-01"], "k": pa.array([b"\xff\x00"], kind)}), held)
    ds = build(folder, "a.parquet", held.getvalue(), 'keep = ["k"]\n')
    assert list(ds.frame("arrests")["k"].astype("str")) == ["ff00"]


def test_text_in_parquet_that_is_not_utf_8(folder):
    held = io.BytesIO()
    pd.DataFrame({"id": ["1", "2"], "on": ["2020-01-01", "2020-01-02"]}).to_parquet(held)
    with pytest.raises(InputError, match=r"a\.parquet: not a readable Parquet file"):
        build(folder, "a.parquet", held.getvalue().replace(b"2020-01-02", b"2020-01-\xff2"))


def test_a_file_that_is_replaced_while_it_is_read(folder):
    build(folder, "a.csv", GOOD)
    spec, _ = state.find_spec("test")
    files = locate(spec)
    check_unchanged(spec, files)
    (folder / "new").write_bytes(GOOD)
    (folder / "new").replace(folder / "a.csv")
    with pytest.raises(InputError, match="changed while it was read"):
        check_unchanged(spec, files)


def test_a_link_out_of_the_folder_needs_leave(folder, tmp_path):
    (tmp_path / "outside.csv").write_bytes(GOOD)
    (folder / "a.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(InputError, match="leaves the dataset's folder"):
        build(folder, "a.csv", GOOD)
    assert len(build(folder, "a.csv", GOOD, "allow_outside = true\n").frame("arrests")) == 2


def test_formulas_and_links_of_a_workbook_are_inert(folder, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *args: pytest.fail("something was fetched"))
    fetch, outside = '=WEBSERVICE("http://127.0.0.1:9/x")', "='[http://127.0.0.1:9/b.xlsx]S'!A1"
    cells = [*ROWS, (0, 2, "charge"), (1, 2, fetch, None, "stored"), (2, 0, outside, None, "2"), (2, 1, "2020-01-02")]
    ds = build(folder, "a.xlsx", workbook([*cells, (2, 2, "http://127.0.0.1:9/y")]), columns='charge = "charge"\n')
    assert list(ds.frame("arrests")["charge"].astype("str")) == ["stored", "http://127.0.0.1:9/y"]


@pytest.mark.parametrize(
    "content", [b"written = 2020-01-01\nnote = '\xe6'\n", b"question = [1]\nwritten = 2020-01-01\n"]
)
def test_plans_that_are_no_plans(tmp_path, content):
    (tmp_path / "plan.toml").write_bytes(content)
    with pytest.raises(InputError, match=r"plan\.toml: "):
        read_plan(tmp_path / "plan.toml")


@pytest.mark.parametrize(
    "line", ["counted_from = { a = 1 }", "exceptions = [1]", "groups = [[1]]", "look_back_years = nan"]
)
def test_rules_that_are_no_rules(tmp_path, line):
    good = {name: f"{name} = '{name}'" for name in ("title", "instrument")}
    text = {**good, "basis": "basis = 'conviction'", "groups": "groups = []", line.split()[0]: line}
    (tmp_path / "rule.toml").write_text("\n".join(text.values()))
    with pytest.raises(InputError, match=r"rule\.toml"):
        read_rule(tmp_path / "rule.toml")


def test_a_message_is_one_line_that_moves_no_cursor():
    said = str(InputError("a.csv: '\x1b[2J\n\u202e" + "x" * 5000 + "' expected 'y'. Do this."))
    assert said.startswith(r"a.csv: '\u001b[2J\u000a\u202e")
    assert said.endswith("Do this.")
    assert len(said) <= LONGEST + 10
    assert said.isprintable()


def test_a_check_prints_nothing_that_moves_a_cursor(folder, capsys):
    marks = "\x1b]0;title\x07\u202e\x9b2J"
    build(folder, "a.csv", f'id,on,"h{marks}"\n1,2020-01-01,x\n2,"soon{marks}",\n'.encode())
    assert main(["check", "--dataset", "test"]) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).replace("\n", "").isprintable()
    assert said.out.count(r"\u001b]0;title\u0007\u202e\u009b2J") == 2


def test_the_set_aside_rows_of_a_build_are_whole(folder):
    build(folder, "a.csv", GOOD + b"3,soon\n")
    aside = pd.read_parquet(folder.parents[1] / "private" / "test" / "set_aside.parquet")
    assert list(aside["source_row"]) == [4]
