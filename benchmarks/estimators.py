"""One estimator of one package, timed in a process of its own on columns that every package reads at the same cost.

``... estimators write FOLDER PEOPLE`` draws the people; ``... timed TASK FOLDER RUNS PACKAGE`` prints the processor's
seconds of each run, after one on two thousand people, and this project's numbers. ``survival.R`` prints the same of R.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

CAUSE, DAY, DAYS = "rearrest", 365, 730
FACTORS = {"five": 5, "four": 4, "three": 3, "two": 2, "stratum": 2}
HAZARDS = {"died": 0.00002, "ice_custody": 0.0003, CAUSE: 0.0008}


def write(folder: str, people: str) -> None:
    """Draw people followed 1 to 730 days, and events that some have again, and write one binary file a column."""
    n = int(people)
    rng = np.random.default_rng([20_180_615, n])
    columns = {name: rng.integers(1, levels + 1, n) for name, levels in FACTORS.items()}
    age, five = 18 + 40 * rng.random(n), columns["five"]
    ratio = np.exp(0.1 * five - 0.15 * columns["four"] + 0.2 * columns["three"] + 0.3 * columns["two"] - 0.02 * age)
    waits = [np.ceil(rng.exponential(1 / (hazard * (ratio if c == CAUSE else 1)), n)) for c, hazard in HAZARDS.items()]
    until, first = rng.integers(1, DAYS + 1, n), np.min(waits, axis=0)
    columns["days"] = days = np.minimum(first, until).astype(int)
    columns["event"] = np.where(first <= until, 1 + np.argmin(waits, axis=0), 0)  # 0: censored
    person = np.repeat(np.flatnonzero(days >= 2), 2)  # two intervals each, the first of which may end in an event
    half, second = days[person] // 2, np.arange(len(person)) % 2 == 1
    start, stop, hit = np.where(second, half, 0), np.where(second, days[person], half), ~second & (five[person] >= 3)
    for name, values in {**columns, "id": person, "start": start, "stop": stop, "hit": hit}.items():
        values.astype("<i4").tofile(Path(folder, name))
    age.tofile(Path(folder, "age"))


def read(folder: Path, task: str) -> pd.DataFrame:
    """Return the columns that a task needs, labels as categories."""
    names = ("id", "start", "stop", "hit") if task == "mean cumulative" else ("days", "event", *FACTORS)
    frame = pd.DataFrame({name: np.fromfile(folder / name, "<i4") for name in names}, copy=False)
    if "event" in frame:
        frame["event"] = pd.Categorical.from_codes(frame["event"].to_numpy() - 1, categories=list(HAZARDS))
        frame["age"] = np.fromfile(folder / "age", "<f8")
        frame = frame.astype(dict.fromkeys(FACTORS, "category"))
    return frame


def tasks(package: str, d: pd.DataFrame) -> dict:
    """Return a package's estimators of a frame, as far as it has them; arrays are made before the clock starts."""
    if package == "analysis":
        import analysis as an

        return {
            "Kaplan-Meier": lambda: an.kaplan_meier(an.life_table(d, by="stratum"), CAUSE),
            "Aalen-Johansen": lambda: an.cumulative_incidence(an.life_table(d, by="stratum"), CAUSE),
            "log-rank": lambda: an.log_rank(an.life_table(d, by="stratum"), CAUSE),
            "Cox": lambda: an.cox(d, "five + four + three + two", cause=CAUSE, strata="stratum"),
            "Cox, continuous": lambda: an.cox(d, "age + five", cause=CAUSE),
            "mean cumulative": lambda: an.mean_cumulative(d, id="id", time="stop", event="hit", entry="start"),
        }
    if "days" not in d or not find_spec(package):
        return {}
    days, hit, codes = d["days"].to_numpy(float), (d["event"] == CAUSE).to_numpy(), d["event"].cat.codes.to_numpy() + 1
    strata = [(d["stratum"] == level).to_numpy() for level in d["stratum"].cat.categories]
    each = [(days[here], hit[here], codes[here].astype(int)) for here in strata]
    matrix = pd.get_dummies(d[["age", "five"]], drop_first=True, dtype=float)
    if package == "lifelines":
        from lifelines import CoxPHFitter, KaplanMeierFitter
        from lifelines.statistics import logrank_test

        return {
            "Kaplan-Meier": lambda: [KaplanMeierFitter().fit(time, seen) for time, seen, _ in each],
            "log-rank": lambda: logrank_test(each[0][0], each[1][0], each[0][1], each[1][1]),
            "Cox, continuous": lambda: CoxPHFitter().fit(matrix.assign(days=days, hit=hit), "days", "hit"),
        }
    if package == "statsmodels":
        from statsmodels.duration.survfunc import SurvfuncRight, survdiff

        return {"Kaplan-Meier": lambda: [SurvfuncRight(time, seen) for time, seen, _ in each],
                "log-rank": lambda: survdiff(days, hit, strata[1])}  # fmt: skip
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator
    from sksurv.util import Surv

    ci, outcome = {"conf_type": "log-log"}, Surv.from_arrays(hit, days)
    return {
        "Kaplan-Meier": lambda: [kaplan_meier_estimator(seen, time, **ci) for time, seen, _ in each],
        "Aalen-Johansen": lambda: [cumulative_incidence_competing_risks(code, time, **ci) for time, _, code in each],
        "Cox, continuous": lambda: CoxPHSurvivalAnalysis(ties="efron").fit(matrix.to_numpy(), outcome),
    }


def numbers(found: object) -> list[float]:
    """Return what is held against R's: estimates and errors after a year, coefficients, the test's statistic."""
    import analysis as an

    if hasattr(found, "statistic"):
        return [found.statistic]
    if "mean" in (rows := getattr(found, "table", found)):
        rows = rows[rows["time"] <= DAY].tail(1)
    elif rows is found:
        rows = an.at(found, DAY)
    names = rows.columns.intersection(["coef", "mean", "survival", "incidence", "se"])
    return rows[names].to_numpy().T.ravel().tolist()


def timed(task: str, folder: str, runs: str, package: str) -> None:
    """Print what one estimator of one package took and found; no seconds where the package has no such thing."""
    frame, seconds = read(Path(folder), task), []
    if first := tasks(package, frame.head(2_000)).get(task):
        first()
        estimate = tasks(package, frame)[task]
        for _ in range(int(runs)):
            started = time.process_time()
            found = estimate()
            seconds.append(time.process_time() - started)
    print(json.dumps({"seconds": seconds, "numbers": numbers(found) if package == "analysis" else []}))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
