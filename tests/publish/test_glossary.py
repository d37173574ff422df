"""Terms are explained where running text first names them, once, and nowhere that would break a control or a heading."""

import pytest

from analysis.publish import glossary

TERMS = [{"key": key, **glossary.explained(key)} for key in ("detainer", "repeat-detainer", "interval", "censored")]


def test_the_first_mention_in_running_text_becomes_a_button_with_its_explanation():
    first, second = glossary.in_place(
        ["<h3>Detainers</h3><p>Of 440 detainers, <b>40</b>.</p>", "<p>A detainer.</p>"], TERMS
    )
    assert first.startswith("<h3>Detainers</h3><p>Of 440 <button")
    assert 'popovertarget="what-detainer">detainers</button>' in first
    assert '<span popover id="what-detainer"' in first
    assert second == "<p>A detainer.</p>"


def test_the_longer_of_two_terms_wins_and_words_inside_words_do_not_count():
    (text,) = glossary.in_place(["<p>Predetainers and repeat detainers, then detainers.</p>"], TERMS)
    assert "Predetainers and <button" in text
    assert text.index("what-repeat-detainer") < text.index("what-detainer")


@pytest.mark.parametrize("tag", ["a", "button", "code", "svg", "table", "summary", "details", "h2"])
def test_controls_headings_tables_and_pictures_are_left_alone(tag):
    part = f"<{tag}><b>censored</b></{tag}>"
    assert glossary.in_place([part], TERMS) == [part]


def test_a_term_is_found_across_a_space_that_does_not_break():
    (text,) = glossary.in_place(["<p>9.1\u00a0% (95\u00a0% interval 6.7 to 12.1)</p>"], TERMS)
    assert 'popovertarget="what-interval">95\u00a0% interval</button>' in text


def test_every_term_of_the_file_is_found_by_one_of_its_forms():
    for key, term in glossary.terms().items():
        form = term.get("words", [term["term"]])[0]
        assert "popovertarget" in glossary.in_place([f"<p>x {form} y</p>"], [{"key": key, **term}])[0], key


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'detainer'"):
        glossary.explained("detaner")


def test_no_line_ends_between_a_bracket_and_the_term_in_it():
    (text,) = glossary.in_place(["<p>9 % (censored)</p>"], TERMS)
    assert '<span class="held">(<button' in text
