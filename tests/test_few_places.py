"""The report on rules where an effect cannot be estimated: it says what cannot be had and why, and the rest is built."""

import csv
import json
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

PLACES, PEOPLE, FIRST, LAST = [f"80{1 + 2 * i:03d}" for i in range(12)], 40, date(2021, 1, 1), date(2024, 6, 30)
SPEC = """
title = "Look-alike: {name}"
kind = "synthetic"
disclosure = "public"
source = "Made by a test."
area = "the look-alike places"
data_end = {{ arrests = 2024-12-31, exits = 2024-12-31, detainers = 2024-06-30, lag_days = 0 }}
[[files]]
table = "detainers"
path = "detainers.csv"
[files.columns]
detainer_id = "id"
person_id = "person"
prepared = "prepared"
jurisdiction = "place"
operator = {{ value = "local" }}
outcome = "outcome"
criminality = "criminality"
sex = "sex"
birth_year = "born"
[[files]]
table = "arrests"
path = "arrests.csv"
[files.columns]
person_id = "person"
arrested = "day"
[[files]]
table = "exits"
path = "exits.csv"
[files.columns]
person_id = "person"
date = "day"
kind = "kind"
"""
RULE = "jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,practice_disagrees\n"
LIMITS = (
    "Place {code},county,80,{code},{start},,limits,law,no_detention_on_detainer_alone,made,high,yes,made by a test,\n"
)

# each kind: the places with a rule and its first day, what is done to people, and what the page must say of it
KINDS = {
    "no-rule": (0, "2022-04-01", None, r"these records hold only: no rule listed"),
    "one-place": (1, "2022-04-01", None, r"Only 1 cluster with limits"),
    "one-place-without": (11, "2000-01-01", None, r"Only 1 cluster with none"),
    "every-place": (12, "2000-01-01", None, r"these records hold only: rules that limit detainers"),
    "before-the-data": (6, "2000-01-01", None, r"Detainers lodged</strong> cannot be estimated: no place adopts within the data"),
    "separated": (6, "2000-01-01", "separated", r"the covariates tell the groups apart completely"),
    "empty-stratum": (6, "2000-01-01", "stratum", r"people without a counterpart are left out \(strata: criminality convicted\)"),
    "all-removed": (6, "2000-01-01", "removed", r"nobody had the event"),
}  # fmt: skip


def write(folder: Path, name: str, ruled: int, start: str, change: str | None) -> None:
    """A small dataset in which the first ``ruled`` places limit detainers from ``start`` on."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    detainers, arrests, exits = [], [], []
    for place in PLACES:
        limits = place in PLACES[:ruled]
        for _ in range(PEOPLE):
            person, prepared = (
                f"person-{len(detainers):05d}",
                FIRST + timedelta(days=int(rng.integers(0, (LAST - FIRST).days))),
            )
            held = rng.random() < (0.3 if limits else 0.7)
            criminality = ("convicted", "pending", "other")[int(rng.integers(0, 3))]
            born = int(rng.integers(1965, 2003))
            if change == "separated":
                born = 1970 if limits else 2000
            if change == "stratum" and limits and criminality == "convicted":
                criminality = "pending"
            detainers.append((person, person, prepared, place, "ice_custody" if held else "declined", criminality,
                              "male" if rng.random() < 0.8 else "female", born))  # fmt: skip
            if change == "removed":
                exits.append((person, prepared + timedelta(days=1), "removed"))
            elif held:
                exits.append((person, prepared + timedelta(days=2), "ice_custody"))
            elif rng.random() < 0.5:
                arrests.append((person, prepared + timedelta(days=int(rng.integers(5, 300)))))
    if change == "removed":  # the one arrest lies after the removal, so that nobody has it first
        arrests.append((detainers[0][0], detainers[0][2] + timedelta(days=50)))
    for file, head, rows in (
        ("detainers", "id,person,prepared,place,outcome,criminality,sex,born", detainers),
        ("arrests", "person,day", arrests), ("exits", "person,day,kind", exits),
    ):  # fmt: skip
        with (folder / f"{file}.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(head.split(","))
            writer.writerows(rows)
    (folder / "dataset.toml").write_text(SPEC.format(name=name), encoding="utf-8")
    rules = "".join(LIMITS.format(code=code, start=start) for code in PLACES[:ruled])
    (folder / "policies.csv").write_text(RULE + rules, encoding="utf-8")


@pytest.fixture(scope="module")
def reports(tmp_path_factory, project_copy) -> Path:
    """One build of the report on rules over all kinds of datasets."""
    from analysis.cli import main

    root = project_copy(tmp_path_factory.mktemp("few"))
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if not notebook.name.startswith("04"):
            notebook.unlink()
    for name, (ruled, start, change, _) in KINDS.items():
        write(root / "data" / "raw" / name, name, ruled, start, change)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert main(["report", "--datasets", " ".join(KINDS), "--jobs", "2"]) == 0
    return root / "reports"


@pytest.mark.parametrize("name", KINDS)
def test_the_page_says_what_cannot_be_estimated_and_is_whole(reports: Path, name: str) -> None:
    page = (reports / name / "sanctuary.html").read_text(encoding="utf-8")
    assert re.search(KINDS[name][3], page)
    assert "Strengths and limitations" in page
    assert not re.search(r"</h[23]>\s*(<details|<h[23]|</section)", page)  # a heading with nothing beneath it
    record = json.loads((reports / name / "sanctuary.json").read_text(encoding="utf-8"))
    assert record["main_point"]
    said = re.sub(r"<(style|script|pre).*?</\1>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\bnan\b", re.sub(r"<[^>]*>", " ", said))
