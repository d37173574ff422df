"""What a specification curve costs when specifications share their counts, beside the same specifications one by one.

A dataset in the layout and size of the linked detainer release is drawn and read. The difference between rules is
computed under every combination of choices; a few of the specifications are computed again, each with a cohort, a policy
and a comparison of its own. Times are of this process, after reading.
"""

import argparse
import os
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from analysis.bench.projects import NAME, write_project
from analysis.bench.result import Compared, Limit, Taken, part

SECONDS, TIMES = 20, 20  # for 600,000 detainers on two processors; shared against one by one
ASKED = "sanctuary_repeat"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("specifications")
    group.add_argument("--spec-rows", type=int, default=600_000, help="detainers behind the curve (default: 600000)")
    group.add_argument("--spec-singly", type=int, default=4, help="specifications computed one by one (default: 4)")


def run(options: argparse.Namespace) -> dict:
    """Measure and print; return what was found."""
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as folder:
        home, before = Path(folder), os.environ.get("ANALYSIS_HOME")
        os.environ["ANALYSIS_HOME"] = folder
        try:
            curve, shared, chosen, each = _measured(options, home)
        finally:
            os.environ.pop("ANALYSIS_HOME")
            if before is not None:
                os.environ["ANALYSIS_HOME"] = before
    about = (
        f"{len(curve):,} specifications of the difference between rules for {options.spec_rows:,} detainers that share their counts, "
        f"beside the same one by one (each with a cohort, policies and a comparison of its own), by {len(chosen)} of them."
    )
    size = f"{len(curve):,} specifications, {options.spec_rows:,} detainers"
    line = Compared("specification curve", size, "one by one", Taken(shared), Taken(each * len(curve)), 1 / TIMES)
    return part(about, [line], [Limit("seconds for a thousand specifications", 1000 * shared / len(curve), SECONDS)])


def _measured(options: argparse.Namespace, home: Path) -> tuple:
    """Return the curve, its seconds, the specifications computed one by one, and the seconds of each of these."""
    from analysis.claims.differences import difference_curve
    from analysis.data.dataset import open_dataset

    write_project(home, options.spec_rows)
    published = Path("data") / "raw" / "published"
    shutil.copytree(options.root / published, home / published)
    ds = open_dataset(NAME)
    for table in ("detainers", "exits"):
        ds.frame(table)
    start = time.perf_counter()
    curve = difference_curve(ds, ASKED)
    shared = time.perf_counter() - start
    # a cohort follows known people, and without likely duplicates it starts some later
    known = curve[(curve["missing_ids"] == "set_aside") & (curve["duplicates"] == "kept")]
    each_way = max(options.spec_singly // known["adjustment"].nunique(), 1)
    chosen = known.groupby("adjustment", sort=False).head(each_way)
    start = time.perf_counter()
    for _, row in chosen.iterrows():
        singly(ds, {**curve.attrs["fixed"], **row[curve.attrs["choices"]]}, curve.attrs["days"])
    return curve, shared, chosen, (time.perf_counter() - start) / len(chosen)


def singly(ds, spec: dict[str, str], horizon: int) -> float:
    """Return the difference of one specification from a cohort, a policy and a comparison of its own."""
    from analysis.claims.choices import days_of
    from analysis.claims.differences import adjusted
    from analysis.claims.governed import in_bands
    from analysis.claims.tallies import facilities
    from analysis.data.tables import EXIT_KINDS, OPERATORS
    from analysis.recidivism.cohort import cohort
    from analysis.sanctuary.contrast import read_contrast
    from analysis.sanctuary.designs import STANDARDIZED, UNADJUSTED, results
    from analysis.sanctuary.policy import with_policy

    people = cohort(
        ds, "prepared", "repeat_detainer", competing=() if spec["competing"] == "any_later" else EXIT_KINDS,
        entry_days=days_of(spec["minimum_gap"]), episode_gap=days_of(spec["episode_gap"]),
        duplicates="keep" if spec["duplicates"] == "kept" else "drop", until=min(ds.data_end.values()) - timedelta(ds.lag_days),
    )  # fmt: skip
    people["entry"] = float("nan")
    if spec["competing"] == "censored":
        people["event"] = people["event"].where(people["event"] == "repeat_detainer")
    names = adjusted(spec["adjustment"])
    people["age"] = in_bands(people["age"])
    people["stratum"] = people[names].astype("str").agg("/".join, axis=1) if names else "all"
    run_by = [OPERATORS[i] for i in facilities(spec["facilities"])]
    people = with_policy(people, spec["definition"])
    read = read_contrast(people, "policy", names and ["stratum"], "policy_cluster", horizon, ("limits", "none"), run_by)
    [found] = results(read, names and ["stratum"], 0.95, only=[STANDARDIZED if names else UNADJUSTED])
    return found.difference
