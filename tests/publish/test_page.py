"""What a notebook's calls leave in its outputs, and that none of it passes by the release rule."""

import base64
import json
import re
from urllib.parse import unquote

import pandas as pd
import pytest

from analysis.publish import figures, page
from analysis.publish.page import MIME, Page, ReleaseError, SkipReport, plain, share

FRAME = pd.DataFrame(
    {
        "label": ["a", "b"],
        "numerator": [40, 3],
        "denominator": [440, 47],
        "estimate": [40 / 440, 3 / 47],
        "lower": [0.06, 0.0219],
        "upper": [0.12, 0.1723],
    }
)


@pytest.fixture
def shown(monkeypatch):
    """The bundles that were displayed, in order."""
    bundles = []
    monkeypatch.setattr(page, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def make(kind="real", disclosure="public", **values):
    return Page("short_window", "Title", "nowhere", kind, disclosure, "a source", "What share?", **values)


def pieces(shown):
    return [bundle[MIME] for bundle in shown]


def test_every_call_shows_html_and_a_record_that_json_takes(shown):
    p = make()
    p.points(["{n} people, {p}."], n=440, p=share(40, 440))
    p.text("Of {n} people.", n=440)
    p.checks([("Units", "Mixed: {n}", False)], n=440)
    p.formula("kaplan-meier")
    p.figure(figures.dots(FRAME), "Finding {p}", "{n} people", n=440, p=share(40, 440))
    p.table(FRAME, "Table", percent=["estimate"])
    p.result("risk", share(40, 440))
    p.glossary("detainer", "interval")
    p.measured("So.")
    p.limits("- one")
    kinds = [piece["piece"] for piece in pieces(shown)]
    assert kinds == [
        "page",
        "points",
        "text",
        "text",
        "text",
        "figure",
        "table",
        "result",
        "glossary",
        "measured",
        "limits",
    ]
    for bundle in shown:
        assert bool(bundle.get("text/html")) == (
            bundle[MIME]["piece"] != "result"
        )  # results are read by other pages, not here
        json.dumps(bundle[MIME], allow_nan=False)


def test_a_figures_record_holds_all_its_forms(shown, monkeypatch):
    monkeypatch.delenv("ANALYSIS_PNG", raising=False)
    monkeypatch.setenv("ANALYSIS_FIGURES", "1")
    make().figure(figures.dots(FRAME, name="risk"), "Finding", "note")
    record = pieces(shown)[-1]
    assert record["name"] == "short_window-risk"
    assert record["svg"].startswith("<svg")
    assert record["csv"].startswith("label,numerator,denominator,estimate")
    assert "9.1" in record["alt"]
    assert "png" not in record
    assert "../../figures/nowhere/short_window-risk.csv" in record["html"]
    assert ".png" not in record["html"]


def test_outside_a_build_of_the_site_a_figure_carries_its_own_data(shown, monkeypatch):
    monkeypatch.delenv("ANALYSIS_FIGURES", raising=False)
    make().figure(figures.dots(FRAME, name="risk"), "Finding", "note")
    record = pieces(shown)[-1]
    [link] = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', record["html"])
    assert unquote(link) == record["csv"]
    assert "figures/" not in record["html"]


def test_png_is_drawn_on_request_the_same_each_time_and_without_metadata(shown, monkeypatch):
    monkeypatch.setenv("ANALYSIS_PNG", "1")
    monkeypatch.setenv("ANALYSIS_FIGURES", "1")
    for _ in range(2):
        make().figure(figures.dots(FRAME), "Finding", "note")
    first, second = (base64.b64decode(piece["png"]) for piece in pieces(shown) if piece["piece"] == "figure")
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"matplotlib" not in first
    assert "short_window-01.png" in pieces(shown)[-1]["html"]


def test_restricted_values_are_rounded_in_every_piece(shown):
    p = make(disclosure="restricted")
    p.points(["{k} of {n}: {p:full}"], k=4, n=47, p=share(4, 47, (0.01, 0.2)))
    p.text("{k} of {n}: {p:counts}", k=4, n=47, p=share(4, 47))
    p.figure(figures.dots(FRAME), "{p}", "{k} of {n}", k=4, n=47, p=share(4, 47))
    p.table(FRAME, "Table", percent=["estimate"])
    p.result("p", share(4, 47))
    p.result("k", 4)
    p.result("rows", FRAME)
    p.limits("None.")
    for piece in pieces(shown)[1:]:
        written = json.dumps(piece)
        for leak in ("8.5\u00a0", "0.0851", "4 of 47", '"k": 4', ">4<"):
            assert leak not in written, (piece["piece"], leak)
    assert pieces(shown)[-3]["value"] == 3
    assert pieces(shown)[-1]["rounding"] == [6, 45]  # 3 of 45 is the share of fewest


def test_internal_data_say_so_in_every_form(shown):
    p = make(disclosure="internal")
    p.points(["{n} people."], n=4)
    p.figure(figures.dots(FRAME), "Finding", "note")
    p.table(FRAME, "Table")
    first, points, figure, table = pieces(shown)
    said = "Internal: exact counts, not for release"
    assert points["text"] == [f"{said}: 4 people."]
    assert figure["svg"].count(said) >= 2
    assert figure["alt"].startswith(said)
    assert figure["csv"].splitlines()[1].endswith(said + '"')
    assert all(said in piece["html"] or said[1:] in piece["html"] for piece in (first, points, figure, table))


def test_what_is_not_declared_is_refused_and_shows_nothing(shown):
    p = make(disclosure="restricted")
    with pytest.raises(ReleaseError, match="'visits'"):
        p.table(pd.DataFrame({"visits": [12, 13]}), "x")
    with pytest.raises(ReleaseError, match="'rate'"):
        p.text("{rate}", rate=0.06)
    with pytest.raises(ReleaseError, match="'x'"):
        p.result("x", 0.06)
    assert len(shown) == 1


def test_synthetic_data_say_so_in_every_form(shown):
    p = make(kind="synthetic")
    p.points(["{n} people.", "**All** of them."], n=440)
    p.figure(figures.dots(FRAME), "Finding", "note")
    p.table(FRAME, "Table")
    first, points, figure, table = pieces(shown)
    assert points["text"] == ["Synthetic data: 440 people.", "Synthetic data: All of them."]  # each may be quoted alone
    assert "Synthetic data" in first["html"]
    assert figure["svg"].count("Synthetic data") >= 2  # in the picture and in its description
    assert figure["alt"].startswith("Synthetic data")
    assert figure["csv"].splitlines()[0].endswith(",data")
    assert "<b>Synthetic data.</b>" in figure["html"]
    assert "synthetic data" in table["html"]


def test_real_data_say_nothing_of_the_kind(shown):
    p = make()
    p.points(["{n} people."], n=440)
    p.figure(figures.dots(FRAME), "Finding", "note")
    p.table(FRAME, "Table")
    assert "ynthetic" not in json.dumps(pieces(shown))


@pytest.mark.parametrize("points", [[], ["x"] * 7])
def test_a_report_has_one_to_six_points(shown, points):
    with pytest.raises(ValueError, match="1 to 6 main points"):
        make().points(points)


def test_names_are_used_once(shown):
    p = make()
    p.figure(figures.dots(FRAME, name="risk"), "Finding", "note")
    with pytest.raises(ValueError, match="'short_window-risk' is taken"):
        p.figure(figures.dots(FRAME, name="risk"), "Finding", "note")
    p.result("x", 1)
    with pytest.raises(ValueError, match="'x' is given twice"):
        p.result("x", 1)


def test_values_without_a_place_are_named(shown):
    with pytest.raises(ValueError, match="given but not used: m"):
        make().figure(figures.dots(FRAME), "Finding {n}", "note", n=12, m=3)


@pytest.mark.parametrize(("argument", "value"), [("kind", "fake"), ("disclosure", "secret"), ("report", "A/B")])
def test_a_page_checks_what_it_is_told(shown, argument, value):
    given = {
        "report": "r",
        "title": "t",
        "dataset": "d",
        "kind": "real",
        "disclosure": "public",
        "source": "s",
        "answers": "a",
    }
    with pytest.raises(ValueError, match=f"{argument} is '{value}'|{argument} is {value!r}"):
        Page(**{**given, argument: value})


def test_title_and_answer_are_filled(shown):
    Page(
        "r",
        "Within {days} days: {place}",
        "d",
        "real",
        "restricted",
        "s",
        "By {days} days?",
        days=plain(90),
        place="<b>X</b>",
    )
    assert pieces(shown)[0]["title"] == "Within 90 days: <b>X</b>"
    assert "&lt;b&gt;X" in pieces(shown)[0]["html"]


def test_a_misspelt_term_names_the_nearest(shown):
    with pytest.raises(KeyError, match="did you mean 'detainer'"):
        make().glossary("detaner")


def test_a_skipped_report_says_why(shown):
    with pytest.raises(SkipReport, match="no dates"):
        make().skip("This dataset has no dates.")
    assert pieces(shown)[-1]["reason"] == "This dataset has no dates."


def test_optimizer_results_keep_four_digits(shown):
    p = make()
    p.result("ll", -3813.078535, optimizer=True)
    p.result("risk", 0.38461623)
    assert [piece["value"] for piece in pieces(shown)[1:]] == [-3813.0, 0.384616]
