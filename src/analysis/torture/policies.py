"""Policy files: a list of rules, an offence rule and a plan, with values that belong and values that do not."""

import csv
import io
from datetime import date

from hypothesis import strategies as st

from analysis.torture.case import Case
from analysis.torture.cells import any_text
from analysis.torture.maps import mutated_tree
from analysis.torture.toml_text import to_toml

_NEEDED = ("jurisdiction", "level", "state", "county_fips", "start", "end", "direction", "basis", "instrument")
_GOOD = {
    "jurisdiction": ("New York City", "Cook County"), "level": ("county", "state"), "state": ("NY", "36", "ny", "New York"), "county_fips": ("36061", "36061;36005"),
    "start": ("2014-01-01", "2016-01-01", "2018-01-01", "0001-01-01"), "end": ("2014-12-31", "2016-12-31", "", "9999-12-31"),
    "direction": ("limits", "requires", "bans_limits", "none"), "basis": ("law", "court", "practice"), "instrument": ("Local Law 58", ""),
}  # fmt: skip
_ODD = (
    "", "State", "town", "ZZ", "17031", "6037", "36061;;", ";", "2014-1-1", "01/02/2014", "0000-01-01", "Limits", "rumour", "10000-01-01", "２０１４-01-01",
)  # fmt: skip
RULE = {
    "title": "A rule", "basis": "conviction", "groups": ["homicide", "robbery"], "instrument": "Local Law 58", "partly": ["assault"],
    "look_back_years": 5, "counted_from": "prepared", "warrant": True, "columns": {"warrant": "judicial_warrant"}, "place": "New York City",
    "start": date(2014, 11, 14), "exceptions": [{"column": "criminality", "values": ["other"], "then": "honour"}], "note": "n",
}  # fmt: skip
_QUESTION = {
    "asks": "Does it differ?",
    "estimand": "risk difference",
    "design": "between",
    "horizon": 365,
    "adjust": ["sex"],
    "groups": ["limits", "none"],
}
PLAN = {"written": date(2020, 1, 1), "note": "n", "question": {"difference": _QUESTION}, "short_window": {"days": 105}}


@st.composite
def policies_case(draw: st.DrawFn) -> Case:
    """Return a file of policies."""
    header = list(_NEEDED)
    if draw(st.integers(0, 9)) == 0:
        header[draw(st.integers(0, len(header) - 1))] = draw(st.sampled_from(("", "level", "x", "scope")))
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        row = [draw(st.sampled_from(_GOOD[name])) for name in _NEEDED]
        for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1)))):
            row[draw(st.integers(0, len(row) - 1))] = draw(st.one_of(st.sampled_from(_ODD), any_text))
        rows.append(row + ["x"] * draw(st.sampled_from((0, 0, 0, 0, 1))))
    held = io.StringIO(newline="")
    csv.writer(held).writerows([header, *rows])
    return Case("policies", {"policies.csv": held.getvalue().encode("utf-8", errors="replace")})


@st.composite
def toml_case(draw: st.DrawFn) -> Case:
    """Return an offence rule or a plan with one to three changes."""
    kind, tree = draw(st.sampled_from((("rule", RULE), ("plan", PLAN))))
    for _ in range(draw(st.integers(0, 3))):
        tree = draw(mutated_tree(tree))
    return Case(kind, {f"{kind}.toml": to_toml(tree if isinstance(tree, dict) else {"title": tree}).encode()})
