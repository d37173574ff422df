"""Which detainers would be honoured under an offence rule, and which condition decided.

In: a rule (``rule_file``) and detainers. Out: one boolean a detainer. The conditions are true, false or unknown, and
so is the answer: false where one condition fails, true where all hold, unknown where none fails and one is not known.
What the data do not hold is unknown and never guessed; ``honoured_bounds`` counts it both ways.
"""

from pathlib import Path

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.sanctuary.rule_file import OffenceRule, read_rule

MISSING = ("unknown", "honour", "release")
ALL_HOLD = "every condition holds"


def honoured(
    rule: str | Path | OffenceRule,
    detainers: pd.DataFrame,
    missing: str = "unknown",
    assume: dict[str, bool] | None = None,
) -> pd.DataFrame:
    """Return for each detainer whether it would be honoured under a rule, and the condition that decided.

    Parameters
    ----------
    rule
        The name of a shipped rule (``shipped_rules()``), the path of a TOML file, or a rule that was read.
    detainers
        A frame with ``criminality`` and ``charge_group``; for a look-back the date of conviction and the date that it
        is counted from, for a warrant a column of booleans, under the names in the rule. Of these, absent columns are
        unknown in every row.
    missing
        What an unknown condition counts as: ``unknown`` (the answer is then missing), ``honour`` or ``release``: the
        two bounds.
    assume
        Conditions to take as given in every row, such as ``{"warrant": True}``: what the rule would do if ICE always
        brought one.

    Returns
    -------
    DataFrame
        The index of ``detainers``; ``honoured`` (boolean, missing where unknown) and ``condition`` (category): an
        exception, or the first condition that failed, in the order warrant, conviction or charge, offence, look-back;
        or "every condition holds"; or, where none failed, the first that is not known ("unknown: warrant"). ``attrs``
        holds the rule's name, title, approximate, note, the columns that were absent, the exceptions that could not
        be examined, what was assumed, and the count of unknown answers.

    Raises
    ------
    InputError
        For an unknown rule, an absent criminality or charge_group, or a value of ``missing`` or ``assume`` that is
        not one of those named.

    Notes
    -----
    ``charge_group`` is the group of the most serious conviction in ICE's files. A conviction counts as listed where
    that one is; lesser convictions are not seen. A conviction on the last day of the look-back counts.
    """
    rule = rule if isinstance(rule, OffenceRule) else read_rule(rule)
    if missing not in MISSING:
        raise InputError(f"missing = {missing!r}.{nearest(missing, MISSING)}")
    conditions, absent = _conditions(rule, detainers)
    for name, value in (assume or {}).items():
        if name not in conditions:
            raise InputError(f"assume names '{name}', which is no condition of {rule.name}.{nearest(name, conditions)}")
        conditions[name] = pd.Series(value, index=detainers.index, dtype="boolean")
        absent = [column for column in absent if column != _column_of(rule, name)]
    answer = pd.Series(True, index=detainers.index, dtype="boolean")
    decided = pd.Series(ALL_HOLD, index=detainers.index, dtype="str")
    for name, holds in reversed(conditions.items()):  # the first condition has the last word
        decided = decided.mask(holds.isna() & (answer.fillna(True)), f"unknown: {name}")
        answer = answer & holds
        decided = decided.mask((~holds).fillna(False), name)
    if missing != "unknown":
        answer = answer.fillna(missing == "honour")
    answer, decided, unexamined = _with_exceptions(rule, detainers, answer, decided)
    out = pd.DataFrame({"honoured": answer, "condition": decided.astype("category")}, index=detainers.index)
    out.attrs = {
        "rule": rule.name, "title": rule.title, "approximate": rule.approximate, "note": rule.note, "absent": absent,
        "not_examined": unexamined, "assumed": dict(assume or {}), "missing": missing,
        "unknown": int(decided.str.startswith("unknown").sum()),
    }  # fmt: skip
    return out


