"""Files are whole or absent, and a figure is written again only when something about it changed."""

import json

import pytest

from analysis.publish import outputs

FIGURE = {"name": "curve", "svg": '<svg><path d="M 1.25 2.5"/><text>Days</text></svg>', "csv": "days,share\n1,0.5\n",
          "alt": "A curve.", "png": b"\x89PNG"}  # fmt: skip


def save(folder, *figures, report="short_window", code="c", redraw=False):
    entries = outputs.save_figures(folder, report, figures or [FIGURE], code, redraw)
    outputs.record_figures(folder, report, entries)
    return entries


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_write_replaces_a_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a" / "x.txt"
    outputs.write(path, "one")
    digest = outputs.write(path, "zwei, drei: ü")
    assert path.read_bytes() == "zwei, drei: ü".encode()
    assert list(path.parent.iterdir()) == [path]
    assert len(digest) == 64


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    outputs.write(path, "old")

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        outputs.write(path, "new")
    assert contents(tmp_path) == {"x.txt": b"old"}


def test_parts_of_a_killed_build_are_removed(tmp_path):
    outputs.part_of(tmp_path / "x.html").write_text("half")
    (tmp_path / "y.html").write_text("whole")
    outputs.remove_parts([tmp_path, tmp_path / "absent"])
    assert list(contents(tmp_path)) == ["y.html"]


def test_json_does_not_depend_on_the_order_of_keys():
    assert outputs.to_json({"b": 1, "a": [None, "é"]}) == outputs.to_json({"a": [None, "é"], "b": 1})
    with pytest.raises(ValueError, match="nan"):
        outputs.to_json({"a": float("nan")})


def test_figure_is_four_files_and_an_entry(tmp_path):
    save(tmp_path)
    found = contents(tmp_path)
    entry = json.loads(found.pop("figures.json"))["curve"]
    assert found == {"curve.svg": FIGURE["svg"].encode(), "curve.csv": b"days,share\n1,0.5\n",
                     "curve.txt": b"A curve.\n", "curve.png": b"\x89PNG"}  # fmt: skip
    assert entry["report"] == "short_window"
    assert set(entry["files"]) == set(found)


def test_last_digits_of_a_path_are_not_worth_a_new_file(tmp_path):
    save(tmp_path)
    before = contents(tmp_path)
    save(tmp_path, {**FIGURE, "svg": FIGURE["svg"].replace("1.25 2.5", "1.3 2"), "png": b"\x89PNG other"})
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({"csv": "days,share\n1,0.6\n"}, {}),
        ({"svg": FIGURE["svg"].replace("Days", "Months")}, {}),
        ({"alt": "Another curve."}, {}),
        ({}, {"code": "d"}),
        ({}, {"redraw": True}),
    ],
)
def test_a_change_writes_the_whole_figure(tmp_path, change, options):
    save(tmp_path)
    after = {**FIGURE, "png": b"\x89PNG other", **change}
    save(tmp_path, after, **options)
    found = contents(tmp_path)
    assert (found["curve.svg"], found["curve.png"]) == (after["svg"].encode(), after["png"])
    assert found["curve.txt"] == f"{after['alt']}\n".encode()


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_text("edited")])
def test_missing_or_edited_file_is_written_again(tmp_path, harm):
    entries = save(tmp_path)
    assert outputs.is_intact(tmp_path, entries["curve"])
    harm(tmp_path / "curve.svg")
    assert not outputs.is_intact(tmp_path, entries["curve"])
    save(tmp_path)
    assert (tmp_path / "curve.svg").read_text() == FIGURE["svg"]


def test_changed_figure_without_a_png_keeps_no_stale_png(tmp_path):
    save(tmp_path)
    save(tmp_path, {**FIGURE, "png": None, "csv": "days,share\n2,0.5\n"})
    assert "curve.png" not in contents(tmp_path)
    assert outputs.is_intact(tmp_path, outputs.read_figures(tmp_path)["curve"])


def test_png_is_added_when_it_was_left_out_before(tmp_path):
    save(tmp_path, {**FIGURE, "png": None})
    save(tmp_path)
    assert contents(tmp_path)["curve.png"] == FIGURE["png"]


def test_figures_that_a_report_no_longer_has_are_removed(tmp_path):
    save(tmp_path, FIGURE, {**FIGURE, "name": "bars"})
    save(tmp_path, {**FIGURE, "name": "other"}, report="long_term")
    save(tmp_path)
    assert {path.split(".")[0] for path in contents(tmp_path)} == {"curve", "other", "figures"}


@pytest.mark.parametrize("name", ["../curve", "a/b", "", "Curve", ".hidden", "a b"])
def test_a_figure_name_can_not_leave_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="figure name"):
        save(tmp_path, {**FIGURE, "name": name})


def test_a_figure_name_belongs_to_one_report(tmp_path):
    save(tmp_path)
    with pytest.raises(ValueError, match="used by the report 'short_window' too"):
        save(tmp_path, report="long_term")
    with pytest.raises(ValueError, match="once in a report"):
        save(tmp_path, FIGURE, FIGURE)
