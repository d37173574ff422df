"""``make check``: what a dataset would become, and what in it cannot be right, looked for in its built tables.

In: a spec and the folder of its processed tables. Out: a `Review`. All counting is done by the query engine; what comes out
of it is a few lines a file, table and year. Counts in warnings are rounded where the run rounds, since a page shows them.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatch
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.build import build_into
from analysis.data.engine import read, scratch
from analysis.data.jurisdictions import name_of
from analysis.data.place_names import counties, county_code, state_codes
from analysis.data.rounding import rounded
from analysis.data.sources import locate
from analysis.data.spec import Spec
from analysis.data.tables import TABLES

if TYPE_CHECKING:
    import duckdb

STARTS, EVENTS = ("releases", "detainers"), ("arrests", "exits")  # tables from which people are followed, and to which
ENDS = {"arrests": "arrested", "exits": "date", "detainers": "prepared"}  # what data_end speaks of
LITTLE = 0.10  # of the people of either table are in both: little in common
CONFLICT = 0.10  # of the ids in common with different births or sexes: different people
ONE_ID, FEWEST = 0.01, 20  # an id that holds this share of the rows, and so many, is hardly a person
LATE_DAYS = 60  # from the last day in the records to the data end
ONE_DAY, ROWS, DAYS = 0.05, 50, 60  # a day with this share of the rows, and so many, among so many days is hardly a day
PLACEHOLDERS = ("1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31")
ADULT, LONG = 18, 60  # years: half of the days so far back are births; no records reach so far back
AGES = (10, 110)  # of people at an event
PERSON = {  # what is compared of people: the value, and where it is known
    "birth_year": ("birth_year::INT", "TRUE"),
    "sex": ("sex::VARCHAR", "sex::VARCHAR <> 'unknown'"),
    "jurisdiction": ("jurisdiction::VARCHAR", "length(jurisdiction::VARCHAR) = 5"),
}
SHOWN = 10  # of a list whose length a file decides


@dataclass(frozen=True)
class Review:
    """What was found: ``lines`` to print, ``wrong`` what cannot be right, ``warnings`` what a reader of the pages should know."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@contextmanager
def tried(spec: Spec) -> Iterator[tuple[Path, Path]]:
    """Build a dataset in a temporary folder; give its processed and its private folder there, which then go.

    Raises InputError as a build does. Nothing of the project is touched.
    """
    folder = Path(tempfile.mkdtemp(prefix="analysis-"))
    try:
        target, private = (folder / "data" / kind / spec.name for kind in ("processed", "private"))
        build_into(spec, locate(spec), target, private)
        yield target, private
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def review(spec: Spec, processed: Path, private: Path | None = None) -> Review:
    """Return what the tables of a dataset hold and what in them stands out.

    ``private`` is the build's own folder of what is not published: where it is given, lines quote the first row set aside.
    """
    backend, found = scratch(), Review()
    try:
        seen = _Seen(spec, processed, private, backend, found)
        for look in (
            seen.rows, seen.files, seen.near_ids, seen.shared_ids, seen.follows, seen.id_spaces, seen.heavy_ids, seen.places, seen.days, seen.data_ends, seen.todo,
        ):  # fmt: skip
            look()
    finally:
        backend.disconnect()
    return found


