"""The rate of events in each stretch of follow-up: how risk rises or falls with time since the origin."""

import numpy as np
import pandas as pd

from analysis.recidivism.life_table import label_columns, one_cause, strata_of, strata_slices
from analysis.recidivism.proportions import rate


def hazard(life: pd.DataFrame, cause: str | None = None, width: float = 30.4375, level: float = 0.95) -> pd.DataFrame:
    """Events over time at risk in consecutive stretches of equal width (a piecewise constant hazard).

    Parameters
    ----------
    life : pandas.DataFrame
        A life table from ``life_table``, without weights; other causes end the time at risk.
    cause : str
        A cause of the table; may be left out where there is only one.
    width : float
        Length of a stretch in the table's unit.
    level : float
        Of the exact Poisson interval.

    Returns
    -------
    pandas.DataFrame
        ``*by, start, end, events, exposure, at_risk, rate, lower, upper``: events and person-time with
        ``start < t <= end`` (an event at time 0 falls in the first stretch), the number at risk when the
        stretch begins, and events per unit of time. The last stretch ends with the last person at risk.

    Raises
    ------
    ValueError, KeyError
        A width that is not positive; an unknown cause.

    References
    ----------
    Clayton and Hills (1993), Statistical Models in Epidemiology, chapters 4 and 5.
    """
    if not 0 < width < np.inf:
        raise ValueError(f"width must be a positive length in the table's unit, found {width!r}")
    by, causes = strata_of(life)
    cause = one_cause(cause, causes)
    blocks = []
    for label, rows in strata_slices(life, by):
        block = _stretches(life.iloc[rows], cause, width, level)
        for position, (name, value) in enumerate(zip(by, label, strict=True)):
            block.insert(position, name, [value] * len(block))
        blocks.append(block)
    columns = [*by, "start", "end", "events", "exposure", "at_risk", "rate", "lower", "upper"]
    out = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=columns)
    out = label_columns(out, by, life)
    out.attrs = {**life.attrs, "cause": cause, "width": width, "level": level}
    return out[columns]


def _stretches(block: pd.DataFrame, cause: str, width: float, level: float) -> pd.DataFrame:
    time = block["time"].to_numpy(dtype=float)
    n, d = block["at_risk"].to_numpy(dtype=float), block[cause].to_numpy()
    ends = np.append(np.arange(width, time[-1], width), time[-1])
    starts = np.append(0.0, ends[:-1])
    # between two rows of a life table the number at risk is that of the later row
    total = np.concatenate([[0.0], np.cumsum(n * np.diff(time, prepend=0.0))])
    exposure = np.diff(np.interp(np.append(0.0, ends), np.append(0.0, time), total))
    stretch = np.searchsorted(ends, time, side="left").clip(max=len(ends) - 1)
    events = np.bincount(stretch, weights=d, minlength=len(ends)).astype("int64")
    first = np.searchsorted(time, starts, side="right").clip(max=len(time) - 1)
    first[0] = 0
    rates = [rate(int(k), float(t), level) if t > 0 else None for k, t in zip(events, exposure, strict=True)]
    values = {
        name: [getattr(r, source) if r else np.nan for r in rates]
        for name, source in (("rate", "estimate"), ("lower", "lower"), ("upper", "upper"))
    }
    return pd.DataFrame(
        {
            "start": starts,
            "end": ends,
            "events": events,
            "exposure": exposure,
            "at_risk": n[first].astype("int64"),
            **values,
        }
    )
