"""What a dataset holds, counted: outcomes over their three denominators, months, and how far columns are filled."""

import pandas as pd

from analysis.data.tables import LINEAGE

DENOMINATORS = ("all rows", "rows with an outcome", "declined plus custody")


def outcome_shares(detainers: pd.DataFrame, outcome: str = "declined", by: list[str] | None = None) -> pd.DataFrame:
    """Return the share of an outcome over all rows, over rows with an outcome, and over declined plus custody.

    Columns *by, denominator_is, numerator, denominator, share. A blank lift reason is ``unknown`` and in
    the first denominator alone; which denominator is meant decides the figure, so all three are given.
    """
    known = detainers["outcome"].astype("str")
    counted = pd.DataFrame(
        {
            "numerator": (known == outcome),
            DENOMINATORS[0]: True,
            DENOMINATORS[1]: known != "unknown",
            DENOMINATORS[2]: known.isin(["declined", "ice_custody"]),
        }
    )
    groups = [detainers[name].rename(name) for name in by or []]
    totals = counted.groupby(groups, observed=True).sum() if by else counted.sum().to_frame().T
    totals = totals.astype("int64")
    long = totals.reset_index().melt(
        id_vars=[*(by or []), "numerator"],
        value_vars=list(DENOMINATORS),
        var_name="denominator_is",
        value_name="denominator",
    )
    long["share"] = long["numerator"] / long["denominator"].where(long["denominator"] > 0)
    order = [*(by or []), "denominator_is", "numerator", "denominator", "share"]
    return long[order].sort_values(by or "denominator", ascending=bool(by), kind="stable", ignore_index=True)


def monthly(frame: pd.DataFrame, date: str) -> pd.DataFrame:
    """Return rows a calendar month: month (its first day), count. Months without rows between the first and last count 0."""
    months = frame[date].dropna().dt.to_period("M")
    counted = months.value_counts().sort_index()
    whole = pd.period_range(counted.index.min(), counted.index.max(), freq="M") if len(counted) else counted.index
    counted = counted.reindex(whole, fill_value=0)
    return pd.DataFrame(
        {"month": counted.index.to_timestamp().astype("datetime64[s]"), "count": counted.to_numpy("int64")}
    )


def filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return, for each column of a canonical table, the rows in which it is known: column, filled, rows, share."""
    columns = [name for name in frame.columns if name not in LINEAGE]
    known = [int((frame[name].notna() & (frame[name].astype("str") != "unknown")).sum()) for name in columns]
    out = pd.DataFrame({"column": columns, "filled": known, "rows": len(frame)})
    out["share"] = out["filled"] / out["rows"].where(out["rows"] > 0)
    return out
