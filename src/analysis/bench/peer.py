"""Time scikit-survival, where it is installed, on the columns written by ``people``; run as a process of its own."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from analysis.bench.people import read


def main(folder: str, task: str) -> None:
    """Print the seconds of one run. Its arrays are in memory before the clock starts; curves are taken by stratum."""
    frame = read(Path(folder))
    days, codes = frame["days"].to_numpy(dtype=float), frame["event"].cat.codes.to_numpy().astype(int) + 1
    hit = (frame["event"] == "rearrest").to_numpy()
    strata = [(frame["stratum"] == level).to_numpy() for level in frame["stratum"].cat.categories]
    if task == "Cox, continuous":
        from sksurv.linear_model import CoxPHSurvivalAnalysis
        from sksurv.util import Surv

        outcome = Surv.from_arrays(hit, days)
        matrix = pd.get_dummies(frame[["age", "five"]], drop_first=True, dtype=float).to_numpy()
        started = time.perf_counter()
        CoxPHSurvivalAnalysis(ties="efron").fit(matrix, outcome)
    elif task == "Kaplan-Meier":
        from sksurv.nonparametric import kaplan_meier_estimator

        started = time.perf_counter()
        for here in strata:
            kaplan_meier_estimator(hit[here], days[here], conf_type="log-log")
    else:
        from sksurv.nonparametric import cumulative_incidence_competing_risks

        started = time.perf_counter()
        for here in strata:
            cumulative_incidence_competing_risks(codes[here], days[here], conf_type="log-log")
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
