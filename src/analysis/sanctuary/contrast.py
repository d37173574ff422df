"""Two groups of a cohort read for comparison: who is in it, what is known of them by the horizon, and in which cluster.

In: a cohort with a group (policy) and covariates. Out: arrays, and a count of every row that was set aside, with the
reason. Nothing here looks at an outcome to decide who is compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.recidivism.cohort import Cohort, checked
from analysis.recidivism.life_table import event_codes, one_cause, require, times
from analysis.recidivism.windows import Window, window
from analysis.sanctuary.clusters import joined_clusters

CONTRAST = ("limits", "none")


@dataclass(frozen=True, eq=False)
class Contrast:
    """Rows of two groups. ``names`` are (group 0, group 1); ``group`` is 1 for the second.

    ``outcome`` is 1 where the event came first and by the horizon, ``event`` where any event did; ``matrix`` has an
    intercept and the coded covariates ``columns``. ``sides`` counts clusters with rows in group 0 and in group 1.
    """

    frame: pd.DataFrame
    names: tuple[str, str]
    cause: str
    horizon: Window
    group: np.ndarray
    time: np.ndarray
    event: np.ndarray
    outcome: np.ndarray
    cluster: np.ndarray
    cluster_labels: pd.Index
    matrix: np.ndarray
    columns: list[str]
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: str = ""  # why nothing can be adjusted for: a covariate that is known for nobody in a group

    @property
    def sides(self) -> tuple[int, int]:
        """Clusters with rows in group 0 and in group 1."""
        return tuple(len(np.unique(self.cluster[self.group == code])) for code in (0, 1))

    def rows(self, kept: np.ndarray, reason: str) -> "Contrast":
        """The same contrast over fewer rows, the others counted under a reason."""
        cluster, number = np.unique(self.cluster[kept], return_inverse=True)
        out = {**self.left_out, reason: self.left_out.get(reason, 0) + int((~kept).sum())}
        return Contrast(
            self.frame[kept], self.names, self.cause, self.horizon, self.group[kept], self.time[kept], self.event[kept],
            self.outcome[kept], number, self.cluster_labels[cluster], self.matrix[kept], self.columns, out,
            self.unknown,
        )  # fmt: skip


def read_contrast(
    cohort: Cohort, group: str, adjust: Sequence[str], cluster: str | None, horizon: float,
    contrast: tuple[str, str] | None, operators: Sequence[str] | None,
) -> Contrast:  # fmt: skip
    """Return the contrast of a cohort; see ``compare`` for its columns and errors."""
    wanted = [group, "days", "event", *filter(None, (cluster,)), *(name for name in adjust if name.isidentifier())]
    frame = checked(cohort, "compare").frame
    require(frame.columns, wanted)
    if "count" in frame:  # patterns of people: a row for each again, for what follows looks at residuals of people
        frame = frame.loc[frame.index.repeat(frame["count"])].reset_index(drop=True)
    if "entry" in frame and frame["entry"].notna().any():
        raise ValueError("compare needs follow-up from the origin on: this cohort has delayed entry (entry_days)")
    first, second = _levels(frame[group], contrast)
    left_out: dict[str, int] = {}
    if operators is not None and "operator" in frame:
        frame = _keep(
            frame,
            frame["operator"].isin(list(operators)),
            f"not at a facility run by: {', '.join(operators)}",
            left_out,
        )
    label = frame[group]
    frame = _keep(frame, label.isin([first, second]), f"{group} neither {first} nor {second}", left_out)
    numbers = [name for name in adjust if name in frame and pd.api.types.is_numeric_dtype(frame[name])]
    known = frame[numbers].notna().groupby(frame[group].astype("str")).any().all()
    unknown = [] if frame.empty else [name for name in numbers if not known[name]]
    numbers = [name for name in numbers if name not in unknown]
    if numbers:
        frame = _keep(frame, frame[numbers].notna().all(axis=1), "a covariate is missing", left_out)
    where = _clusters(frame, cluster)
    if where.isna().any():
        raise ValueError(
            f"cluster {cluster!r} is missing in {int(where.isna().sum())} rows: where the policy is set must be known"
        )
    matrix, columns = coded(frame, [name for name in adjust if name not in unknown])
    code, labels = pd.factorize(where, sort=True)
    time = times(frame["days"])
    causes, names = event_codes(frame["event"])
    cause = one_cause(cohort.event, names) if names else cohort.event
    place = names.index(cause) if cause in names else -2
    span = window(horizon, cohort.time_unit, bool((time == np.floor(time)).all()))
    return Contrast(
        frame, (str(first), str(second)), cause, span, (frame[group] == second).to_numpy().astype(int), time,
        causes >= 0, ((causes == place) & (time <= span.length)).astype(float), code, pd.Index(labels), matrix, columns,
        {reason: n for reason, n in left_out.items() if n},
        f"a covariate is missing for everyone in a group ({', '.join(unknown)})" if unknown else "",
    )  # fmt: skip


def coded(frame: pd.DataFrame, adjust: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """An intercept and the covariates: numbers as they are, categories as one column less than their levels.

    A missing category is a level of its own. A name that is no column is read as a term of a formula, ``"I(age**2)"``.
    """
    columns, names = [np.ones(len(frame))], ["(intercept)"]
    for term in adjust:
        if term not in frame:
            found = _formula(term, frame)
            columns += [found[name].to_numpy(float) for name in found]
            names += list(found.columns)
        elif pd.api.types.is_numeric_dtype(frame[term]):
            columns.append(frame[term].to_numpy(float, na_value=np.nan))
            names.append(term)
        else:
            codes, levels = levels_of(frame[term])
            columns += [(codes == place).astype(float) for place in range(1, len(levels))]
            names += [f"{term}: {level}" for level in levels[1:]]
    return np.column_stack(columns), names


def levels_of(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes into the levels of a category as text, in order; a missing value is a level of its own."""
    category = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    names = np.array([*(str(level) for level in category.cat.categories), "(missing)"], dtype=object)
    codes = category.cat.codes.to_numpy()  # -1 where missing: the last name
    used = names[np.flatnonzero(np.bincount(np.where(codes < 0, len(names) - 1, codes), minlength=len(names)))]
    levels = sorted(set(used))
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(name, -1) for name in names])[codes], levels


