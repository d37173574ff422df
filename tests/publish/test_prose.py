import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publish import prose
from analysis.publish.values import share

HOSTILE = '<script>alert(1)</script> *bold* [link](http://evil.example) `code` | # & "quote" \n\n## heading'


def test_values_are_filled_formatted_and_escaped():
    said = prose.filled_html("Of **{n:,}** people, {k} ({p:.1%}).", {"n": 440, "k": 40, "p": share(40, 440)}, "public")
    assert said == "<p>Of <strong>440</strong> people, 40 (9.1\u00a0%).</p>"


def test_a_hostile_name_stays_text():
    said = prose.filled_html("At {place}.", {"place": HOSTILE}, "public")
    assert "<script" not in said
    assert "<a " not in said
    assert "<h2" not in said
    assert "<em>" not in said
    assert "&lt;script&gt;alert(1)&lt;/script&gt; *bold* [link](http://evil.example)" in said


@given(st.text(max_size=60).filter(lambda t: not set(t) & {"\ue000", "\ue001"}))
def test_no_value_can_become_markup(text):
    said = prose.filled_html("before {x} after", {"x": text}, "public")
    assert prose.plain_text(said) == f"before {text} after"


def test_raw_html_in_a_template_is_shown_as_text():
    assert "<script" not in prose.markdown("<script>alert(1)</script>")
    assert "<b>" not in prose.markdown("a <b>b</b>")


def test_tables_and_links_of_markdown_work_and_images_do_not():
    assert "<table>" in prose.markdown("| a | b |\n| - | - |\n| 1 | 2 |")
    assert '<a href="https://example.org">x</a>' in prose.markdown("[x](https://example.org)")
    with pytest.raises(ValueError, match=r"page\.figure"):
        prose.markdown("![x](x.png)")


def test_a_script_address_is_not_followed():
    assert "javascript:" not in prose.markdown("[x](javascript:alert(1))")


def test_a_value_in_an_address_is_refused():
    with pytest.raises(ValueError, match="address"):
        prose.filled_html("[x](https://example.org/{y})", {"y": "z"}, "public")


def test_values_and_names_must_match():
    with pytest.raises(KeyError, match="no value of that name"):
        prose.filled_html("{n}", {}, "public")
    with pytest.raises(ValueError, match="not used in the text: m"):
        prose.filled_html("{n}", {"n": 1, "m": 2}, "public")
    with pytest.raises(ValueError, match="given but not used: m"):
        prose.together(["{n}", "x"], {"n": 1, "m": 2}, "public")


def test_inline_text_has_no_paragraph():
    assert prose.filled_html("**{n}** people", {"n": 12}, "public", inline=True) == "<strong>12</strong> people"
