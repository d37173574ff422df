"""Detainers of invented people straight in canonical form, at any size, for measuring what comes after the raw files.

The shares (people with several detainers, departures, rows without an identifier, a few counties with most of the
rows) are those of ``synthetic.lookalike``. Every value is a hash of the row's number, so that the engine writes them in
batches of bounded memory and the same number of rows is always the same file. Names of counties are real, so
that policies can be looked up; no row describes a real person.
"""

from datetime import date
from importlib.resources import files
from pathlib import Path

from analysis.bench.projects import DATASET

START, SURGE, END = date(2022, 10, 1), date(2025, 1, 20), date(2026, 3, 10)

# 25 rows hold 20 people: 16 with one detainer, 3 with two and 1 with three. Rows are spread over the file, so
# that the detainers of one person do not lie side by side.
_DETAINERS = """
COPY (
    WITH numbered AS (
        SELECT i + 1 AS row, (i * {step}) % {rows} AS j FROM range({rows}) AS t(i)
    ), placed AS (
        SELECT row, j, j % 25 AS slot, 20 * (j // 25) + CASE WHEN j % 25 < 16 THEN j % 25 WHEN j % 25 < 22
            THEN 16 + (j % 25 - 16) // 2 ELSE 19 END AS person,
            CASE WHEN j % 25 < 16 THEN 0 WHEN j % 25 < 22 THEN (j % 25 - 16) % 2 ELSE j % 25 - 22 END AS nth
        FROM numbered
    ), dated AS (
        SELECT row, j, person, nth, {u_person_a} AS u, {u_person_b} AS v,
            CASE WHEN nth = 0 THEN 0 WHEN {u_row_a} < 0.12 THEN nth - (hash(j * 64 + 20) % 2)::BIGINT
                ELSE nth * (30 + (-250 * ln(1 - {u_row_b}))::BIGINT) END AS later
        FROM placed
    ), started AS (
        SELECT *, CASE WHEN u < 0.55 THEN DATE '{surge}' + (v * {after})::INTEGER
            ELSE DATE '{start}' + (v * {before})::INTEGER END AS first FROM dated
    )
    SELECT NULL::VARCHAR AS detainer_id,
        CASE WHEN {u_person_c} < 0.13 THEN NULL ELSE md5(person::VARCHAR) END AS person_id,
        (first + (later % (DATE '{end}' - first + 1))::INTEGER)::DATE AS prepared,
        CASE WHEN {u_row_c} < 0.94 THEN 'detainer' WHEN {u_row_c} < 0.995 THEN 'notification' ELSE 'other' END AS request,
        county.fips AS jurisdiction, upper(county.name) || ' JAIL' AS facility,
        CASE WHEN {u_row_d} < 0.82 THEN 'local' WHEN {u_row_d} < 0.92 THEN 'state_prison' ELSE 'federal' END AS operator,
        county.state AS state,
        CASE WHEN {u_row_e} < 0.28 THEN 'ice_custody' WHEN {u_row_e} < 0.36 THEN 'declined' WHEN {u_row_e} < 0.5
            THEN 'lifted' ELSE 'unknown' END AS outcome,
        NULL::DATE AS released,
        CASE WHEN {u_row_f} < 0.5 THEN 'convicted' WHEN {u_row_f} < 0.85 THEN 'pending' ELSE 'other' END AS criminality,
        CASE WHEN {u_row_f} < 0.2 THEN 'driving' WHEN {u_row_f} < 0.35 THEN 'drug' WHEN {u_row_f} < 0.5 THEN 'assault'
            ELSE 'unknown' END AS charge_group,
        CASE WHEN {u_row_f} < 0.5 THEN (1 + hash(j * 64 + 21) % 3)::VARCHAR ELSE 'unknown' END AS threat_level,
        CASE WHEN {u_person_d} < 0.88 THEN 'male' WHEN {u_person_d} < 0.995 THEN 'female' ELSE 'unknown' END AS sex,
        (1950 + hash(person * 64 + 22) % 57)::DOUBLE AS birth_year,
        'SYNTHETIC COUNTRY ' || chr((65 + hash(person * 64 + 23) % 5)::INTEGER) AS citizenship,
        'synthetic.parquet' AS source_file, '' AS source_sheet, row::BIGINT AS source_row,
        nth > 0 AND later < 2 AS duplicate_likely
    FROM started JOIN county ON county.rank = least(floor(exp({u_person_e} * ln({counties} + 1)))::INTEGER, {counties})
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""
_EXITS = """
COPY (
    SELECT person_id, (prepared + (1 - 70 * ln(1 - {u_left}))::INTEGER)::DATE AS date,
        CASE WHEN {u_kind} < 0.99 THEN 'removed' ELSE 'died' END AS kind, source_file, source_sheet, source_row
    FROM '{detainers}'
    WHERE person_id IS NOT NULL AND {u_gone} < 0.35 AND prepared + (1 - 70 * ln(1 - {u_left}))::INTEGER <= DATE '{end}'
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def write_detainers(folder: Path, rows: int, memory: str = "1GB", counties: int | None = None) -> Path:
    """Write detainers.parquet and exits.parquet (departures and deaths) and return the folder.

    ``counties`` is in how many counties the detainers are; by default in any.
    """
    import duckdb

    parts = {name: folder / f"{name}.parquet" / "part-00000.parquet" for name in ("detainers", "exits")}
    for part in parts.values():
        part.parent.mkdir(parents=True, exist_ok=True)
    spill = folder / ".spill"
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(spill)}) as engine:
        engine.execute("SET preserve_insertion_order = false")
        engine.execute("SET enable_progress_bar = false")
        counties = min(_counties(engine), counties or rows)
        uniform = {
            f"u_{of}_{salt}": _uniform(column, i)
            for of, column in (("row", "j"), ("person", "person"))
            for i, salt in enumerate("abcdef")
        }
        days = {"before": (SURGE - START).days, "after": (END - SURGE).days}
        detainers = parts["detainers"]
        engine.execute(
            _DETAINERS.format(
                rows=rows, step=_coprime(rows), counties=counties, start=START, surge=SURGE, end=END,
                file=detainers, **days, **uniform,
            )
        )  # fmt: skip
        left = {f"u_{name}": _uniform("source_row", i) for i, name in enumerate(("left", "kind", "gone"), 10)}
        engine.execute(_EXITS.format(detainers=detainers, end=END, file=parts["exits"], **left))
    return folder


