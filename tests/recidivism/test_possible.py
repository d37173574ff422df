"""The follow-ups that a dataset allows are those from which a cohort can be made."""

import pytest

import analysis
from analysis.recidivism.durations import possible, severities, why_none

HEAD = 'title = "Test"\nkind = "synthetic"\nsource = "made for a test"\ndata_end = { arrests = 2020-12-31, detainers = 2020-12-31 }\n'
BLOCKS = {
    "detainers": ("person_id = 'id'\nprepared = 'day'\nreleased = 'out'\n", "id,day,out\n{id},2020-01-01,{out}\n"),
    "releases": ("person_id = 'id'\nreleased = 'day'\n", "id,day\na,2020-01-05\n"),
    "arrests": ("person_id = 'id'\narrested = 'day'\n", "id,day\na,2020-02-01\n"),
}


@pytest.mark.parametrize(
    ("tables", "who", "out", "expected"),
    [
        (("releases", "arrests"), "a", "", [("released", "rearrest")]),
        (("detainers",), "a", "", [("prepared", "repeat_detainer")]),
        (("detainers",), "", "", []),
        (("releases",), "a", "", []),
        (("detainers", "arrests"), "a", "", [("prepared", "rearrest"), ("prepared", "repeat_detainer")]),
        (("detainers", "arrests"), "a", "2020-01-06",
         [("released", "rearrest"), ("prepared", "rearrest"), ("prepared", "repeat_detainer")]),
    ],
)  # fmt: skip
def test_what_can_be_followed(tmp_path, monkeypatch, tables, who, out, expected):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "test"
    folder.mkdir(parents=True)
    toml = HEAD
    for table in tables:
        columns, rows = BLOCKS[table]
        (folder / f"{table}.csv").write_text(rows.format(id=who, out=out))
        toml += f'[[files]]\ntable = "{table}"\npath = "{table}.csv"\n[files.columns]\n{columns}'
    (folder / "dataset.toml").write_text(toml)
    ds = analysis.open_dataset("test")
    assert possible(ds) == expected
    assert bool(why_none(ds)) == (not expected)
    if not expected:
        assert ("no person identifier" if "detainers" in tables else "no arrests are linked") in why_none(ds)
    for origin, event in expected:
        assert len(analysis.cohort(ds, origin=origin, event=event)) == 1


@pytest.mark.parametrize(
    ("degrees", "words"),
    [
        ("FFMM", {"felony": ""}),
        ("FM--", {"felony": " (severity unknown for 50\u00a0% of arrests)"}),
        ("----", {}),
        (None, {}),
    ],
)
def test_re_arrests_are_restricted_to_a_severity_that_is_known(tmp_path, monkeypatch, degrees, words):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "test"
    folder.mkdir(parents=True)
    (folder / "releases.csv").write_text("id,day\na,2020-01-05\n")
    rows = [f"a,2020-02-0{i + 1},{degree.strip('-')}" for i, degree in enumerate(degrees or "----")]
    (folder / "arrests.csv").write_text("\n".join(["id,day,degree", *rows, ""]))
    severity = 'severity = { from = "degree", values = { F = "felony", M = "misdemeanor" } }\n' if degrees else ""
    toml = "".join(
        f'[[files]]\ntable = "{table}"\npath = "{table}.csv"\n[files.columns]\n{BLOCKS[table][0]}'
        for table in ("releases", "arrests")
    )
    (folder / "dataset.toml").write_text(HEAD + toml + severity)
    assert severities(analysis.open_dataset("test")) == words
