"""One way from canonical Parquet to a life table, timed in a process of its own: ours, SQL by hand, plain pandas, reading.

All ways answer one question: repeat detainers after a person's first, with removal and death competing, by state and
the rule in force there on that day. Each prints its seconds and a fingerprint of the life table that it found.
"""

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

END = "2026-01-31"
COLUMNS = ["state", "policy", "time", "at_risk", "censored", "died", "removed", "repeat_detainer"]
_SQL = """
WITH d AS (
    SELECT person_id, prepared, state, jurisdiction, source_row FROM '{folder}/detainers.parquet/*.parquet'
    WHERE request IN ('detainer', 'unknown') AND person_id IS NOT NULL
), m AS (
    SELECT *, prepared - lag(prepared) OVER w AS gap, row_number() OVER w AS nth
    FROM d WINDOW w AS (PARTITION BY person_id ORDER BY prepared, source_row)
), s AS (SELECT person_id, prepared, state, jurisdiction FROM m WHERE nth = 1 AND prepared <= DATE '{end}'),
h AS (
    SELECT person_id, prepared AS day, 0 AS rank FROM m WHERE gap > 30
    UNION ALL
    SELECT person_id, date, CASE kind WHEN 'removed' THEN 1 ELSE 2 END FROM '{folder}/exits.parquet/*.parquet'
    WHERE kind IN ('removed', 'died')
), f AS (
    SELECT person_id, min((day - s.prepared) * 3 + rank) AS code FROM s JOIN h USING (person_id)
    WHERE day <= DATE '{end}' AND (day > s.prepared OR (day = s.prepared AND rank > 0)) GROUP BY person_id
), r AS (
    SELECT s.state, p.policy, coalesce(f.code // 3, DATE '{end}' - s.prepared) AS time, f.code % 3 AS kind
    FROM s LEFT JOIN f USING (person_id)
    JOIN '{folder}/spans.parquet' AS p ON p.jurisdiction = s.jurisdiction AND s.prepared BETWEEN p.start AND p."end"
)
SELECT state, policy, time, (sum(count(*)) OVER (PARTITION BY state, policy ORDER BY time DESC))::BIGINT AS at_risk,
    count(*) FILTER (kind IS NULL) AS censored, count(*) FILTER (kind = 2) AS died, count(*) FILTER (kind = 1) AS removed,
    count(*) FILTER (kind = 0) AS repeat_detainer
FROM r GROUP BY state, policy, time
"""
_READ = """SELECT bit_xor(hash(person_id, prepared, state, jurisdiction, request, source_row)) FROM '{folder}/detainers.parquet/*.parquet'
UNION ALL SELECT bit_xor(hash(person_id, date, kind)) FROM '{folder}/exits.parquet/*.parquet'"""


def ours(folder: Path) -> pd.DataFrame:
    """This project's way, no table of people held in memory."""
    return _life(folder, "state")


def places(folder: Path) -> pd.DataFrame:
    """The same by jurisdiction."""
    return _life(folder, "jurisdiction")


def _life(folder: Path, by: str) -> pd.DataFrame:
    import analysis
    from analysis.bench.canonical import opened

    cohort = analysis.cohort(
        opened(folder), origin="prepared", event="repeat_detainer", competing=("removed", "died"), lazy=True
    )
    return analysis.life_table(analysis.with_policy(cohort), by=[by, "policy"])


def sql(folder: Path) -> pd.DataFrame:
    """The same in SQL, written by hand for this one question; the stretches of rules are given to it."""
    return _ask(_SQL.format(folder=folder, end=END))


def read(folder: Path) -> None:
    """Read the columns that the question needs."""
    _ask(_READ.format(folder=folder))


def plain(folder: Path) -> pd.DataFrame:
    """The same in plain pandas; the stretches of rules are given to it."""
    wanted = ["person_id", "prepared", "state", "jurisdiction", "request", "source_row"]
    return plain_life(
        _frame(folder / "detainers.parquet", wanted),
        _frame(folder / "exits.parquet", ["person_id", "date", "kind"]),
        _frame(folder / "spans.parquet", ["jurisdiction", "start", "policy"]),
    )