def _counties(engine) -> int:
    """Number the counties in an order that has nothing to do with their names, and return how many there are."""
    room = files("analysis.data")
    engine.execute(
        f"""CREATE TABLE county AS SELECT row_number() OVER (ORDER BY md5(c.fips)) AS rank, c.fips, c.name,
        s.abbreviation AS state
        FROM read_csv('{room / "places" / "counties.csv"}', all_varchar = true) AS c
        JOIN read_csv('{room / "states.csv"}', all_varchar = true) AS s ON s.fips = c.fips[1:2]"""
    )
    return engine.execute("SELECT count(*) FROM county").fetchone()[0]


def _uniform(of: str, salt: int) -> str:
    """An expression of the engine: a number from 0 to under 1 that depends on a whole number and a salt under 64."""
    return f"((hash({of} * 64 + {salt}) >> 11)::DOUBLE / 9007199254740992)"


def _coprime(rows: int) -> int:
    """A step that visits every row once, in an order far from theirs."""
    from math import gcd

    step = int(rows * 0.6180339887) | 1
    while gcd(step, rows) != 1:
        step += 2
    return step


def opened(folder: Path):
    """Return what ``write_detainers`` wrote as a dataset that cohorts can be made of."""
    from analysis.data.dataset import Dataset
    from analysis.data.spec import read_spec
    from analysis.data.state import MANIFEST

    (folder / "dataset.toml").write_text(DATASET, encoding="utf-8")
    (folder / MANIFEST).write_text("{}\n", encoding="utf-8")
    return Dataset(read_spec(folder / "dataset.toml"), folder)
