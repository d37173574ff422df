"""Ordinary data of a county: few people, no event, nobody to follow, columns that are not mapped. Each is a page or a skip that says why."""

import csv
import os
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis.claims import reader
from analysis.claims.asked import curves, why_no_curve
from analysis.data.errors import InputError
from analysis.recidivism.durations import possible, why_nobody, why_none, why_not_detained
from analysis.recidivism.windows import headline
from analysis.recidivism.yearly import share_at
from analysis.sanctuary.compare import compare
from analysis.sanctuary.policy import with_policy
from analysis.sanctuary.views_people import side_by_side

HEAD = 'title = "{name}"\nkind = "real"\nsource = "invented"\narea = "two counties"\ndisclosure = "{disclosure}"\n'
PEOPLE = {
    "person_id": '"PersonNo"', "released": '"ReleaseDate"', "jurisdiction": '"County"', "birth_year": '"Born"',
    "sex": '{ from = "Gender", values = { M = "male", F = "female" } }', "operator": '{ value = "local" }',
}  # fmt: skip
RULE = (
    "jurisdiction,level,state,county_fips,start,end,direction,basis,scope,instrument,confidence,source_seen,note,practice_disagrees\n"
    "One county,county,80,80001,2000-01-01,,limits,law,no_detention_on_detainer_alone,made,high,yes,made by a test,\n"
)


def write(
    root: Path, name: str, people: int, *, first: date = date(2021, 1, 1), days: int = 1000, rearrested: float = 0.4, door: float = 0.0,
    exits: bool = False, detainers: bool = False, without: tuple[str, ...] = (), disclosure: str = "public", ends: dict | None = None,
) -> None:  # fmt: skip
    """README's own county example, larger: people released over some ``days``, half of them in a place that limits detainers.

    A share ``rearrested`` has an arrest within 300 days, a share at the ``door`` is handed to ICE on the day of release.
    ``without`` names columns that are in no map.
    """
    folder = root / "data" / "raw" / name
    folder.mkdir(parents=True)
    rng = np.random.default_rng(11)
    rows: dict[str, list] = {"releases": [], "arrests": [], "exits": [], "detainers": []}
    for i in range(people):
        who, day, place = f"p{i:04d}", first + timedelta(days=int(rng.integers(0, days))), f"8000{1 + 2 * (i % 2)}"
        sex, born, fate = "MF"[i % 5 == 0], int(rng.integers(1960, 2003)), rng.random()
        rows["releases"].append((who, day, place, sex, born))
        rows["detainers"].append((f"d{i}", who, day - timedelta(days=1), place, "declined", sex, born))
        if fate < door:
            rows["exits"].append((who, day, "ice_custody"))
        elif fate < door + rearrested:
            rows["arrests"].append((who, day + timedelta(days=int(rng.integers(1, 300)))))
        elif i % 9 == 0 and not door:
            rows["exits"].append((who, day + timedelta(days=30), "ice_custody"))
    rows["arrests"] = rows["arrests"] or [
        (rows["releases"][0][0], first - timedelta(days=99))
    ]  # long before the release
    heads = {
        "releases": "PersonNo,ReleaseDate,County,Gender,Born", "arrests": "PersonNo,ArrestDate", "exits": "PersonNo,Day,Kind",
        "detainers": "Id,PersonNo,Prepared,County,Outcome,Gender,Born",
    }  # fmt: skip
    lodged = {"detainer_id": '"Id"', "prepared": '"Prepared"', "outcome": '"Outcome"'}
    maps = {
        "releases": {k: v for k, v in PEOPLE.items() if k not in without},
        "arrests": {"person_id": '"PersonNo"', "arrested": '"ArrestDate"'},
        "exits": {"person_id": '"PersonNo"', "date": '"Day"', "kind": '"Kind"'},
        "detainers": {k: v for k, v in {**lodged, **PEOPLE}.items() if k not in {"released", *without} - {"operator"}},
    }
    used = ["releases", "arrests", *["exits"] * exits, *["detainers"] * detainers]
    last = ends or dict.fromkeys((name for name in used if name != "releases"), "2024-12-31")
    toml = HEAD.format(name=name, disclosure=disclosure)
    toml += f"data_end = {{ {', '.join(f'{table} = {day}' for table, day in last.items())} }}\n"
    for table in used:
        columns = "".join(f"{name} = {rule}\n" for name, rule in maps[table].items())
        toml += f'[[files]]\ntable = "{table}"\npath = "{table}.csv"\n[files.columns]\n{columns}'
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, lineterminator="\n").writerows([heads[table].split(","), *rows[table]])
    (folder / "dataset.toml").write_text(toml, encoding="utf-8")
    (folder / "policies.csv").write_text(RULE, encoding="utf-8")