def honoured_bounds(
    rule: str | Path | OffenceRule, detainers: pd.DataFrame, assume: dict[str, bool] | None = None
) -> pd.DataFrame:
    """Return one row: detainers, honoured, released, unknown, lower and upper.

    The share honoured, of all detainers, lies between ``lower`` (unknown answers counted as released) and ``upper`` (as
    honoured). Parameters and errors are those of ``honoured``.
    """
    answer = honoured(rule, detainers, assume=assume)["honoured"]
    n, yes, no = len(answer), int(answer.sum()), int((~answer).sum())
    share = (lambda count: count / n) if n else (lambda _: float("nan"))
    row = {
        "detainers": n,
        "honoured": yes,
        "released": no,
        "unknown": n - yes - no,
        "lower": share(yes),
        "upper": share(n - no),
    }
    return pd.DataFrame([row])


def _conditions(rule: OffenceRule, detainers: pd.DataFrame) -> tuple[dict[str, pd.Series], list[str]]:
    """Return the rule's conditions as three-valued series in their order, and the columns that are absent."""
    for name in ("criminality", "charge_group"):
        if name not in detainers:
            raise InputError(f"honoured: the frame has no column '{name}'.{nearest(name, detainers.columns)}")
    criminality, group = (detainers[name].astype("str").fillna("unknown") for name in ("criminality", "charge_group"))
    enough = ("convicted",) if rule.basis == "conviction" else ("convicted", "pending")
    conditions: dict[str, pd.Series] = {}
    absent: list[str] = []
    if rule.warrant:
        column = rule.columns["warrant"]
        absent += [column] if column not in detainers else []
        conditions["warrant"] = _booleans(detainers, column)
    conditions[rule.basis] = criminality.isin(enough).astype("boolean").mask(criminality == "unknown")
    conditions["offence"] = group.isin(rule.groups).astype("boolean").mask(group.isin((*rule.partly, "unknown")))
    if rule.look_back_years is not None:
        needed = (rule.columns["conviction_date"], rule.counted_from)
        absent += [column for column in needed if column not in detainers]
        conditions["look-back"] = _recent(detainers, *needed, rule.look_back_years)
    return conditions, absent


def _column_of(rule: OffenceRule, condition: str) -> str | None:
    return {"warrant": rule.columns["warrant"], "look-back": rule.columns["conviction_date"]}.get(condition)


def _booleans(detainers: pd.DataFrame, column: str) -> pd.Series:
    if column not in detainers:
        return pd.Series(pd.NA, index=detainers.index, dtype="boolean")
    try:
        return detainers[column].astype("boolean")
    except (TypeError, ValueError):
        raise InputError(f"honoured: the column '{column}' holds other values than true and false.") from None


def _recent(detainers: pd.DataFrame, conviction: str, counted_from: str, years: float) -> pd.Series:
    """Return whether the conviction lies at most so many years before the day that is counted from."""
    if conviction not in detainers or counted_from not in detainers:
        return pd.Series(pd.NA, index=detainers.index, dtype="boolean")
    convicted, day = pd.to_datetime(detainers[conviction]), pd.to_datetime(detainers[counted_from])
    months = round(years * 12)
    recent = (convicted + pd.DateOffset(months=months) >= day) & (convicted <= day)
    return recent.astype("boolean").mask(convicted.isna() | day.isna())


def _with_exceptions(
    rule: OffenceRule, detainers: pd.DataFrame, answer: pd.Series, decided: pd.Series
) -> tuple[pd.Series, pd.Series, list[str]]:
    unexamined = []
    for exception in reversed(rule.exceptions):  # the first exception has the last word
        if exception.column not in detainers:
            unexamined.insert(0, exception.column)
            continue
        applies = detainers[exception.column].astype("str").isin(exception.values)
        answer = answer.mask(applies, exception.then == "honour")
        decided = decided.mask(applies, f"exception: {exception.column}")
    return answer, decided, unexamined