class _Seen:
    """What is asked of the tables of one dataset; rows by day and people by file are counted once, for all questions."""

    def __init__(self, spec: Spec, processed: Path, private: Path | None, backend: object, found: Review) -> None:
        self.spec, self.processed, self.private, self.con, self.near = spec, processed, private, backend.con, {}
        self.say, self.wrong, self.warn = found.lines.append, found.wrong.append, found.warnings.append
        there = {name: processed / f"{name}.parquet" for name in TABLES}
        views = {name: read(path, backend) for name, path in there.items() if path.is_dir()}
        self.views = {name: f'"{view.get_name()}"' for name, view in views.items()}
        self.columns = {name: view.columns for name, view in views.items()}
        self.con.execute(
            """CREATE TEMP TABLE days (tbl VARCHAR, col VARCHAR, file VARCHAR, day DATE, n BIGINT);
            CREATE TEMP TABLE people (tbl VARCHAR, file VARCHAR, who UBIGINT, born INT, born_to INT, sex VARCHAR, sex_to VARCHAR,
            place VARCHAR, place_to VARCHAR)"""
        )
        for table, view in self.views.items():
            for col in self.dates(table):
                counted = f"SELECT '{table}', '{col}', source_file, {col}::DATE, count(*) FROM {view}"
                self.con.execute(f"INSERT INTO days {counted} WHERE {col} IS NOT NULL GROUP BY ALL")
            if "person_id" in self.columns[table]:
                here = [(*said, name in self.columns[table]) for name, said in PERSON.items()]
                ends = [
                    f"{end}({value}) FILTER (WHERE {known})" if there else "NULL"
                    for value, known, there in here for end in ("min", "max")
                ]  # fmt: skip
                counted = f"SELECT '{table}', source_file, hash(person_id::VARCHAR), {', '.join(ends)} FROM {view}"
                self.con.execute(f"INSERT INTO people {counted} WHERE person_id IS NOT NULL GROUP BY ALL")

    def dates(self, table: str) -> list[str]:
        return [col for col in TABLES[table].dates if col in self.columns[table]]

    def sql(self, query: str, *values: object) -> list[tuple]:
        return self.con.execute(query, list(values)).fetchall()

    def frame(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.processed / f"{name}.parquet")

    def rows(self) -> None:
        """Say what is kept and set aside by file, sheet and reason, and what becomes of columns and values."""
        first = self.examples()
        for (file, sheet, table), part in self.frame("quality").groupby(["source_file", "source_sheet", "table"]):
            n, kept, aside = (int(part[name].sum()) for name in ("rows_in", "kept", "set_aside"))
            where = f"{file}, sheet '{sheet}'" if sheet else file
            where += "".join(f" ({layout})" for layout in part["layout"].unique() if layout)
            self.say("")
            self.say(f"{where} -> {table}: {n:,} rows in = {kept:,} kept + {aside:,} set aside")
            for why in part[part["set_aside"] > 0].sort_values("set_aside", ascending=False).itertuples():
                example = first.get((table, file, sheet, why.column, why.reason), "")
                self.say(f"    {why.set_aside:,} set aside: {why.column or 'row'} {why.reason}{example}")
                if why.reason.endswith("change places"):
                    said = f"{where}: {rounded(int(why.set_aside)):,} of {why.column} can be read only where day and month change places"
                    self.warn(f"{said}, so the others may be read as another day. Is the order in date = [...] right?")
        columns = self.frame("columns")
        for use, part in columns[~columns["use"].str.startswith("mapped")].groupby("use", sort=False):
            filled = part.groupby("column", sort=False)["filled"].sum()
            named = [f"{header} ({n:,} filled)" for header, n in filled.items() if n]
            none = [f"{len(filled) - len(named)} with no value"] if len(named) < len(filled) else []
            self.say("")
            self.say(f"Columns {use}: {', '.join(named + none)}")
        every = self.private / "unknown_values.csv" if self.private else None  # beside the tables: of 10 or more rows
        unknown = pd.read_csv(every, dtype="str", keep_default_na=False) if every else self.frame("unknown")
        for row in unknown.astype({"rows": "int64"}).nlargest(20, "rows").itertuples():
            self.say(f"    {row.table}.{row.column}: '{row.value}' became unknown in {row.rows:,} rows")
        for row in self.frame("changed").itertuples():
            self.say(f"    {row.table}.{row.column}: {row.rows:,} values {row.what}, made missing")

    def examples(self) -> dict[tuple, str]:
        """Return the first row set aside for each reason, and what was found there."""
        file = self.private / "set_aside.parquet" if self.private else None
        if not (file and file.is_file()):
            return {}
        self.con.from_parquet(str(file)).create_view("aside")
        rows = self.sql(
            """SELECT "table", source_file, source_sheet, "column", reason, min(source_row),
            arg_min(CASE WHEN "column" = '' THEN raw ELSE coalesce(found, '') END, source_row) FROM aside GROUP BY ALL"""
        )
        said = [(tuple(key), row, " ".join(found.split())[:80]) for *key, row, found in rows]
        return {key: f" (first: row {row}" + (f", found '{found}')" if found else ")") for key, row, found in said}

    def files(self) -> None:
        """Say for each file people, and first and last day and rows by year of every date."""
        people = {tuple(of): n for *of, n in self.sql("SELECT tbl, file, count(*) FROM people GROUP BY ALL")}
        years: dict[tuple, list] = {}
        query = "SELECT tbl, file, col, min(day), max(day), year(day), sum(n) FROM days GROUP BY ALL ORDER BY 4"
        for table, file, col, *span in self.sql(query):
            years.setdefault((table, file, col), []).append(span)
        self.say("")
        for table, view in self.views.items():
            for (file,) in self.sql(f"SELECT DISTINCT source_file FROM {view} ORDER BY 1"):
                who = people.get((table, file))
                self.say(f"{table} of {file}: {f'{who:,} people' if who else 'no person_id'}")
                for col in self.dates(table):
                    if spans := years.get((table, file, col)):
                        by_year = ", ".join(f"{year}: {int(n):,}" for *_, year, n in spans)
                        self.say(f"    {col} {spans[0][0]} to {spans[-1][1]}; rows by year {by_year}")

    def shared_ids(self) -> None:
        """Say the share of ids in common for each pair of tables, and which file of events has less than the others."""
        self.con.execute("CREATE TEMP TABLE person AS SELECT DISTINCT tbl, who FROM people")
        people = dict(self.sql("SELECT tbl, count(*) FROM person GROUP BY 1"))
        rows = self.sql("SELECT a.tbl, b.tbl, count(*) FROM person a JOIN person b USING (who) GROUP BY ALL")
        both = {(a, b): n for a, b, n in rows}
        for a, b in combinations([name for name in TABLES if name in people], 2):
            n, m, k = people[a], people[b], both.get((a, b), 0)
            self.say(f"{a} and {b}: {k:,} ids in common, {_share(k, n)} of {n:,} people and {_share(k, m)} of {m:,}")
            said = f"{a} and {b} have {rounded(k):,} person_id in common, of {rounded(n):,} and {rounded(m):,}"
            if not k and {a, b} & {*STARTS} and {a, b} & {*EVENTS}:
                mends = self.near.get(frozenset((a, b)), "Map the same identifier in both.")
                said += f": nobody is followed from one to the other. {mends}"
                self.wrong(said)
            if max(k / n, k / m) < LITTLE:
                self.warn(said if not k else f"{said}: are both written alike, and of the same people?")
        by_file = self.sql(
            """SELECT e.tbl, e.file, count(*), count(s.who) FROM people e LEFT JOIN (SELECT DISTINCT who FROM person WHERE list_contains(?, tbl)) s
            USING (who) WHERE list_contains(?, e.tbl) GROUP BY ALL ORDER BY ALL""",
            STARTS, EVENTS,
        )  # fmt: skip
        for table, file, n, k in by_file:
            m, rest = (sum(row[i] for row in by_file if row[0] == table and row[1] != file) for i in (2, 3))
            if m and n >= FEWEST and k / n < rest / m / 2:
                said = f"{file}: {_share(k, n)} of its {rounded(n):,} people in {table} are among those followed"
                self.warn(f"{said}, of the other files' {_share(rest, m)}: are its ids written as theirs?")

    def follows(self) -> None:
        """Point out arrests of which none of a person's follows the day on which the person is first followed."""
        for table, col in (("releases", "released"), ("detainers", "released"), ("detainers", "prepared")):
            if not {col, "person_id"} <= {*self.columns.get(table, ())} or "arrests" not in self.views:
                continue
            n, later = self.sql(
                f"""SELECT count(*), count(*) FILTER (WHERE last >= first) FROM
                (SELECT person_id, min({col}) AS first FROM {self.views[table]} GROUP BY 1 HAVING first IS NOT NULL) JOIN
                (SELECT person_id, max(arrested) AS last FROM {self.views["arrests"]} GROUP BY 1) USING (person_id)"""
            )[0]
            if n and not later:
                self.warn(
                    f"of {rounded(n):,} people in {table} and arrests none was arrested on or after {table}.{col}: is it the right column?"
                )
            if n:
                return

    def id_spaces(self) -> None:
        """Point out ids that occur under different places, births or sexes: two counties may each count from 1."""
        files = [file for (file,) in self.sql("SELECT DISTINCT file FROM people")]
        self.con.execute("CREATE TEMP TABLE blocks (file VARCHAR, block VARCHAR)")
        for file in files:  # the ids of one block are of one space
            own = (source.package or source.download for source in self.spec.sources)
            block = next((name for name in own if fnmatch(file, name)), file)
            self.con.execute("INSERT INTO blocks VALUES (?, ?)", [file, block])
        ends = ", ".join(f"min({name}) AS {name}, max({name}_to) AS {name}_to" for name in ("born", "sex", "place"))
        known = f"SELECT block, who, {ends} FROM people JOIN blocks USING (file) GROUP BY ALL"
        self.con.execute(f"CREATE TEMP TABLE known AS {known}")
        rows = self.sql("SELECT block, min(place), max(place_to) FROM known GROUP BY 1")
        one_place = {block: place if place == last else None for block, place, last in rows}
        counts = """count(*), count(*) FILTER (WHERE {0}), count(*) FILTER (WHERE a.born + b.born > 0), count(*) FILTER (WHERE {1}),
            count(*) FILTER (WHERE a.sex || b.sex <> '') FROM known a"""
        born = "greatest(a.born, b.born) > least(a.born_to, b.born_to) + 1"  # an age gives a year or the next
        between = counts.format(born, "a.sex_to < b.sex OR b.sex_to < a.sex")
        between = f"SELECT a.block, b.block, {between} JOIN known b ON a.who = b.who AND a.block < b.block GROUP BY ALL ORDER BY ALL"
        within = counts.format("a.born_to > a.born + 1", "a.sex <> a.sex_to").replace("b.", "a.")
        within = f"SELECT a.block, a.block, {within} GROUP BY ALL ORDER BY ALL"
        for a, b, n, *counts in [*self.sql(between), *self.sql(within)]:
            places = [one_place[block] for block in (a, b)]
            named = [f"places ({', '.join(places)})"] if None not in places and len({*places}) == 2 else []
            for what, two, both in (("births", *counts[:2]), ("sexes", *counts[2:])):
                named += [what] if two > max(1, CONFLICT * both) else []
            where = f"occur in both {a} and {b}" if a != b else f"of {a}, many of which occur"
            said = f"{rounded(n):,} person_id {where} under different {', '.join(named)}: are they the same people?"
            if named:
                self.warn(f'{said} Counties with ids of their own need a [[files]] block each, with ids = "...".')

    def near_ids(self) -> None:
        """Point out ids that would match but for how they are written; the build counts them, since it alone sees them raw."""
        for row in self.frame("ids").itertuples() if (self.processed / "ids.parquet").is_file() else ():
            zeros = f'say person_id = {{ from = "{row.header}", digits = {row.digits} }}'
            first = f"say person_id = {{ from = \"{row.header}\", key = '[0-9A-Za-z-]+' }} in both"
            mends = {"leading zeros": zeros, "an apostrophe": first, '".0"': first}.get(
                row.kind, "write them alike in all files"
            )
            where = f"others of {row.table}" if row.table == row.other else f"those of {row.other}"
            said = f"{row.table}: {rounded(row.people):,} ids ({row.header}) would match {where} but for {row.kind}: {mends}."
            self.near[frozenset((row.table, row.other))] = said
            self.warn(said)

    def heavy_ids(self) -> None:
        """Point out identifiers that hold more rows than a person can."""
        for table, view in self.views.items():
            (total,) = self.sql(f"SELECT count(*) FROM {view}")[0]
            for col in (col for col in self.columns[table] if TABLES[table].columns.get(col) == "id"):
                query = f"SELECT count(*) FROM {view} WHERE {col} IS NOT NULL GROUP BY hash({col}) HAVING count(*) >= ? ORDER BY 1 DESC LIMIT ?"
                for (n,) in self.sql(query, max(FEWEST, int(ONE_ID * total) + 1), SHOWN):
                    said = f"{table}: one {col} holds {rounded(n):,} of {rounded(total):,} rows ({_share(n, total)})"
                    self.warn(f"{said}. If it means that there is none, name it in nulls.")

    def places(self) -> None:
        """Refuse codes that are no place, with the code of a county's name where it is one."""
        own = self.spec.place_names
        known = {fips for names in counties().values() for fips in names.values()} | {*state_codes().values()}
        known |= {*own, *(code[:2] for code in own)}
        for table in (table for table in self.views if "jurisdiction" in self.columns[table]):
            query = f"SELECT jurisdiction::VARCHAR, count(*) FROM {self.views[table]} WHERE jurisdiction IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
            found = self.sql(query)
            right = [f"{code} {name_of(code, own)} {n:,}" for code, n in found if code in known]
            bad = [(code, n) for code, n in found if code not in known]
            if right:
                self.say(f"places of {table}: {_few(right)}")
            if bad:
                named = [f"'{code}' ({n:,} rows{_meant(code)})" for code, n in bad[:SHOWN]]
                said = f"{table}.jurisdiction is no place: {_few(named + bad[SHOWN:])}"
                self.wrong(f'{said}. Map FIPS codes (as = "county name" reads names), or name it in place_names.')

    def days(self) -> None:
        """Point out days that are hardly days: stand-ins, and dates of birth or numbers read as dates."""
        last = max(self.spec.data_end.values(), default=None) or self.sql("SELECT max(day) FROM days")[0][0]
        for table, col, day, n, total in self.sql(
            """SELECT tbl, col, day, n, total FROM (SELECT tbl, col, day, sum(n) AS n, sum(sum(n)) OVER w AS total, count(*) OVER w AS many
            FROM days GROUP BY tbl, col, day WINDOW w AS (PARTITION BY tbl, col))
            WHERE list_contains(?, day::VARCHAR) OR (n > ? * total AND n >= ? AND many >= ?) ORDER BY ALL""",
            PLACEHOLDERS, ONE_DAY, ROWS, DAYS,
        ):  # fmt: skip
            said = f"{table}.{col}: {rounded(int(n)):,} of {rounded(int(total)):,} rows are of {day}"
            self.warn(f"{said}: if that day stands for none, name it in nulls.")
        for table, col, n, adult, long, first in self.sql(
            """SELECT tbl, col, sum(n), sum(n) FILTER (WHERE day < ?::DATE - to_years(?)), sum(n) FILTER (WHERE day < ?::DATE - to_years(?)), min(day)
            FROM days WHERE NOT list_contains(?, day::VARCHAR) GROUP BY ALL ORDER BY ALL""",
            last, ADULT, last, LONG, PLACEHOLDERS,
        ):  # fmt: skip
            if (adult or 0) > n / 2:
                said = f"{_share(adult, n)} of its days lie over {ADULT} years before {last}: is it a date of birth?"
                self.warn(f"{table}.{col}: {said}")
            elif long:
                said = f"{rounded(int(long)):,} days lie over {LONG} years before {last}, the first on {first}: are they dates?"
                self.warn(f"{table}.{col}: {said}")
        for table, view in self.views.items():
            for col in self.dates(table) if "birth_year" in self.columns[table] else ():
                ages = f"SELECT year({col}::DATE) - birth_year AS age FROM {view}"
                query = f"SELECT count(*) FILTER (WHERE age NOT BETWEEN ? AND ?), count(age) FROM ({ages})"
                n, known = self.sql(query, *AGES)[0]
                if n > ONE_ID * known:
                    said = f"{rounded(n):,} of {rounded(known):,} people were under {AGES[0]} or over {AGES[1]}"
                    self.warn(f"{table}.{col}: {said} years old: is birth_year a year, and the day no other one?")

    def data_ends(self) -> None:
        """Point out a data end long after the last day on record, before it, or missing."""
        query = "SELECT tbl, col, max(day) FROM days WHERE tbl IN (SELECT tbl FROM people) GROUP BY ALL ORDER BY ALL"
        for table, col, last in (row for row in self.sql(query) if ENDS.get(row[0]) == row[1]):
            end, said = self.spec.data_end.get(table), f"the last {table}.{col} ({last})"
            if end is None:
                said = f"data_end has no date for {table}, and a report that needs them is not built"
                self.warn(f"{said}: add the last day on which one could have been seen.")
            elif end > last + timedelta(days=LATE_DAYS):
                said = f"data_end.{table} = {end}, {(end - last).days:,} days after {said}"
                self.warn(f"{said}: people count as followed until then.")
            elif end < last:
                (n,) = self.sql("SELECT sum(n) FROM days WHERE tbl = ? AND col = ? AND day > ?", table, col, end)[0]
                self.warn(f"data_end.{table} = {end} is before {said}: {rounded(int(n)):,} are left out.")

    def todo(self) -> None:
        """Refuse what is still to be written where it would be published, and say where else there is any."""
        if keys := " and ".join(self.spec.todo):
            self.wrong(f"dataset.toml: {keys} would be published as TODO. Write what it should say.")
        for number, line in enumerate(self.spec.file.read_text(encoding="utf-8").splitlines(), 1):
            if "TODO" in line:
                self.say(f"dataset.toml line {number}: {line.strip()}")


