"""The choices of a question, its primary specification, and a plan that is misspelt."""

import pytest

from analysis.claims.choices import days_of, every_specification, in_words, options, primary, question
from analysis.data.errors import InputError


def test_without_a_plan_the_first_option_is_primary(tmp_path):
    assert primary("repeat", tmp_path) == {choice: found[0] for choice, found in options("repeat").items()}


def test_a_plan_fixes_the_primary_specification(tmp_path):
    (tmp_path / "plan.toml").write_text('[short_window.repeat]\nepisode_gap = "days_60"\n', encoding="utf-8")
    assert primary("repeat", tmp_path)["episode_gap"] == "days_60"
    assert primary("prepared", tmp_path)["facilities"] == "all"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[short_window.repeat]\nepisode_gaps = "days_60"', "Did you mean 'episode_gap'"),
        ('[short_window.repeat]\nepisode_gap = "days_61"', "Did you mean 'days_60'"),
        ("[short_window", "plan.toml of"),
    ],
)
def test_a_plan_that_is_misspelt_is_refused(tmp_path, text, says):
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        primary("repeat", tmp_path)


def test_an_unknown_question_is_named_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'prepared'"):
        question("preparred")


def test_ties_are_no_choice_where_competing_events_are_ignored():
    menu = {
        "competing": ("first_event", "censored", "any_later"),
        "tie": ("event_first", "custody_first"),
        "lag": ("none", "days_30"),
    }
    found = every_specification(menu)
    assert len(found) == (2 * 2 + 1) * 2
    assert len({tuple(spec.values()) for spec in found}) == len(found)


def test_every_option_has_words_and_its_days():
    for name in ("released", "prepared", "repeat"):
        for choice, found in options(name).items():
            assert in_words(choice)
            assert all(in_words(choice, option) for option in found)
    assert (days_of("days_30"), days_of("none")) == (30, 0)