def plain_life(detainers: pd.DataFrame, exits: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """From canonical frames to the life table, in plain pandas. A missing state or policy is ``unknown``."""
    end = pd.Timestamp(END)
    d = detainers[detainers["request"].isin(["detainer", "unknown"]) & detainers["person_id"].notna()]
    d = d.sort_values(["person_id", "prepared", "source_row"])
    gap = d.groupby("person_id")["prepared"].diff().dt.days
    first = d.drop_duplicates("person_id")
    first = first[first["prepared"] <= end]
    again = d.loc[gap > 30, ["person_id", "prepared"]].rename(columns={"prepared": "day"}).assign(rank=0)
    exits = exits.rename(columns={"date": "day"})
    exits = exits.assign(rank=exits["kind"].map({"removed": 1, "died": 2})).dropna(subset="rank")
    then = pd.concat([again, exits[["person_id", "day", "rank"]]]).merge(
        first[["person_id", "prepared"]], on="person_id"
    )
    late = (then["day"] > then["prepared"]) | ((then["day"] == then["prepared"]) & (then["rank"] > 0))
    then = then[late & (then["day"] <= end)].sort_values(["day", "rank"]).drop_duplicates("person_id")
    rows = first.merge(then[["person_id", "day", "rank"]], on="person_id", how="left")
    rows["jurisdiction"], rows["prepared"] = (
        rows["jurisdiction"].astype("str"),
        rows["prepared"].astype("datetime64[s]"),
    )
    spans = spans.astype({"jurisdiction": "str", "policy": "str"}).sort_values("start")
    spans["start"] = pd.to_datetime(spans["start"]).astype("datetime64[s]")
    rows = pd.merge_asof(rows.sort_values("prepared"), spans, left_on="prepared", right_on="start", by="jurisdiction")
    rows["time"] = (rows["day"].fillna(end) - rows["prepared"]).dt.days
    rows["event"] = rows["rank"].map({0: "repeat_detainer", 1: "removed", 2: "died"}).fillna("censored")
    for name in ("state", "policy"):
        rows[name] = rows[name].astype("str").fillna("unknown")
    by = ["state", "policy", "time"]
    life = rows.groupby([*by, "event"], observed=True).size().unstack(fill_value=0).reset_index()
    out = life[["censored", "died", "removed", "repeat_detainer"]].sum(axis=1)
    life["at_risk"] = out[::-1].groupby([life["state"], life["policy"]]).cumsum()
    return life


def grouped(folder: Path) -> pd.DataFrame:
    """Follow-ups in Parquet to the life table of 20 strata by day."""
    import analysis
    from analysis.data.engine import parquet

    return analysis.life_table(parquet(folder / "follow_up.parquet"), by=["stratum"])


def group_by(folder: Path) -> pd.DataFrame:
    """The bare GROUP BY of the same file."""
    text = f"SELECT stratum, days, event, count(*) AS n FROM '{folder}/follow_up.parquet' GROUP BY ALL"
    return _ask(text).groupby(["stratum", "days"], as_index=False)["n"].sum()


STEPS = {
    "ours": ours, "sql": sql, "pandas": plain, "read": read, "places": places, "grouped": grouped, "group_by": group_by,
}  # fmt: skip


def fingerprint(step: str, found: pd.DataFrame | None) -> str:
    """What is compared between ways before any time is: a hash of the life table in one order."""
    if found is None or step == "places":
        return ""
    if step == "grouped":  # a row of the bare GROUP BY, all events together
        at_risk = found["at_risk"] - found.groupby("stratum")["at_risk"].shift(-1).fillna(0).astype("int64")
        found = pd.DataFrame({"stratum": found["stratum"], "days": found["time"], "n": at_risk})
    columns = ["stratum", "days", "n"] if step in ("grouped", "group_by") else COLUMNS
    table = found[columns].astype({columns[0]: "str", columns[1]: "str"} if columns is COLUMNS else {"stratum": "str"})
    table = table.sort_values(columns[:3], ignore_index=True)
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


def _ask(text: str) -> pd.DataFrame:
    import duckdb

    config = {"temp_directory": str(Path(tempfile.gettempdir()) / f"analysis-bench-spill-{os.getpid()}")}
    if limit := os.environ.get("ANALYSIS_MEMORY"):
        config["memory_limit"] = limit
    with duckdb.connect(config=config) as engine:
        engine.execute("SET enable_progress_bar = false")
        return engine.execute(text).df()


def _frame(file: Path, columns: list[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(file, columns=columns)
    for i, field in enumerate(table.schema):
        if pa.types.is_date(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.timestamp("s")))
    return table.to_pandas()


def main(folder: str, step: str, runs: str) -> None:
    """Print the seconds of each run, the processor's seconds, and the fingerprint."""
    import analysis.recidivism.life_table  # noqa: F401  imports are not on the clock

    seconds, processor, found = [], [], None
    for _ in range(int(runs)):
        started, used = time.perf_counter(), time.process_time()
        found = STEPS[step](Path(folder))
        seconds.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    print(json.dumps({"seconds": seconds, "processor": processor, "fingerprint": fingerprint(step, found)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