def nearly_equal(con: "duckdb.DuckDBPyConnection", texts_table: str) -> pd.DataFrame:
    """Return how many ids would match those of another table, or others of their own, but for how they are written.

    ``texts_table`` is a DuckDB table of the distinct identifiers of people as written: ``space`` (the id space, '' for none),
    ``table``, ``header``, ``text``. Out, one row each: table and header (of the ids to mend), other (the table that they would
    match), kind (blanks, case, an apostrophe, ".0", leading zeros: the last that keeps them apart), people (distinct ids) and
    digits (of the longest that they would match). No identifier comes out.
    """
    kinds = ("blanks", "case", "an apostrophe", '".0"', "leading zeros")
    cases = " ".join(f"WHEN a.s{i} = b.s{i} THEN '{kind}'" for i, kind in enumerate(kinds, 1))
    # to mend is the shorter where zeros are lost, the longer where something is too many, else that of the later table
    return con.execute(
        rf"""WITH steps AS (
            SELECT *, regexp_replace(text, '\s', '', 'g') AS s1, lower(s1) AS s2, regexp_replace(s2, '[''`’‘]', '', 'g') AS s3,
                regexp_replace(s3, '\.0+$', '') AS s4, CASE WHEN regexp_full_match(s4, '[0-9]+') THEN ltrim(s4, '0') ELSE s4 END AS s5
            FROM "{texts_table}"),
        near AS (SELECT * FROM steps JOIN (SELECT space, s5 FROM steps GROUP BY ALL HAVING min(text) <> max(text)) USING (space, s5)),
        pairs AS (
            SELECT a."table", a.header, b."table" AS other, CASE {cases} END AS kind, a.space, a.text, length(b.text) AS longest
            FROM near a JOIN near b ON a.space = b.space AND a.s5 = b.s5 AND a.text <> b.text
            WHERE CASE WHEN a.s4 <> b.s4 THEN length(a.s4) < length(b.s4) WHEN length(a.text) <> length(b.text) THEN length(a.text) > length(b.text)
                ELSE (a."table", a.text) > (b."table", b.text) END)
        SELECT "table", header, other, kind, count(DISTINCT (space, text)) AS people, max(longest) AS digits FROM pairs p
        WHERE "table" = other OR NOT EXISTS (SELECT 1 FROM near n WHERE n."table" = p.other AND n.space = p.space AND n.text = p.text)
        GROUP BY ALL ORDER BY ALL"""
    ).df()


def _share(k: float, n: float) -> str:
    return f"{min(rounded(int(k)) / rounded(int(n)), 1):.1%}"


def _few(texts: Sized) -> str:
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _meant(code: str) -> str:
    """Return what a text that is no code may have meant: a county by its name, or a code that lost its zero."""
    digits = code.removesuffix(".0")
    if digits.isdecimal():
        whole = digits.zfill(2 if len(digits) < 3 else 5)
        found = [f"{whole}, {name_of(whole)}"] if whole != code and "jurisdiction" not in name_of(whole) else []
    else:
        states = {fips: name for name, fips in state_codes().items() if len(name) == 2 and name.isalpha()}
        last = code.rpartition(",")[2].strip().upper()
        wanted = [fips for fips, name in states.items() if name == last] or states
        found = [f"{county} ({states[fips]})" for fips in wanted if (county := county_code(code, fips))]
    return f": {_few(found)}?" if found else ""