def write_weeks(root: Path) -> None:
    """Weeks to re-arrest, as experiments give them: durations, and no table of arrests."""
    folder = root / "data" / "raw" / "weeks"
    folder.mkdir(parents=True)
    rows = "".join(f"{i},{min(3 + i * 7 % 130, 52)},{int(3 + i * 7 % 130 <= 52)}\n" for i in range(200))
    (folder / "weeks.csv").write_text("id,week,arrest\n" + rows)
    (folder / "dataset.toml").write_text(
        HEAD.format(name="weeks", disclosure="public")
        + 'time_unit = "week"\nfollow_up = 52\none_row_per = "person"\n[[files]]\ntable = "follow_up"\npath = "weeks.csv"\n[files.columns]\n'
        'person_id = "id"\ndays = "week"\nevent = { from = "arrest", values = { 1 = "rearrest", 0 = "" } }\n'
    )


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A project of its own, in which datasets can be opened."""
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def reports(tmp_path_factory, project_copy) -> Path:
    """The pages of three datasets that leave a curve, a comparison or a cause with nothing to show."""
    from analysis.cli import main

    root = project_copy(tmp_path_factory.mktemp("ordinary"))
    for notebook in (root / "notebooks").glob("*.ipynb"):
        if notebook.name[:2] not in ("02", "03", "04"):
            notebook.unlink()
    unmapped = ("operator", "birth_year")
    write(root, "free", 43, rearrested=0, exits=True, detainers=True, without=unmapped)
    write(root, "door", 300, door=0.3, exits=True, disclosure="restricted")
    write_weeks(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYSIS_HOME", str(root))
        assert (
            main(["report", "--datasets", "free door weeks", "--jobs", "2"]) == 0
        )  # 1 where a page failed; of "door" the release rule withholds one
    return root / "reports"


def said(page: Path) -> str:
    """The words of a page, without its code."""
    text = re.sub(r"<(style|script|pre|svg).*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("free/short_window", r"0 of 43 .{0,300}0\.0 %, .* 0\.0 to 8\.2\)"),  # Wilson's of 0 in 43
        ("free/long_term", r"By the end of the first year 0\.0 % .* 0\.0 to 9\.2\)"),  # of the 38 at risk
        (
            "free/sanctuary",
            r"any re-arrest .{0,40}is not described: everyone is left out \(not at a facility run by: local\)",
        ),
        ("weeks/long_term", r"These records give the time to one event for each person"),
    ],
)
def test_a_page_says_what_there_is(reports, page, expected):
    words = said(reports / f"{page}.html")
    assert re.search(expected, words)
    assert not re.search(r"\bnan\b", words)


def test_doubled_headers_are_let_in_where_nobody_names_them(home):
    folder = home / "data" / "raw" / "twice"
    write(home, "twice", 5)
    text = (folder / "releases.csv").read_text().splitlines()
    lines = [f"{text[0]},Note,Note,Note (2)", *(f"{line},one,two,three" for line in text[1:])]
    (folder / "releases.csv").write_text("\n".join(lines) + "\n")
    toml = (folder / "dataset.toml").read_text()
    block = 'path = "releases.csv"\n'
    (folder / "dataset.toml").write_text(toml.replace(block, block + 'keep = ["Note (2)", "Note (3)"]\n'))
    frame = analysis.open_dataset("twice").frame("releases")
    # a header that the file itself has keeps its name, so the second "Note" is the third of that name
    assert (frame["Note (2)"].unique().tolist(), frame["Note (3)"].unique().tolist()) == (["three"], ["two"])
    for key in ("keep", "sensitive"):
        (folder / "dataset.toml").write_text(toml.replace(block, f'{block}{key} = ["Note"]\n'))
        with pytest.raises(InputError, match="'Note' appears twice"):
            analysis.open_dataset("twice")


BROWARD = (
    HEAD.format(name="Broward", disclosure="public")
    + """data_end = { arrests = 2016-04-01 }
