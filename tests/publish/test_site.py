import re

from analysis.publish import site

HOSTILE = '<script>alert(1)</script>"'
ENTRIES = [
    {"title": "County jail", "kind": "real", "source": f"portal {HOSTILE}",
     "reports": [{"title": "Short window", "href": "county/short_window.html", "main_point": f"9.1 % {HOSTILE}"},
                 {"title": "Sanctuary", "absent": "no policy is known for this place"},
                 {"title": "Long term", "failed": "ValueError: no rows"}]},
    {"title": "Demo", "kind": "synthetic", "source": "made here", "reports": []},
]  # fmt: skip


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
    assert "<script" not in text
    assert "claim" not in text.lower()
    assert len(re.findall(r"<h1", text)) == 1
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert [file.name for file in path.parent.iterdir()] == ["index.html"]


def test_an_index_of_real_data_does_not_speak_of_synthetic(tmp_path):
    text = site.write_index(tmp_path, ENTRIES[:1]).read_text(encoding="utf-8")
    assert "ynthetic" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_the_same_entries_give_the_same_bytes(tmp_path):
    first = site.write_index(tmp_path, ENTRIES).read_bytes()
    assert site.write_index(tmp_path, ENTRIES).read_bytes() == first