def empty_strata(contrast: Contrast, adjust: Sequence[str]) -> tuple[Contrast, list[str]]:
    """Set aside levels of a category that one group has none of: nothing there can be compared. Returns their names too."""
    named: list[str] = []
    terms = [
        term for term in adjust if term in contrast.frame and not pd.api.types.is_numeric_dtype(contrast.frame[term])
    ]
    again = True
    while again and len(contrast.group):
        again = False
        for term in terms:
            codes, levels = levels_of(contrast.frame[term])
            sides = [np.bincount(codes[contrast.group == side], minlength=len(levels)) for side in (0, 1)]
            empty = np.flatnonzero(np.minimum(*sides) == 0)
            if len(empty):
                named += [f"{term} {levels[place]}" for place in empty]
                contrast = contrast.rows(~np.isin(codes, empty), "in a stratum that one group has none of")
                again = True
    return contrast, named


def _formula(term: str, frame: pd.DataFrame) -> pd.DataFrame:
    from analysis.recidivism.cox import design, variables

    used = variables(term, frame.columns)
    found = design(term, frame[used])
    return pd.DataFrame(found.matrix[found.pattern], columns=found.names, index=frame.index)


def _levels(column: pd.Series, contrast: tuple[str, str] | None) -> tuple[object, object]:
    """Group 0 and group 1. ``contrast`` is (group 1, group 0), as one says "limits against none"."""
    present = list(pd.unique(column.dropna()))
    if contrast is not None:
        require([str(level) for level in present], [str(level) for level in contrast], "level", f"{column.name!r}")
        second, first = (next(level for level in present if str(level) == str(name)) for name in contrast)
        return first, second
    if {str(level) for level in present} >= set(CONTRAST):
        return CONTRAST[1], CONTRAST[0]
    if len(present) != 2:
        said = ", ".join(sorted(str(level) for level in present)) or "nothing"
        raise ValueError(
            f"no comparison: {column.name!r} holds {said}; expected two groups. Name them in contrast=(group 1, group 0)"
        )
    return tuple(sorted(present, key=lambda level: (isinstance(level, str), level)))


def _keep(frame: pd.DataFrame, mask: pd.Series, reason: str, left_out: dict[str, int]) -> pd.DataFrame:
    mask = mask.fillna(False).astype(bool)
    left_out[reason] = int((~mask).sum())
    return frame[mask]


def _clusters(frame: pd.DataFrame, cluster: str | None) -> pd.Series:
    """Clusters as text; policy clusters that share a place are joined, so that no place is split between two."""
    if cluster is None:
        return pd.Series(np.arange(len(frame)), index=frame.index)
    if cluster == "policy_cluster" and "jurisdiction" in frame:
        return joined_clusters(frame).astype("str")
    return frame[cluster].astype("str") if not pd.api.types.is_numeric_dtype(frame[cluster]) else frame[cluster]
