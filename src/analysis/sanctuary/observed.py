"""What places were observed to do: the share of detainers that local facilities declined in an earlier period.

In: detainers with their outcomes. Out: one row a county with the share, its interval, and ``limits``, ``none`` or
``unknown``. The period must come before the outcomes that a comparison looks at, or the policy would be read from
them.
"""

from datetime import date, timedelta

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.recidivism.proportions import proportion

DENOMINATORS = ("declined_or_custody", "with_outcome", "all")
OBSERVED = ("limits", "none", "unknown")


def observed_practice(
    detainers: pd.DataFrame,
    end: date | str | None = None,
    start: date | str | None = None,
    cut: float = 0.5,
    at_least: int = 30,
    denominator: str = "declined_or_custody",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return for each county what share of detainers its local facilities declined, and what that says.

    Parameters
    ----------
    detainers
        A frame with ``jurisdiction``, ``prepared`` and ``outcome``; ``operator`` and ``request``, where present,
        limit it to local facilities and to detainers (requests for notification cannot be declined in this sense).
    end, start
        First and last day of preparation that count, both included. By default the first 365 days of the
        file, or the first half of a file of less than two years.
    cut
        The share that parts the two groups. A county is ``limits`` where the interval lies above it, ``none`` where
        it lies below, else ``unknown``. By default a half: declined more often than not.
    at_least
        A county with fewer detainers in the denominator is ``unknown``.
    denominator
        ``declined_or_custody``: known decisions, the default, since a blank outcome is unknown and not a decision.
        ``with_outcome``: rows with any known outcome. ``all``: every row.
    level
        Of Wilson's interval.

    Returns
    -------
    DataFrame
        jurisdiction, declined, detainers (the denominator), share, lower, upper, policy; one row a county, sorted.
        ``attrs`` holds start, end and the parameters.

    Raises
    ------
    InputError
        For an absent column, an unknown denominator, a cut outside 0 to 1, or a period without detainers.
    """
    for name in ("jurisdiction", "prepared", "outcome"):
        if name not in detainers:
            raise InputError(f"observed_practice: the frame has no column '{name}'.{nearest(name, detainers.columns)}")
    if denominator not in DENOMINATORS:
        raise InputError(f"denominator = {denominator!r}.{nearest(denominator, DENOMINATORS)}")
    if not 0 < cut < 1:
        raise InputError(f"cut = {cut}: expected a share between 0 and 1.")
    prepared = pd.to_datetime(detainers["prepared"])
    if not prepared.notna().any():
        raise InputError("observed_practice: no row has a date in 'prepared'.")
    first = pd.Timestamp(start) if start is not None else prepared.min()
    last = pd.Timestamp(end) if end is not None else first + _first_part(prepared.max() - first)
    if last < first:
        raise InputError(
            f"observed_practice: the period ends on {last:%Y-%m-%d}, before it starts on {first:%Y-%m-%d}."
        )
    rows = detainers[prepared.between(first, last) & (detainers["jurisdiction"].astype("str").str.len() == 5)]
    for name, kept in (("operator", "local"), ("request", "detainer")):
        if name in rows:
            rows = rows[rows[name] == kept]
    counted = _counts(rows, denominator)
    counted["policy"] = [_reading(row, cut, at_least, level) for row in counted.itertuples()]
    limits = [
        proportion(row.declined, row.detainers, level=level) if row.detainers else None for row in counted.itertuples()
    ]
    for name, attribute in (("share", "estimate"), ("lower", "lower"), ("upper", "upper")):
        counted[name] = [float("nan") if found is None else getattr(found, attribute) for found in limits]
    counted["policy"] = pd.Categorical(counted["policy"], categories=OBSERVED)
    out = counted[["jurisdiction", "declined", "detainers", "share", "lower", "upper", "policy"]]
    out.attrs = {
        "start": f"{first:%Y-%m-%d}", "end": f"{last:%Y-%m-%d}", "cut": cut, "at_least": at_least,
        "denominator": denominator, "level": level,
    }  # fmt: skip
    return out


def observed_for(frame: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """Return observed practice from the frame's own outcomes, or from the detainers of its dataset."""
    if {"outcome", "prepared"} <= set(frame.columns):
        return observed_practice(frame)
    if not dataset:
        raise InputError(
            "with_policy: definition = 'observed' needs detainers with outcomes. Pass observed=observed_practice(detainers, end=...)."
        )
    from analysis.data.dataset import open_dataset

    return observed_practice(open_dataset(dataset).frame("detainers"))


def with_observed(frame: pd.DataFrame, on: str, observed: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """Return a frame with observed practice as its policy; rows not dated after the observed period are ``unknown``."""
    end = pd.Timestamp(observed.attrs["end"])
    days, places = pd.to_datetime(frame[on]), frame["jurisdiction"].astype("str")
    known = observed.set_index("jurisdiction")["policy"].astype("str")
    missing = days.isna() | places.isna()
    early = (days <= end) & ~missing
    found = places.map(known).fillna("unknown").mask(early, "unknown").mask(missing)
    out = frame.copy()
    out["policy"] = pd.Categorical(found, categories=OBSERVED)
    out["policy_basis"] = pd.Categorical(found.mask(found.notna(), "observed"), categories=["observed"])
    out["policy_cluster"] = places.mask(missing).astype("category")
    account = {
        "definition": "observed",
        "on": on,
        **observed.attrs,
        "in_the_period": int(early.sum()),
        "missing": int(missing.sum()),
    }
    return out, account


def _first_part(span: timedelta) -> timedelta:
    return timedelta(days=min(364, max(span.days // 2 - 1, 0)))


def _counts(rows: pd.DataFrame, denominator: str) -> pd.DataFrame:
    outcome = rows["outcome"].astype("str").fillna("unknown")
    known = {
        "declined_or_custody": outcome.isin(["declined", "ice_custody"]),
        "with_outcome": outcome != "unknown",
        "all": outcome.notna(),
    }[denominator]
    counted = pd.DataFrame(
        {"jurisdiction": rows["jurisdiction"].astype("str"), "declined": outcome == "declined", "detainers": known}
    )
    return counted.groupby("jurisdiction", sort=True).sum().astype("int64").reset_index()


def _reading(row: tuple, cut: float, at_least: int, level: float) -> str:
    if row.detainers < max(at_least, 1):
        return "unknown"
    share = proportion(row.declined, row.detainers, level=level)
    return "limits" if share.lower > cut else "none" if share.upper < cut else "unknown"
