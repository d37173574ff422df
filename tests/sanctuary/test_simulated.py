"""The words about the table of designs: counts by hand, and that the stored table fills them."""

import pandas as pd

from analysis.sanctuary.simulated import by_scenario, designs, in_words

ROWS = [
    # kind, design, claim, alarms, verdict
    ("no effect, other case mix", "unadjusted", "none", 60, "below"),
    ("no effect, other case mix", "doubly robust (AIPW)", "approximate", 5, "within"),
    ("few places", "unadjusted", "none", 6, "within"),
    ("trends differ", "unadjusted", "none", 99, "below"),
    ("trends differ", "doubly robust (AIPW)", "none", 70, "below"),
]


def made() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["kind", "design", "claim", "excluded_no_effect", "verdict"])
    return table.assign(**{"is": "false alarms", "worlds": 100, "places": 120, "adopters": 60, "band_lower": 0.93, "band_upper": 0.97,
                           "bias": 0.01, "coverage": 0.95})  # fmt: skip


def test_scenarios_are_told_apart_by_whom_they_fool() -> None:
    said = in_words(made())
    assert "raise a false alarm in 5.0 to 5.0 % of worlds" in said
    assert "chance allows 3.0 to 7.0 %" in said
    assert "the unadjusted difference does so in 60 %" in said
    assert said.endswith(
        "Of the 3 kinds of worlds without an effect, 1 fools no design (few places); "
        "1 fools some designs (no effect, other case mix); 1 fools every design that was tried (trends differ)."
    )


def test_a_scenario_without_an_effect_has_no_truth_to_show() -> None:
    shown = by_scenario(made().iloc[:2])
    assert shown.columns.tolist() == ["design", "bias", "false alarms", "against 95 %"]
    assert shown["false alarms"].tolist() == [0.6, 0.05]


def test_the_stored_table_is_put_into_words() -> None:
    table = designs()
    assert "Of the 7 kinds of worlds without an effect" in in_words(table)
    effects = table[table["is"] == "power"]
    assert "truth" in by_scenario(effects[effects["kind"] == effects["kind"].iloc[0]])
