"""Time one of this project's estimators on the columns written by ``people``; run as a process of its own."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import analysis
from analysis.bench.people import read

CAUSE, DAY = "rearrest", 365


def kaplan_meier(frame: pd.DataFrame) -> pd.DataFrame:
    """From the frame to the curves of two strata."""
    return analysis.kaplan_meier(analysis.life_table(frame, by="stratum"), CAUSE)


def aalen_johansen(frame: pd.DataFrame) -> pd.DataFrame:
    """From the frame to the curves of two strata."""
    return analysis.cumulative_incidence(analysis.life_table(frame, by="stratum"), CAUSE)


def cox(frame: pd.DataFrame) -> object:
    """Factors of five, four, three and two levels, in two strata."""
    return analysis.cox(frame, "five + four + three + two", cause=CAUSE, strata="stratum")


def cox_continuous(frame: pd.DataFrame) -> object:
    """A covariate that differs between all people."""
    return analysis.cox(frame, "age + five", cause=CAUSE)


def _curve(name: str) -> Callable[[pd.DataFrame], np.ndarray]:
    return lambda curve: analysis.at(curve, DAY)[[name, "se"]].to_numpy().T.ravel()


def _coefficients(fit) -> np.ndarray:
    return fit.table[["coef", "se"]].to_numpy().T.ravel()


TASKS = {
    "none": (lambda frame: None, lambda found: np.empty(0)),
    "Kaplan-Meier": (kaplan_meier, _curve("survival")),
    "Aalen-Johansen": (aalen_johansen, _curve("incidence")),
    "Cox": (cox, _coefficients),
    "Cox, continuous": (cox_continuous, _coefficients),
}


def main(folder: str, task: str, runs: str, labels: str) -> None:
    """Print the seconds of each run and the numbers found."""
    estimate, numbers = TASKS[task]
    frame = read(Path(folder), text=labels == "text")
    estimate(frame.head(2_000))  # imports what is imported on first use
    seconds = []
    for _ in range(int(runs)):
        started = time.perf_counter()
        found = estimate(frame)
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds, "numbers": numbers(found).tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
