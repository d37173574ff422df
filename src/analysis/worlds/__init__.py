"""Run the estimators over worlds whose truth is known, and say how often each interval covers it."""

from analysis.worlds.table import SETTINGS, code_hash, coverage, run, store, stored

__all__ = ["SETTINGS", "code_hash", "coverage", "main", "run", "store", "stored"]


def main(workers: int = 2) -> int:
    """Compute the tables of intervals and of designs; 1 where one falls outside the band that it claims."""
    from analysis.worlds import designs_table

    return max(_intervals(workers), designs_table.main(workers))


def _intervals(workers: int) -> int:
    from analysis.data.state import home
    from analysis.worlds.trial import SHOWN

    table = run(workers=workers)
    path = home() / "data" / "raw" / "published" / "worlds.csv"
    store(table, path)
    print(table[["estimator", "setting", "claim", "coverage", "verdict"]].to_string(index=False))
    failed = table[(table["verdict"] != "within") & (table["claim"] != SHOWN)]
    print(f"wrote {path}: {len(table)} intervals, {len(failed)} outside the band that they claim")
    return int(len(failed) > 0)
