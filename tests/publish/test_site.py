import base64
import hashlib
import html
import re

from analysis.publish import site
from tests.pages import gate

HOSTILE = '<script>alert(1)</script>"'
ENTRIES = [
    {"title": "County jail", "kind": "real", "source": f"portal {HOSTILE}",
     "reports": [{"title": "Short window", "href": "county/short_window.html", "main_point": f"9.1 % {HOSTILE}"},
                 {"title": "Sanctuary", "absent": "no policy is known for this place"},
                 {"title": "Long term", "failed": "ValueError: no rows"}]},
    {"title": "Demo", "kind": "synthetic", "source": "made here", "reports": []},
]  # fmt: skip


def digest(text):
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_the_index_says_what_there_is_and_why_not(tmp_path):
    path = site.write_index(tmp_path / "reports", ENTRIES)
    text = path.read_text(encoding="utf-8")
    assert path == tmp_path / "reports" / "index.html"
    assert 'href="county/short_window.html"' in text
    for words in (
        "What can be learned",
        "What cannot be learned",
        "Real data",
        "Synthetic data",
        "No report: no policy is known",
        "Failed: ValueError: no rows",
    ):
        assert words in text
    assert text.count("<script") == 1  # that which finds and sorts
    assert f"'sha256-{digest(text)}'" in html.unescape(text)
    assert "claim" not in text.lower()
    assert len(re.findall(r"<h1", text)) == 1
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert [file.name for file in path.parent.iterdir()] == ["index.html"]


def test_the_index_is_accessible_and_does_not_say_a_datasets_name_twice(tmp_path):
    entry = {
        "title": "Jail",
        "kind": "real",
        "reports": [{"title": "Within 105 days: Jail", "href": "a.html", "main_point": "x"}],
    }
    text = site.write_index(tmp_path, [entry]).read_text(encoding="utf-8")
    assert gate.faults(text) == []
    assert '<a href="a.html">Within 105 days</a>' in text


ANSWERS = [{"about": "About 9 percent", "says": "40 of 440", "href": "claims.html#claim-nyc"}]


def test_the_index_begins_with_the_answers_before_the_list(tmp_path):
    text = site.write_index(tmp_path, ENTRIES, ANSWERS).read_text(encoding="utf-8")
    places = [text.index(words) for words in ("<h1>", "40 of 440", "County jail", "What can be learned")]
    assert places == sorted(places)
    assert gate.faults(text) == []


def test_each_synthetic_line_says_so_once_and_published_figures_are_no_data(tmp_path):
    reports = [{"title": "A", "href": "demo/sanctuary.html", "main_point": "19 in 100."},
               {"title": "B", "href": "b.html", "main_point": "Synthetic data: 8 in 100."}]  # fmt: skip
    entries = [
        {"title": "Claims", "kind": "published", "reports": []},
        {"title": "Demo", "kind": "synthetic", "reports": reports},
    ]
    text = site.write_index(tmp_path, entries).read_text(encoding="utf-8")
    assert "<p>Synthetic data: 19 in 100.</p>" in text
    assert "<p>Synthetic data: 8 in 100.</p>" in text
    assert "Real data" not in text
    assert "Published figures and simulations" in text
    assert 'data-find="demo/sanctuary.html"' in text  # so that typing "sanctuary" finds it


def test_an_index_of_real_data_does_not_speak_of_synthetic(tmp_path):
    text = site.write_index(tmp_path, ENTRIES[:1]).read_text(encoding="utf-8")
    assert "ynthetic" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_the_same_entries_give_the_same_bytes(tmp_path):
    first = site.write_index(tmp_path, ENTRIES).read_bytes()
    assert site.write_index(tmp_path, ENTRIES).read_bytes() == first
