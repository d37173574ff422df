"""The calculator: what it embeds has passed the release rule, its script is allowed by hash alone, a keyboard is enough."""

import base64
import hashlib
import json
import re

import pandas as pd
import pytest

from analysis.publish import calculator, leaks, page
from analysis.publish.page import MIME, Page

ROWS = pd.DataFrame(
    [
        ("people released", "", "everyone", 30, 40, 440, 0.0909, 0.0675, 0.1214),
        ("people released", "", "everyone", 105, 60, 440, 0.1364, 0.1076, 0.1716),
        ("people released", "sex", "</script><b>", 30, 14, 140, 0.1, 0.0605, 0.1608),
        ("people released", "sex", "</script><b>", 105, 25, 140, 0.1786, 0.1239, 0.2504),
        ("people released", "sex", "male", 30, 26, 300, 0.0867, 0.0598, 0.1239),
        ("people released", "sex", "male", 105, 35, 300, 0.1167, 0.0852, 0.1577),
        ("every release", "", "everyone", 105, 4, 500, 0.008, 0.0031, 0.0204),
    ],
    columns=list(calculator.COLUMNS),
)


def made(monkeypatch, disclosure: str = "restricted", frame: pd.DataFrame = ROWS) -> str:
    bundles = []
    monkeypatch.setattr(page, "display", lambda bundle, raw: bundles.append(bundle))
    here = Page("answers", "Title", "nowhere", "real", disclosure, "a source", "What share?")
    calculator.show(here, frame, "Share re-arrested", first=105)
    return bundles[-1][MIME]["html"]


def data_of(body: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', body, re.DOTALL)[1])


def rows_of(body: str) -> list[list]:
    """The embedded rows, the names of units and groups in their place."""
    data = data_of(body)
    return [[data["units"][row[0]], data["groups"][row[1]], *row[2:]] for row in data["rows"]]


def test_the_rows_are_embedded_as_they_stand_in_the_table(monkeypatch):
    body = made(monkeypatch, "public")
    data, rows = data_of(body), rows_of(body)
    assert [row[:1] + row[2:] for row in rows] == [list(row[:1] + row[3:]) for row in ROWS.itertuples(index=False)]
    assert [row[1] for row in rows] == ["everyone"] * 2 + ["sex: </script><b>"] * 2 + ["sex: male"] * 2 + ["everyone"]
    assert (data["first"], data["time"], data["level"]) == (105, "days", "95\u00a0%")


def test_rounded_counts_reach_the_page_and_no_others(monkeypatch):
    rows = rows_of(body := made(monkeypatch))
    assert [row[3] for row in rows] == [39, 57, 15, 27, 27, 33, 3]
    assert all(row[5] == pytest.approx(row[3] / row[4], abs=1e-4) for row in rows if row[0] == "every release")
    assert leaks.scan(body) == []


def test_a_label_can_end_neither_the_script_nor_the_markup(monkeypatch):
    body = made(monkeypatch)
    assert body.count("</script>") == 2
    assert "<b>" not in body
    assert rows_of(body)[2][1] == "sex: </script><b>"


def test_the_script_is_found_where_it_stands_and_nowhere_else(monkeypatch):
    body = made(monkeypatch)
    assert calculator.scripts(["<p>no script</p>", body]) == [calculator.script()]
    assert calculator.scripts(["<p>no script</p>"]) == []
    assert len(calculator.script().encode()) < 4096
    assert not re.search(r"eval|innerHTML|fetch|XMLHttp|localStorage|https?:", calculator.script())


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (ROWS.drop(columns="upper"), "needs the columns upper"),
        (pd.concat([ROWS, ROWS.head(1)]), "two rows for one unit"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused(monkeypatch, frame, says):
    with pytest.raises(ValueError, match=says):
        made(monkeypatch, frame=frame)


def stored(body: str, folder, script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    file = folder / "page.html"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><title>t</title>'
    file.write_text(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
    return file.as_uri()


def test_a_keyboard_changes_the_figure(monkeypatch, browser, tmp_path):
    view = browser.new_page()
    frame = ROWS[ROWS["by"] == ""]
    view.goto(stored(made(monkeypatch, "public", frame), tmp_path, calculator.script()))
    out = view.locator("output")
    assert (
        out.inner_text() == "25 events seen, 140 followed: 17.9\u00a0% (95\u00a0% interval 12.4 to 25.0)"
        or out.inner_text().startswith("60 events seen, 440 followed: 13.6\u00a0%")
    )
    view.locator("select").nth(2).focus()
    view.keyboard.press("ArrowUp")
    assert out.inner_text() == "40 events seen, 440 followed: 9.1\u00a0% (95\u00a0% interval 6.8 to 12.1)"
    view.close()


def test_without_scripts_or_with_another_hash_the_table_is_all_there_is(monkeypatch, browser, tmp_path):
    view = browser.new_page()
    view.goto(stored(made(monkeypatch), tmp_path, "another script"))
    assert not view.locator("form").is_visible()
    view.locator("summary").click()
    assert [table.is_visible() for table in view.locator("table").all()] == [True] * ROWS["unit"].nunique()
    view.close()
