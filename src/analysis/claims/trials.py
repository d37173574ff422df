"""How wrong each kind of projection was: real cohorts cut short, projected, and held against what came.

In: a life table whose later times are known. Out: one row a cut and projection, with the projected and the observed
share. The same kinds as in `analysis.claims.projections`, and the models of `analysis.extrapolate` fitted to the cut data.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.claims.projections import constant_hazard, scaled_shape
from analysis.recidivism.projections import extrapolate
from analysis.recidivism.survival import at, kaplan_meier
from analysis.recidivism.windows import DAYS

COLUMNS = ["cut", "seen", "projection", "family", "projected", "observed", "error", "usable"]


def observed_shape(life: pd.DataFrame, cause: str, unit: str) -> pd.DataFrame:
    """Return a cohort's own curve as a shape: time in days, share (1 minus Kaplan-Meier) at each time with an event."""
    km = kaplan_meier(life, cause)
    steps = km[(km["events"] > 0) & (km["time"] > 0) & (km["survival"] > 0)]
    return pd.DataFrame({"time": steps["time"] * DAYS[unit], "share": 1 - steps["survival"]}).reset_index(drop=True)


def cut_short(
    life: pd.DataFrame, cause: str, cuts: Iterable[float], horizon: float, unit: str = "month",
    shapes: dict[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Cut follow-up at each of ``cuts``, project to ``horizon`` in every way, and compare with what was observed there.

    Parameters
    ----------
    life
        The life table of one cohort, without strata.
    cause : str
    cuts, horizon : float
        In the table's ``unit``; the horizon must lie within follow-up.
    shapes
        Curves of other cohorts, time in days, each scaled to what was seen by the cut; one that does not reach the horizon
        is left out.

    Returns
    -------
    DataFrame
        ``cut, seen, projection, family, projected, observed, error, usable``. ``seen`` and ``observed`` are 1 minus
        Kaplan-Meier at the cut and the horizon, ``error`` is projected less observed. ``usable`` is False for a model
        whose likelihood has no maximum, and for a split model at its boundary (then the model without a split stands).

    Raises
    ------
    ValueError
        A horizon past the last person at risk, a cut by which nothing was seen.
    """
    km = kaplan_meier(life, cause)
    observed = _share_at(km, horizon)
    rows = []
    for cut in cuts:
        seen = _share_at(km, cut)
        lines = [
            (
                "Constant hazard, from the one figure",
                "constant hazard",
                float(constant_hazard(seen, cut, [horizon])[0]),
                True,
            )
        ]
        for name, shape in (shapes or {}).items():
            value = float(scaled_shape(seen, cut * DAYS[unit], shape, [horizon * DAYS[unit]])[0])
            if not np.isnan(value):
                lines.append((f"Shape of: {name}", "shape of a real cohort", value, True))
        fitted = extrapolate(life, cause, until=cut, horizon=horizon)
        lines += [
            (f"{_named(m.model)}, fitted", "fitted model", m.projected, bool(m.converged and not m.at_boundary))
            for m in fitted.itertuples()
        ]
        rows += [
            (cut, seen, name, family, value, observed, value - observed, use) for name, family, value, use in lines
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _named(model: str) -> str:
    return f"{model[0].upper()}{model[1:]}".replace("weibull", "Weibull")


def _share_at(km: pd.DataFrame, time: float) -> float:
    share = 1 - float(at(km, [time])["survival"].iloc[0])
    if not share > 0:
        raise ValueError(f"no share can be read at {time:g}: nothing was seen by then, or nobody was followed so far")
    return share
