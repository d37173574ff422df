"""The curves that a dataset allows, one a question, and why the others are not there.

In: a dataset. Out: curves whose every point rests on counts large enough to be shown, ready for figures and tables.
"""

import json
from string import ascii_lowercase
from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.choices import choices, differences, horizon, question, risks
from analysis.claims.differences import difference_curve
from analysis.claims.multiverse import specification_curve
from analysis.data.errors import InputError
from analysis.recidivism.durations import possible, why_none

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset

FEWEST = 10  # events, and people without one, behind every estimate of a page


def curves(ds: "Dataset", days: int, level: float = 0.95) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the specification curve of each question that a dataset can answer, and why it cannot answer the others.

    ``days`` is the window of the questions about one share; differences have the horizon of the plan. Specifications that
    rest on fewer than ten events, or ten people without one, are left out; a curve needs its primary one and another.
    A curve is about one estimand, the primary one; ``attrs["estimands"]`` has the answers to the others.
    """
    found, why = {}, {}
    for asked in (*risks(), *differences()):
        try:
            whole = (
                difference_curve(ds, asked, level=level)
                if asked in differences()
                else specification_curve(ds, asked, days, level)
            )
        except InputError as reason:
            why[asked] = str(reason)
            continue
        kept = whole[enough(whole)]
        if kept["primary"].any() and len(kept := one_estimand(kept)) > 1:
            found[asked] = kept
        else:
            why[asked] = (
                f"Fewer than {FEWEST} events, or {FEWEST} people without one, stand behind its primary answer, or nobody was followed so long."
            )
    return found, why


def one_estimand(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the part of a curve with the primary estimand, and in ``attrs["estimands"]`` a line for each estimand.

    A line has the options that ask something, in words: the primary ones, then one of them changed at a time; the estimate
    and limits where all other choices are primary; specifications, lowest, highest over the others. Different questions
    never share a range.
    """
    known, attrs, first = choices()["choice"], curve.attrs, curve[curve["primary"]]
    own = [choice for choice in attrs["choices"] if known[choice].get("asks")]
    rest = [choice for choice in attrs["choices"] if choice not in own]
    rows = []
    posed = first[own].iloc[0].to_dict()
    changed = [posed | {c: option} for c in own for option in known[c]["options"] if option != posed[c]]
    for chosen in (posed, *changed):
        part = curve[(curve[own] == list(chosen.values())).all(axis=1)]
        answer = part.merge(first[rest])[["estimate", "lower", "upper"]]
        if len(answer):
            said = [known[choice]["options"][option] for choice, option in chosen.items()]
            rows.append((*said, *answer.iloc[0], len(part), part["estimate"].min(), part["estimate"].max()))
    names = [known[choice]["says"] for choice in own]
    lines = pd.DataFrame(rows, columns=[*names, "estimate", "lower", "upper", "specifications", "lowest", "highest"])
    kept = curve[(curve[own] == first[own].squeeze(axis=0)).all(axis=1)].drop(columns=own).reset_index(drop=True)
    kept.attrs = {**attrs, "choices": [choice for choice in rest if kept[choice].nunique() > 1], "estimands": lines}
    return kept


def why_no_curve(ds: "Dataset", why: dict[str, str]) -> str:
    """Return, for a reader, why no question has a curve; ``why`` says it of each, as ``curves`` gives it."""
    if "follow_up" in ds.tables:
        return "No later event can be linked to a person through dates, so no question here has more than one answer to compare."
    first = [{"repeat_detainer": "repeat"}.get(event, origin) for origin, event in possible(ds)][:1]
    return " ".join(
        ["No question here has more than one answer to compare.", *(why[asked] for asked in first), why_none(ds)]
    ).rstrip()


def enough(curve: pd.DataFrame) -> pd.Series:
    """Return which specifications have an estimate that rests on enough events and enough people without one, in each group."""
    sides = [("numerator", "denominator")] if "numerator" in curve else [(f"events_{g}", f"people_{g}") for g in (0, 1)]
    fine = curve["estimate"].notna()
    for events, people in sides:
        fine &= (curve[events] >= FEWEST) & (curve[people] - curve[events] >= FEWEST)
    return fine


def truths(ds: "Dataset", days: int) -> dict[str, float]:
    """Return the known answer of each question that ``truth.json`` of a synthetic dataset holds: of a first event."""
    file = ds.folder / "truth.json"
    if ds.kind != "synthetic" or not file.is_file():
        return {}
    truth = json.loads(file.read_text(encoding="utf-8"))
    found = {
        asked: truth[asked]["first_event"][str(days)]["risk"]
        for asked in risks()
        if str(days) in truth.get(asked, {}).get("first_event", {})
    }
    at = str(horizon("sanctuary", ds.folder))
    had = truth.get("had_everyone", {})
    if all(at in had.get(group, {}) for group in ("limits", "none")):
        found["sanctuary"] = had["limits"][at]["risk"] - had["none"][at]["risk"]
    return found


def menu_in_words(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the choices of each curve: question, choice, options (with the letters of the figures), primary, all in words."""
    rows = []
    for asked, curve in found.items():
        for choice in curve.attrs["choices"]:
            options = choices()["choice"][choice]["options"]
            here = [words for option, words in options.items() if option in set(curve[choice])]
            rows.append(
                {
                    "question": question(asked)["title"],
                    "choice": choices()["choice"][choice]["says"],
                    "options": "; ".join(
                        f"{letter} {words}" for letter, words in zip(ascii_lowercase, here, strict=False)
                    ),
                    "primary": options[curve.loc[curve["primary"], choice].iloc[0]],
                }
            )
    return pd.DataFrame(rows)


def words(curve: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return each choice of a curve and its options in words, the choice's own name under ""."""
    known = choices()["choice"]
    return {choice: {"": known[choice]["says"], **known[choice]["options"]} for choice in curve.attrs["choices"]}
