"""One way from a file to a life table, timed in a process of its own: ``... tables timed WAY FOLDER RUNS``.

Each answers one question (repeat detainers after a person's first, removal and death competing, by state and the rule in
force there) and prints its seconds and a fingerprint of what it found. Stretches of one rule are given to SQL by hand.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.lookalike import HERE, NAME

END = "2026-01-31"
COLUMNS = ["state", "policy", "time", "at_risk", "censored", "died", "removed", "repeat_detainer"]
LABELS = ("request", "outcome", "case_status", "criminality", "charge_group", "threat_level", "sex")


def ours(home: Path) -> Callable:
    """This project: tables built from the raw file where they are missing, before the clock; no people in memory."""
    import analysis as an

    ds = an.open_dataset(NAME)
    asked = {"origin": "prepared", "event": "repeat_detainer", "competing": ("removed", "died"), "lazy": True}
    return lambda: an.life_table(an.with_policy(an.cohort(ds, **asked)), by=COLUMNS[:2], unknown="unknown")[COLUMNS]


def sql(home: Path) -> Callable:
    """SQL written by hand for this one question, from canonical Parquet."""
    files = {name: f"'{home}/data/processed/{NAME}/{name}.parquet/*.parquet'" for name in ("detainers", "exits")}
    return lambda: _ask((HERE / "life_table.sql").read_text(), **files, spans=home / "spans.parquet", end=END)


def plain_pandas(home: Path) -> Callable:
    """Plain pandas for the tables (the project's rules, each row looked up by itself), SQL by hand for the life table."""
    from analysis import places
    from analysis.data.scrub import reason
    from analysis.data.spec import fold, read_source
    from analysis.data.values import states

    file = home / "data" / "raw" / NAME / "detainers.parquet"
    source = read_source({"path": file.name, "format": "deportation-data-project"}, NAME)
    rules, also = (part.columns for part in source.maps)
    wanted = {header for columns in (rules, also) for rule in columns.values() for header in rule.read}
    raw = pd.read_parquet(file, columns=sorted(wanted))

    def text(header: str) -> pd.Series:
        values = raw[header].astype("str").str.split().str.join(" ").fillna("")
        return values.mask(values.isin(source.nulls) | values.str.contains(source.redacted), "")

    def labelled(name: str, columns: dict) -> pd.Series:
        rule, values = columns[name], text(columns[name].headers[0])
        if rule.fill or rule.blank:
            values = values.where(values != "", text(rule.fill) if rule.fill else rule.blank)
        other = "unknown" if "unknown" in rule.labels else None
        known = {fold(label): label for label in rule.labels}
        known |= {key: label or other for key, label in (rule.values or {}).items()}
        return values.map(lambda one: known.get(rule.looked_up(one), other))

    table = pd.DataFrame({name: text(rules[name].headers[0]) for name in ("facility", "city", "charge", "citizenship")})
    table = table.mask(table.map(lambda one: not one or reason(one) is not None))
    table = table.assign(**{name: labelled(name, rules) for name in LABELS}, source_row=range(1, len(raw) + 1))
    table["state"] = text(rules["state"].headers[0]).map(lambda one: states().get(fold(one)))
    hashed = lambda one: hashlib.sha256(one.encode()).hexdigest()[:32] if one else None  # noqa: E731
    table["person_id"] = text(rules["person_id"].headers[0]).map(hashed)
    table["prepared"], table["birth_year"] = pd.to_datetime(raw[rules["prepared"].headers[0]]), raw["birth_year"]
    table["jurisdiction"] = places(table)["jurisdiction"]
    exits = table[["person_id"]].assign(date=pd.to_datetime(raw[also["date"].headers[0]]), kind=labelled("kind", also))
    frames = {"rows": table[table["prepared"].notna()], "left_by": exits.dropna()}
    words = {"detainers": "(SELECT * REPLACE (prepared::DATE AS prepared) FROM rows)", "spans": home / "spans.parquet",
             "exits": "(SELECT * REPLACE (date::DATE AS date) FROM left_by)", "end": END}  # fmt: skip
    return lambda: _ask((HERE / "life_table.sql").read_text(), frames, **words)


def follow_ups(home: Path) -> Callable:
    """This project: follow-up rows, as many as the folder's name says, in Parquet to the life table of 20 strata by day."""
    import analysis as an
    from analysis.data.engine import parquet

    _ask((HERE / "follow_ups.sql").read_text(), rows=home.name, file=home / "follow_ups.parquet")
    return lambda: an.life_table(parquet(home / "follow_ups.parquet"), by=["stratum"])


def group_by(home: Path) -> Callable:
    """DuckDB's bare GROUP BY of the same file: how many rows there are, and not how many were at risk."""
    text = f"SELECT stratum, days, event, count(*) AS n FROM '{home / 'follow_ups.parquet'}' GROUP BY ALL"
    return lambda: _ask(text)


def specifications(singly: str) -> None:
    """Print what a curve of specifications took, what some of them took one by one, and the largest difference between."""
    import analysis as an

    ds, both = an.open_dataset(NAME), ("removed", "died")
    started = time.perf_counter()
    curve = an.difference_curve(ds, "sanctuary_repeat")
    shared = time.perf_counter() - started
    usual = {"adjustment": "none", "facilities": "local", "missing_ids": "set_aside", "competing": "first_event",
             "episode_gap": "days_30", "duplicates": "kept"}  # fmt: skip
    gaps, started = [], time.perf_counter()
    for spec in curve[(curve[list(usual)] == pd.Series(usual)).all(axis=1)].head(int(singly)).itertuples():
        rows = {"entry_days": int(spec.minimum_gap.removeprefix("days_").replace("none", "0")), "until": END}
        people = an.with_policy(an.cohort(ds, "prepared", "repeat_detainer", competing=both, **rows), spec.definition)
        life = an.life_table(people.where("operator == 'local'").frame.assign(entry=float("nan")), by="policy")
        risk = an.at(an.cumulative_incidence(life, "repeat_detainer"), curve.attrs["days"]).set_index("policy")
        gaps.append(abs(risk.at["limits", "incidence"] - risk.at["none", "incidence"] - spec.estimate))
    each, gap = (time.perf_counter() - started) / len(gaps), max(gaps)
    print(json.dumps({"count": len(curve), "shared": shared, "each": each, "gap": gap}))


def write_spans(folder: str) -> None:
    """Write jurisdiction, start, end and policy of every place among the detainers."""
    from analysis.sanctuary.policy_file import read_policies
    from analysis.sanctuary.timeline import timeline

    detainers = Path(folder, "data", "processed", NAME, "detainers.parquet")
    places = pd.read_parquet(detainers, columns=["jurisdiction"])["jurisdiction"]
    policies = read_policies(Path(folder, "data", "raw", "published", "policies.csv"))
    spans = timeline(places.dropna().unique(), policies)[["jurisdiction", "start", "end", "policy"]]
    spans.to_parquet(Path(folder, "spans.parquet"))


def _ask(text: str, frames: dict[str, pd.DataFrame] | None = None, **words: object) -> pd.DataFrame:
    with duckdb.connect(config={"memory_limit": os.environ.get("ANALYSIS_MEMORY", "1GB")}) as engine:
        engine.execute("SET enable_progress_bar = false")
        for name, frame in (frames or {}).items():
            engine.register(name, frame)
        return engine.execute(text.format(**words)).df()


def fingerprint(found: pd.DataFrame) -> str:
    """Return a hash of a life table in one order; of follow-ups, of the rows in each stratum."""
    if "stratum" in found:
        rows = found.groupby("stratum")
        found = (rows["n"].sum() if "n" in found else rows["at_risk"].max()).reset_index(name="n")
    return hashlib.sha256(found.astype("str").sort_values(list(found.columns)).to_csv(index=False).encode()).hexdigest()


def timed(way: str, folder: str, runs: str = "1") -> None:
    """Print the fastest of some runs, by the clock and of the processors, and the fingerprint."""
    run, taken = globals()[way](Path(folder)), []
    for _ in range(int(runs)):
        started, used = time.perf_counter(), time.process_time()
        found = run()
        taken.append((time.perf_counter() - started, time.process_time() - used))
    seconds, processor = map(min, zip(*taken, strict=True))
    print(json.dumps({"seconds": seconds, "processor": processor, "found": fingerprint(found)}))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