[[files]]
table = "releases"
path = "compas-scores.csv"
allow_outside = true
sensitive = ["name", "first", "last", "dob"]
[files.columns]
person_id = "id"
booked = "c_jail_in"
released = "c_jail_out"
"""
)
ALSO = '[[files.also]]\ntable = "{}"\n[files.also.columns]\nperson_id = "id"\n'
LATER = ALSO.format("releases") + 'booked = "r_jail_in"\nreleased = "r_jail_out"\n'
OFFENCES = "".join(ALSO.format("arrests") + f'arrested = "{name}_offense_date"\n' for name in ("r", "vr"))


@pytest.mark.parametrize(
    ("toml", "events", "people"),
    [
        (BROWARD + LATER + OFFENCES, 1010, 10589),
        (BROWARD.replace('booked = "c_jail_in"\n', "") + OFFENCES, 1012, 10576),
    ],
)
def test_broward_as_published(home, toml, events, people):
    file = Path(os.environ.get("ANALYSIS_DOWNLOADS") or "none") / "compas-scores.csv"
    if not file.is_file():
        pytest.skip("compas-scores.csv is not in the folder that ANALYSIS_DOWNLOADS names")
    folder = home / "data" / "raw" / "broward"
    folder.mkdir(parents=True)
    (folder / file.name).symlink_to(file)
    (folder / "dataset.toml").write_text(toml)
    try:
        frame = analysis.cohort(analysis.open_dataset("broward")).frame
    finally:
        shutil.rmtree(home / "data" / "private", ignore_errors=True)  # the file holds names
    assert (int(((frame["event"] == "rearrest") & (frame["days"] <= 105)).sum()), len(frame)) == (events, people)


def test_nobody_to_follow_has_its_reason(home):
    write(home, "early", 20, ends={"arrests": "2000-01-01"})
    ds = analysis.open_dataset("early")
    followed = analysis.cohort(ds)
    assert len(followed) == 0
    assert "origin after the data end. Follow-up ends on 2000-01-01" in why_nobody(followed)
    assert "Fewer than 10 events" in why_no_curve(ds, curves(ds, 105)[1])


def test_a_missing_data_end_is_the_reason(home):
    write(home, "open", 20, exits=True, detainers=True, ends={"arrests": "2024-12-31", "detainers": "2024-12-31"})
    ds = analysis.open_dataset("open")
    assert possible(ds) == []
    for why in (why_none(ds), why_not_detained(ds), why_no_curve(ds, curves(ds, 105)[1])):
        assert "data_end has no date for exits" in why


def test_arrests_beside_detainers_without_identifiers(home):
    write(home, "apart", 20, detainers=True)
    spec = home / "data" / "raw" / "apart" / "dataset.toml"
    head, lodged = spec.read_text().split('table = "detainers"')
    spec.write_text(head + 'table = "detainers"' + lodged.replace('person_id = "PersonNo"\n', ""))
    why = why_not_detained(analysis.open_dataset("apart"))
    assert "no person identifier" in why
    assert "no arrests" not in why


@pytest.mark.parametrize("rearrested", [0, 1])
def test_the_headline_where_no_curve_has_an_interval(home, rearrested):
    write(home, "one", 1, rearrested=rearrested, first=date(2021, 1, 1), days=1)
    line = headline(analysis.short_window(analysis.cohort(analysis.open_dataset("one")), days=300))
    assert (line["estimand"], line["numerator"], line["denominator"]) == ("complete follow-up", rearrested, 1)
    z = 1.959964
    assert [line["lower"], line["upper"]] == pytest.approx(
        [rearrested / (1 + z**2), (rearrested + z**2) / (1 + z**2)], rel=1e-5
    )


def test_a_share_read_off_a_curve():
    frame = pd.DataFrame({"days": [10, 20, 20, 30, 40], "event": ["a", "a", None, None, None]})
    for curve in (
        analysis.kaplan_meier(analysis.life_table(frame), "a"),
        analysis.cumulative_incidence(analysis.life_table(frame), "a"),
    ):
        none = analysis.proportion(0, 5)
        assert share_at(curve, 5) == (none.estimate, none.lower, none.upper, 0, 5)
        assert (share_at(curve, 20)[0], *share_at(curve, 20)[3:]) == (pytest.approx(1 - 4 / 5 * 3 / 4), 2, 4)
        assert np.isnan(share_at(curve, 41)[0])
        assert share_at(curve.iloc[:0], 20)[3:] == (0, 0)  # a curve that the release rule withholds


def test_windows_past_the_last_person_are_not_given(home):
    write(home, "short", 200, first=date(2024, 6, 8), days=1)
    ds = analysis.open_dataset("short")
    found = reader.rows(ds, [30, 180, 365])
    assert set(found["time"]) == {30, 180}
    followed = analysis.cohort(ds)
    everyone = found[(found["group"] == "everyone") & (found["time"] == 180)]
    assert set(everyone["numerator"]) == {
        int(((followed.frame["event"] == "rearrest") & (followed.frame["days"] <= 180)).sum())
    }


def test_a_covariate_known_for_nobody_leaves_the_unadjusted_difference(home):
    write(home, "births", 120, detainers=True, without=("birth_year",))
    people = with_policy(analysis.cohort(analysis.open_dataset("births"), origin="prepared"))
    plain, asked = compare(people), compare(people, adjust=["age", "sex"])
    first = asked[asked["design"] == "unadjusted"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, plain[plain["design"] == "unadjusted"].reset_index(drop=True))
    rest = asked[asked["design"].str.contains("AIPW|standard|adjusted$") & (asked["design"] != "unadjusted")]
    absent = rest[~rest["design"].isin(["Cox, unadjusted"])]
    assert absent["estimate"].isna().all()
    assert absent["assumes"].str.contains(r"a covariate is missing for everyone in a group \(age\)").all()


def test_events_that_cannot_be_compared_have_no_row_and_a_reason(home):
    write(home, "parts", 120)
    people = with_policy(analysis.cohort(analysis.open_dataset("parts")), on="released")
    felony = with_policy(analysis.cohort(analysis.open_dataset("parts"), severity="felony"), on="released")
    rows = [
        compare(part, contrast=("limits", "none")).assign(event=name)
        for name, part in (("any", people), ("felony", felony))
    ]
    found = side_by_side(pd.concat(rows, ignore_index=True))
    assert found["event"].tolist() == ["any"]
    assert list(found.attrs["absent"]) == ["felony"]
