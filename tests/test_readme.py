"""The README's worked example is run as it stands, and gives the numbers that the README states."""

import re
from pathlib import Path

import pytest

import analysis
from analysis.claims.read import read_claims
from analysis.cli import main
from analysis.data.errors import InputError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def county(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "county"
    folder.mkdir(parents=True)
    for name, language in (("releases.csv", "csv"), ("arrests.csv", "csv"), ("dataset.toml", "toml")):
        block = re.search(rf"`[^`]*{re.escape(name)}`[^`]*?```{language}\n(.*?)```", README, re.DOTALL)
        (folder / name).write_text(block[1], encoding="utf-8")
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    return folder


def test_the_map_is_ten_lines_or_fewer(county):
    assert len((county / "dataset.toml").read_text(encoding="utf-8").splitlines()) <= 10


def test_the_example_gives_what_the_readme_says(county):
    ds = analysis.open_dataset("county")
    releases = ds.quality[ds.quality["table"] == "releases"]
    assert releases["rows_in"].sum() == 4
    assert releases.set_index("reason")["kept"]["kept"] == 3
    assert releases[releases["set_aside"] > 0]["column"].tolist() == ["released"]
    cohort = analysis.cohort(ds)
    assert len(cohort) == 3
    assert cohort.frame.query("event.notna()")["days"].tolist() == [56]
    assert cohort.left_out["rearrest on the day of origin"] == 1
    window = analysis.short_window(cohort, days=105).set_index("estimand")
    assert (window.loc["events over people", "numerator"], window.loc["events over people", "denominator"]) == (1, 3)


def test_check_says_what_would_be_kept(county, capsys):
    assert main(["check", "--dataset", "county"]) == 0
    said = capsys.readouterr().out
    assert "4 rows in = 3 kept + 1 set aside" in said
    assert "row 5, found 'unknown'" in said


def test_the_python_example_runs(monkeypatch):
    code = re.search(r"```python\n(import analysis\n.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("ANALYSIS_HOME", raising=False)
    names = {}
    exec(code, names)
    survival = analysis.at(names["km"], [12, 36])
    assert set(survival["workprg"]) == {"no", "yes"}
    assert survival["survival"].between(0, 1).all()


def test_each_command_of_the_readme_is_a_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_an_unknown_dataset_is_named_with_the_nearest(county):
    with pytest.raises(InputError, match="Did you mean 'county'"):
        analysis.open_dataset("countee")


def test_every_published_sentence_leads_to_where_it_is_examined(site):
    section = README.partition("## Published sentences")[2].partition("\n## ")[0]
    links = re.findall(r"\]\((reports/[\w/]+\.html)#([\w-]+)\)", section)
    claims = read_claims(ROOT / "data" / "raw" / "published")
    for _, claim in claims.iterrows():
        [line] = [line for line in section.splitlines() if line.startswith(f"| {claim['statement']} |")]
        assert f"#claim-{claim['claim_id']})" in line
        assert claim["claimant"] in line
    assert len(links) > len(claims)
    for page, anchor in links:
        assert f'id="{anchor}"' in (site / page).read_text(encoding="utf-8"), f"{page}#{anchor}"
