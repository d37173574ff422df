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

SECONDS, TIMES = 20, 20  # for 600,000 detainers on two processors; shared against one by one
ASKED = "sanctuary_repeat"
DATASET = """title = "Look-alike"
kind = "synthetic"
source = "drawn for timing"
data_end = { detainers = 2026-02-28, exits = 2026-01-31 }
[[files]]
table = "detainers"
path = "detainers.parquet"
format = "deportation-data-project"
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("specifications")
    group.add_argument("--spec-rows", type=int, default=600_000, help="detainers behind the curve (default: 600000)")
    group.add_argument("--spec-singly", type=int, default=4, help="specifications computed one by one (default: 4)")


def run(options: argparse.Namespace) -> tuple[dict, bool]:
    """Measure and print; what was found, and whether the target was met."""
    with tempfile.TemporaryDirectory(prefix="analysis-bench-") as folder:
        home, before = Path(folder), os.environ.get("ANALYSIS_HOME")
        os.environ["ANALYSIS_HOME"] = folder
        try:
            found = _measured(options, home)
        finally:
            os.environ.pop("ANALYSIS_HOME")
            if before is not None:
                os.environ["ANALYSIS_HOME"] = before
    targets = [
        {"what": "times faster than one by one", "found": found["ratio"], "at_least": TIMES},
        {"what": "seconds for a thousand specifications", "found": found["seconds_a_thousand"], "at_most": SECONDS},
    ]
    met = found["ratio"] >= TIMES and found["seconds_a_thousand"] <= SECONDS
    about = (
        f"{found['specifications']:,} specifications of the difference between rules for {found['detainers']:,} detainers that share "
        f"their counts, beside {found['singly']} of them computed one by one, on {os.cpu_count()} processors."
    )
    print(
        f"{about} Shared {found['seconds']:.1f} s, {found['seconds_each']:.2f} s each one by one: {found['ratio']:.0f} times"
    )
    return {"specifications": {"about": about, "rows": [found], "targets": targets, "met": met}}, met


def _measured(options: argparse.Namespace, home: Path) -> dict[str, float]:
    from analysis.claims.differences import difference_curve
    from analysis.data.dataset import open_dataset
    from analysis.synthetic.lookalike import write_lookalike

    raw = home / "data" / "raw"
    shutil.copytree(options.root / "data" / "raw" / "published", raw / "published")
    (raw / "alike").mkdir()
    (raw / "alike" / "dataset.toml").write_text(DATASET, encoding="utf-8")
    write_lookalike(raw / "alike" / "detainers.parquet", options.spec_rows)
    ds = open_dataset("alike")
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
    each = (time.perf_counter() - start) / len(chosen)
    return {
        "detainers": options.spec_rows, "specifications": len(curve), "seconds": round(shared, 2), "singly": len(chosen),
        "seconds_each": round(each, 3), "seconds_a_thousand": round(1000 * shared / len(curve), 2),
        "ratio": round(each * len(curve) / shared, 1),
    }  # fmt: skip


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
