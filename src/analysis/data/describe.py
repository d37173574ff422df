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


def daily(frame: pd.DataFrame, date: str) -> pd.DataFrame:
    """Return rows a day: day, count. Days without rows between the first and the last count 0."""
    counted = frame[date].dropna().value_counts().sort_index()
    if len(counted):
        counted = counted.reindex(pd.date_range(counted.index.min(), counted.index.max()), fill_value=0)
    return pd.DataFrame({"day": counted.index.astype("datetime64[s]"), "count": counted.to_numpy("int64")})


def filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return, for each column of a canonical table, the rows in which it is known: column, filled, rows, share."""
    columns = [name for name in frame.columns if name not in LINEAGE]
    known = [int((frame[name].notna() & (frame[name].astype("str") != "unknown")).sum()) for name in columns]
    out = pd.DataFrame({"column": columns, "filled": known, "rows": len(frame)})
    out["share"] = out["filled"] / out["rows"].where(out["rows"] > 0)
    return out


def filled_by_source(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``filled``, and where the table has several files the one in which each column is known least.

    Columns column, filled, rows, share, lowest (share of that file's rows), source (the file, and its sheet where it
    has several). The first is named where several are equal; one file leaves lowest and source missing.
    """
    out = filled(frame)
    sheets = frame["source_sheet"].astype("str").groupby(frame["source_file"].astype("str")).nunique()
    named = frame["source_file"].astype("str")
    several = named.map(sheets) > 1
    named = named.where(~several, named + ", " + frame["source_sheet"].astype("str"))
    if named.nunique() < 2:
        return out.assign(lowest=float("nan"), source=pd.NA)
    parts = pd.DataFrame({name: filled(part).set_index("column")["share"] for name, part in frame.groupby(named)})
    return out.assign(
        lowest=parts.min(axis=1).reindex(out["column"]).to_numpy(),
        source=parts.idxmin(axis=1).reindex(out["column"]).to_numpy(),
    )
