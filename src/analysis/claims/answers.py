"""What a specification curve says: how far each choice moves the answer, and, where the truth is known, what misleads.

In: the frame of ``specification_curve``. Out: small tables. No specification is counted as significant or not.
"""

import pandas as pd

from analysis.claims.choices import in_words, options_in_order


def moved_by(curve: pd.DataFrame) -> pd.DataFrame:
    """Return how far each choice moves the answer while all others stay as they are.

    Columns choice (in words), options, median_move, largest_move: over every set of the other choices, the difference
    between the highest and lowest estimate that this one choice gives; median and largest. Largest first.
    """
    menu, rows = curve.attrs["choices"], []
    for choice in menu:
        others = [other for other in menu if other != choice]
        groups = (
            curve.groupby(others, sort=False, dropna=False)["estimate"]
            if others
            else curve.groupby(lambda _: 0)["estimate"]
        )
        spread = (groups.max() - groups.min())[groups.count() > 1]
        rows.append((in_words(choice), curve[choice].nunique(), spread.median(), spread.max()))
    found = pd.DataFrame(rows, columns=["choice", "options", "median_move", "largest_move"])
    return found.sort_values("largest_move", ascending=False, kind="stable", ignore_index=True)


def by_option(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the spread of the estimates with each option: choice, option, specifications, lowest, median, highest."""
    rows = []
    for choice in curve.attrs["choices"]:
        groups = dict(list(curve.groupby(choice, sort=False)["estimate"]))
        for option in (name for name in options_in_order(choice) if name in groups):
            part = groups[option]
            rows.append((in_words(choice), in_words(choice, option), len(part), part.min(), part.median(), part.max()))
    return pd.DataFrame(rows, columns=["choice", "option", "specifications", "lowest", "median", "highest"])


def one_at_a_time(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the primary specification, and every one that differs from it in a single choice.

    Columns choice, option (in words; "primary" and "" for the first row), numerator, denominator (of a share), estimate, lower, upper.
    """
    menu = curve.attrs["choices"]
    first = curve[curve["primary"]].iloc[0]
    differ = (curve[menu] != first[menu]).sum(axis=1)
    rows = [("primary", "", first)]
    for choice in menu:
        changed = curve[(differ == 1) & (curve[choice] != first[choice])].set_index(choice, drop=False)
        for option in (name for name in options_in_order(choice) if name in changed.index):
            row = changed.loc[option]
            rows.append((in_words(choice), in_words(choice, row[choice]), row))
    counted = ["numerator", "denominator"] if "numerator" in curve else []
    columns = [*counted, "estimate", "lower", "upper"]
    return pd.DataFrame([{"choice": c, "option": o, **r[columns].to_dict()} for c, o, r in rows])


def against_truth(curve: pd.DataFrame, truth: float) -> pd.DataFrame:
    """Return the rows of ``one_at_a_time`` with their error (estimate less truth) and whether they would have misled.

    ``misled`` is True where the interval excludes the truth: with this one choice made otherwise, a reader would have taken
    the true share to be excluded; missing where there is no interval. Only synthetic data have a known truth.
    """
    rows = one_at_a_time(curve)
    misled = ((rows["lower"] > truth) | (rows["upper"] < truth)).astype("object").where(rows["lower"].notna(), None)
    return rows.assign(error=rows["estimate"] - truth, misled=misled)
