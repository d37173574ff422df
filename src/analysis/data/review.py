"""``make check``: what a dataset would become, and what in it cannot be right, looked for in its built tables.

In: a spec and the folder of its processed tables. Out: a `Review`. All counting is done by the query engine; what comes out
of it is a few lines a file, table and year. Counts in warnings are rounded where the run rounds, since a page shows them.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd

from analysis.data.build import build_into
from analysis.data.engine import read, scratch
from analysis.data.jurisdictions import name_of
from analysis.data.place_names import counties, county_code, state_codes
from analysis.data.rounding import rounded
from analysis.data.sources import locate
from analysis.data.spec import Spec
from analysis.data.tables import TABLES

STARTS, EVENTS = ("releases", "detainers"), ("arrests", "exits")  # tables from which people are followed, and to which
ENDS = {"arrests": "arrested", "exits": "date", "detainers": "prepared"}  # what data_end speaks of
LITTLE = 0.10  # of the people of either table are in both: little in common
CONFLICT = 0.10  # of the ids in common with different births or sexes: different people
ONE_ID, FEWEST = 0.01, 20  # an id that holds this share of the rows, and so many, is hardly a person
LATE_DAYS = 60  # from the last day in the records to the data end
ONE_DAY, ROWS, DAYS = 0.05, 50, 60  # a day with this share of so many rows on so many days is hardly a day
PLACEHOLDERS = ("1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31")
ADULT, LONG, YOUNGEST = (
    18,
    60,
    10,
)  # years: half of the days so far back are births; no records reach so far; at an event
SHOWN = 10  # of a list whose length a file decides


@dataclass(frozen=True)
class Review:
    """What was found: ``lines`` to print, ``wrong`` what cannot be right, ``warnings`` what a reader of the pages should know.

    ``in_common`` has a row for each pair of tables: table, other, people, others, both.
    """

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    in_common: pd.DataFrame = field(default_factory=pd.DataFrame)


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
    return _Looking(spec, processed, private).all()


class _Looking:
    def __init__(self, spec: Spec, processed: Path, private: Path | None) -> None:
        self.spec, self.processed, self.private, self.found = spec, processed, private, Review()
        self.backend = scratch()
        self.con = self.backend.con
        there = [table for table in TABLES.values() if (processed / f"{table.name}.parquet").is_dir()]
        views = {table.name: read(processed / f"{table.name}.parquet", self.backend) for table in there}
        self.views = {name: f'"{view.get_name()}"' for name, view in views.items()}
        self.columns = {name: set(view.columns) for name, view in views.items()}
        self.warn, self.wrong, self.say = (getattr(self.found, name).append for name in ("warnings", "wrong", "lines"))

    def all(self) -> Review:
        try:
            self.stage()
            self.rows()
            self.files()
            common = self.shared_ids()
            for look in (
                self.id_spaces,
                self.near_ids,
                self.heavy_ids,
                self.places,
                self.days,
                self.data_ends,
                self.todo,
            ):
                look()
        finally:
            self.backend.disconnect()
        return Review(self.found.lines, self.found.wrong, self.found.warnings, common)

    def sql(self, query: str, *values: object) -> list[tuple]:
        return self.con.execute(query, list(values)).fetchall()

    def frame(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.processed / f"{name}.parquet")

    def stage(self) -> None:
        """Count rows by file and day, and people by file, once: everything else is asked of these."""
        self.con.execute("CREATE TEMP TABLE days (tbl VARCHAR, col VARCHAR, file VARCHAR, day DATE, n BIGINT)")
        self.con.execute(
            "CREATE TEMP TABLE people (tbl VARCHAR, file VARCHAR, who UBIGINT, born INT, born_to INT, sex VARCHAR, "
            "sex_to VARCHAR, place VARCHAR, place_to VARCHAR)"
        )
        for table, view in self.views.items():
            for name in (name for name in TABLES[table].dates if name in self.columns[table]):
                self.con.execute(
                    f"INSERT INTO days SELECT '{table}', '{name}', source_file, \"{name}\"::DATE, count(*) FROM {view} "
                    f'WHERE "{name}" IS NOT NULL GROUP BY ALL'
                )
            if "person_id" in self.columns[table]:
                ends = [
                    self._ends(table, "birth_year", "birth_year::INT", "TRUE"),
                    self._ends(table, "sex", "sex::VARCHAR", "sex::VARCHAR <> 'unknown'"),
                    self._ends(table, "jurisdiction", "jurisdiction::VARCHAR", "length(jurisdiction::VARCHAR) = 5"),
                ]
                self.con.execute(
                    f"INSERT INTO people SELECT '{table}', source_file, hash(person_id::VARCHAR), {', '.join(ends)} "
                    f"FROM {view} WHERE person_id IS NOT NULL GROUP BY ALL"
                )

    def _ends(self, table: str, name: str, value: str, known: str) -> str:
        if name not in self.columns[table]:
            return "NULL, NULL"
        return ", ".join(f"{end}({value}) FILTER (WHERE {known})" for end in ("min", "max"))

    def rows(self) -> None:
        """Say what is kept and set aside by file, sheet and reason, and what becomes of columns and values."""
        quality = self.frame("quality")
        first = self._examples()
        for (file, sheet, table), part in quality.groupby(["source_file", "source_sheet", "table"], sort=False):
            read_as = f" ({part['layout'].iloc[0]})" if part["layout"].iloc[0] else ""
            n, kept, aside = (int(part[name].sum()) for name in ("rows_in", "kept", "set_aside"))
            self.say(
                f"\n{_where(file, sheet)}{read_as} -> {table}: {n:,} rows in = {kept:,} kept + {aside:,} set aside"
            )
            for why in (
                part[part["set_aside"] > 0].sort_values("set_aside", ascending=False, kind="stable").itertuples()
            ):
                example = first.get((table, file, sheet, why.column, why.reason), "")
                self.say(f"    {why.set_aside:,} set aside: {why.column or 'row'} {why.reason}{example}")
        columns = self.frame("columns")
        columns = columns[~columns["use"].str.startswith("mapped")]
        for use, part in columns.groupby("use", sort=False):
            filled = part.groupby("column", sort=False)["filled"].sum()
            named = [f"{header} ({n:,} filled)" for header, n in filled.items() if n]
            none = f"{len(filled) - len(named)} with no value"
            self.say("")
            self.say(f"Columns {use}: {', '.join([*named, *([none] if len(named) < len(filled) else [])])}")
        for row in self._unknown().head(20).itertuples():
            self.say(f"    {row.table}.{row.column}: '{row.value}' became unknown in {row.rows:,} rows")
        for row in self.frame("changed").itertuples():
            self.say(f"    {row.table}.{row.column}: {row.rows:,} values {row.what}, made missing")

    def _examples(self) -> dict[tuple, str]:
        file = self.private / "set_aside.parquet" if self.private else None
        if not (file and file.is_file()):
            return {}
        rows = self.con.from_parquet(str(file)).aggregate(
            '"table", source_file, source_sheet, "column", reason, min(source_row) AS first, arg_min(coalesce('
            "nullif(found, ''), CASE WHEN \"column\" = '' THEN raw END, ''), source_row) AS found"
        )
        said = ((row[:5], row[5], " ".join(row[6].split())[:80]) for row in rows.fetchall())
        return {key: f" (first: row {row}{f', found {found!r}' if found else ''})" for key, row, found in said}

    def _unknown(self) -> pd.DataFrame:
        file = self.private / "unknown_values.csv" if self.private else None
        here = file and file.is_file()  # every value; beside the tables only those of several rows
        found = pd.read_csv(file, dtype={"value": "str"}, keep_default_na=False) if here else self.frame("unknown")
        return found.sort_values("rows", ascending=False, kind="stable")

    def files(self) -> None:
        """Say for each file people, and first and last day and rows by year of every date."""
        people = {
            key: n
            for *key, n in self.sql("SELECT tbl, file, count(*) FROM people GROUP BY ALL")
            for key in [tuple(key)]
        }
        years: dict[tuple, list] = {}
        query = "SELECT tbl, file, col, min(day), max(day), year(day), sum(n) FROM days GROUP BY ALL ORDER BY year(day)"
        for table, file, name, first, last, year, n in self.sql(query):
            years.setdefault((table, file), {}).setdefault(name, []).append((first, last, f"{year}: {int(n):,}"))
        self.say("")
        for table, view in self.views.items():
            for (file,) in self.sql(f"SELECT DISTINCT source_file FROM {view} ORDER BY 1"):
                who = people.get((table, file))
                self.say(f"{table} of {file}: {f'{who:,} people' if who else 'no person_id'}")
                for name, spans in years.get((table, file), {}).items():
                    by_year = ", ".join(text for *_, text in spans)
                    self.say(f"    {name} {spans[0][0]} to {spans[-1][1]}; rows by year {by_year}")

    def shared_ids(self) -> pd.DataFrame:
        """Say the share of ids in common for each pair of tables, and which file of events has less than the others."""
        people = dict(self.sql("SELECT tbl, count(DISTINCT who) FROM people GROUP BY 1"))
        self.con.execute("CREATE TEMP TABLE person AS SELECT DISTINCT tbl, who FROM people")
        both = self.sql(
            "SELECT a.tbl, b.tbl, count(*) FROM person a JOIN person b USING (who) WHERE a.tbl <> b.tbl GROUP BY ALL"
        )
        both = {(a, b): n for a, b, n in both}
        order = [name for name in TABLES if name in people]
        pairs = [(a, b, people[a], people[b], both.get((a, b), 0)) for i, a in enumerate(order) for b in order[i + 1 :]]
        for a, b, n, m, k in pairs:
            self.say(f"ids in common: {k:,}, {_share(k, n)} of {n:,} people in {a} and {_share(k, m)} of {m:,} in {b}")
            said = f"{a} and {b} have {rounded(k):,} person_id in common, of {rounded(n):,} and {rounded(m):,}"
            if k == 0 and a in STARTS and b in EVENTS:
                self.wrong(f"{said}: nobody can be followed from one to the other. Map the same identifier in both.")
            elif max(k / n, k / m) < LITTLE:
                self.warn(f"{said}: are both written alike, and of the same people?")
        rows = self.sql(
            "SELECT e.tbl, e.file, count(*), count(s.who) FROM people e LEFT JOIN (SELECT DISTINCT who FROM people WHERE "
            "tbl IN ('releases', 'detainers')) s USING (who) WHERE e.tbl IN ('arrests', 'exits') GROUP BY ALL ORDER BY ALL"
        )
        if not set(STARTS) & people.keys():
            rows = []
        for table, file, n, k in rows:
            others = [row for row in rows if row[0] == table and row[1] != file]
            m, rest = sum(row[2] for row in others), sum(row[3] for row in others)
            if m and n >= FEWEST and k / n < rest / m / 2:
                self.warn(
                    f"{file}: {_share(k, n)} of its {rounded(n):,} people in {table} are among those followed, of the other files' "
                    f"{_share(rest, m)}: are its identifiers written as theirs?"
                )
        return pd.DataFrame(pairs, columns=["table", "other", "people", "others", "both"])

    def id_spaces(self) -> None:
        """Point out ids that occur under different places, births or sexes: two counties may count from 1 each."""
        files = [row[0] for row in self.sql("SELECT DISTINCT file FROM people")]
        blocks = pd.DataFrame({"file": files, "block": [_block(file, self.spec) for file in files]}, dtype="str")
        self.con.register("blocks", blocks)
        ends = ", ".join(f"min({name}) AS {name}, max({name}_to) AS {name}_to" for name in ("born", "sex", "place"))
        self.con.execute(
            f"CREATE TEMP TABLE known AS SELECT block, who, {ends} FROM people JOIN blocks USING (file) GROUP BY ALL"
        )
        places = {
            block: (a, b) for block, a, b in self.sql("SELECT block, min(place), max(place_to) FROM known GROUP BY 1")
        }
        apart = "a.{0} IS NOT NULL AND b.{0} IS NOT NULL AND (a.{0}_to {1} < b.{0} OR b.{0}_to {1} < a.{0})"
        known = ", ".join(
            f"count(*) FILTER (WHERE {apart.format(name, gap)}), count(*) FILTER (WHERE a.{name} IS NOT NULL AND b.{name} IS NOT NULL)"
            for name, gap in (("born", "+ 1"), ("sex", ""))
        )
        for a, b, n, *counts in self.sql(
            f"SELECT a.block, b.block, count(*), {known} FROM known a JOIN known b ON a.who = b.who AND a.block < b.block GROUP BY ALL ORDER BY ALL"
        ):
            single = places[a][0] is not None and places[a][0] == places[a][1] and places[b][0] == places[b][1]
            named = (
                [f"places ({places[a][0]}, {places[b][0]})"]
                if single and places[b][0] not in (None, places[a][0])
                else []
            )
            if named := [*named, *_differing(counts)]:
                self._own_ids(f"{rounded(n):,} person_id occur in both {a} and {b}", named)
        for block, n, *counts in self.sql(
            "SELECT block, count(*), count(*) FILTER (WHERE born_to > born + 1), count(born), count(*) FILTER (WHERE sex <> sex_to), "
            "count(sex) FROM known GROUP BY 1 ORDER BY 1"
        ):
            if named := _differing(counts):
                self._own_ids(f"of {rounded(n):,} person_id of {block} many occur", named)

    def _own_ids(self, said: str, named: list[str]) -> None:
        self.warn(
            f"{said} under different {', '.join(named)}: are they the same people? Counties with numbers of their own need a "
            '[[files]] block each, with ids = "...".'
        )

    def near_ids(self) -> None:
        """Point out ids that would match but for how they are written; the build counts them, since it alone sees them raw."""
        if not (self.processed / "ids.parquet").is_file():
            return
        for row in self.frame("ids").itertuples():
            mends = f'person_id = {{ from = "{row.header}", digits = {row.digits} }}'
            mends = mends if row.kind == "leading zeros" else "write them alike in all files"
            where = f"others of {row.table}" if row.table == row.other else f"those of {row.other}"
            self.warn(
                f"{row.table}: {rounded(row.people):,} ids ({row.header}) would match {where} but for {row.kind}: {mends}."
            )

    def heavy_ids(self) -> None:
        """Point out identifiers that hold more rows than a person can."""
        for table, view in self.views.items():
            ids = [name for name, kind in TABLES[table].columns.items() if kind == "id" and name in self.columns[table]]
            for name in ids:
                for n, total in self.sql(
                    f'SELECT n, total FROM (SELECT count(*) AS n, any_value(total) AS total FROM (SELECT "{name}" AS id FROM {view} WHERE '
                    f'"{name}" IS NOT NULL), (SELECT count(*) AS total FROM {view}) GROUP BY id) WHERE n > {ONE_ID} * total AND n >= {FEWEST} '
                    f"ORDER BY n DESC LIMIT {SHOWN}"
                ):
                    self.warn(
                        f"{table}: one {name} holds {rounded(n):,} of {rounded(total):,} rows ({_share(n, total)}). If it means "
                        "that there is none, name it in nulls."
                    )

    def places(self) -> None:
        """Refuse codes that are no place, with the code of a county's name where it is one."""
        own = self.spec.place_names
        known = (
            {fips for names in counties().values() for fips in names.values()} | set(state_codes().values()) | set(own)
        )
        known |= {code[:2] for code in own}
        for table, view in self.views.items():
            if "jurisdiction" not in self.columns[table]:
                continue
            query = f"SELECT jurisdiction::VARCHAR, count(*) FROM {view} WHERE jurisdiction IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
            found = self.sql(query)
            if right := [f"{code} {name_of(code, own)} {n:,}" for code, n in found if code in known]:
                self.say(f"places of {table}: {', '.join(right[:SHOWN])}{_more(right)}")
            if bad := [(code, n) for code, n in found if code not in known]:
                said = ", ".join(f"'{code}' ({n:,} rows{_meant(code)})" for code, n in bad[:SHOWN])
                self.wrong(
                    f"{table}.jurisdiction: no place has the code {said}{_more(bad)}. Map FIPS codes, or name the place in place_names."
                )

    def days(self) -> None:
        """Point out days that are hardly days: stand-ins, and dates of birth or numbers read as dates."""
        ends = [end for end in self.spec.data_end.values() if isinstance(end, date)]
        last = max(ends, default=None) or self.sql("SELECT max(day) FROM days")[0][0]
        if last is None:
            return
        for table, name, day, n, total in self.sql(
            "SELECT tbl, col, day, n, total FROM (SELECT tbl, col, day, sum(n) AS n, sum(sum(n)) OVER w AS total, count(*) OVER w AS many "
            f"FROM days GROUP BY tbl, col, day WINDOW w AS (PARTITION BY tbl, col)) WHERE list_contains(?, day::VARCHAR) OR (n > {ONE_DAY} * "
            f"total AND n >= {ROWS} AND many >= {DAYS}) ORDER BY ALL",
            list(PLACEHOLDERS),
        ):
            self.warn(
                f"{table}.{name}: {rounded(int(n)):,} of {rounded(int(total)):,} rows are of {day}: if that day stands for no date, name it in nulls."
            )
        for table, name, total, adult, long, first in self.sql(
            f"SELECT tbl, col, sum(n), sum(n) FILTER (WHERE day < ? - INTERVAL {ADULT} YEAR), sum(n) FILTER (WHERE day < ? - INTERVAL {LONG} "
            "YEAR AND NOT list_contains(?, day::VARCHAR)), min(day) FILTER (WHERE NOT list_contains(?, day::VARCHAR)) FROM days GROUP BY ALL ORDER BY ALL",
            last, last, list(PLACEHOLDERS), list(PLACEHOLDERS),
        ):  # fmt: skip
            if (adult or 0) > total / 2:
                self.warn(
                    f"{table}.{name}: {_share(adult, total)} of its days lie over {ADULT} years before {last}: is it a date of birth?"
                )
            elif long:
                self.warn(
                    f"{table}.{name}: {rounded(int(long)):,} days lie over {LONG} years before {last}, the first on {first}: are they dates?"
                )
        for table, view in self.views.items():
            for name in TABLES[table].dates if "birth_year" in self.columns[table] else ():
                n, known = self.sql(
                    f'SELECT count(*) FILTER (WHERE year("{name}"::DATE) - birth_year < {YOUNGEST}), count("{name}") FROM {view} WHERE birth_year IS NOT NULL'
                )[0]
                if n > ONE_ID * known:
                    self.warn(
                        f"{table}.{name}: {rounded(n):,} of {rounded(known):,} people were under {YOUNGEST} years old: is one of the two another date?"
                    )

    def data_ends(self) -> None:
        """Point out a data end long after the last day on record, before it, or missing."""
        lasts = {
            table: (last, name)
            for table, name, last in self.sql("SELECT tbl, col, max(day) FROM days GROUP BY ALL")
            if ENDS.get(table) == name
        }
        people = {row[0] for row in self.sql("SELECT DISTINCT tbl FROM people")}
        for table, (last, name) in lasts.items():
            end = self.spec.data_end.get(table)
            if end is None and table in people:
                self.warn(
                    f"data_end has no date for {table}: reports that need them are not built. Add the last day on which one could have been seen."
                )
            elif end and end > last + timedelta(days=LATE_DAYS):
                self.warn(
                    f"data_end.{table} = {end}, {(end - last).days:,} days after the last {table}.{name} ({last}): people count as followed until then."
                )
            elif end and end < last:
                n = self.sql("SELECT sum(n) FROM days WHERE tbl = ? AND col = ? AND day > ?", table, name, end)[0][0]
                self.warn(
                    f"data_end.{table} = {end} is before the last {table}.{name} ({last}): {rounded(int(n)):,} are left out."
                )

    def todo(self) -> None:
        """Refuse what is still to be written where it would be published, and say where else there is any."""
        if keys := self.spec.todo:
            self.wrong(f"dataset.toml: {' and '.join(keys)} would be published as TODO. Write what it should say.")
        lines = enumerate(self.spec.file.read_text(encoding="utf-8").splitlines(), 1)
        for number, line in ((number, line) for number, line in lines if "TODO" in line):
            self.say(f"dataset.toml line {number}: {line.strip()}")


def nearly_equal(con: "object", texts_table: str) -> pd.DataFrame:
    """Return how many ids would match another table's (or another of their own) but for how they are written.

    ``texts_table`` is a DuckDB table of distinct identifiers as written: ``space`` (the id space, '' for none), ``table``,
    ``header`` and ``text``. Out, one row each: table and header (of the ids to mend), other (the table they would match), kind
    (blanks, case, an apostrophe, ".0", leading zeros: the last that keeps them apart), people (distinct ids), digits (of the longest match).
    No identifier comes out.
    """
    mended = ("regexp_replace(text, '\\s', '', 'g')", "lower(s1)", "regexp_replace(s2, '[''`’‘]', '', 'g')", "regexp_replace(s3, '\\.0+$', '')",
              "CASE WHEN regexp_full_match(s4, '[0-9]+') THEN ltrim(s4, '0') ELSE s4 END")  # fmt: skip
    kinds = ("blanks", "case", "an apostrophe", '".0"', "leading zeros")
    steps = ", ".join(f"{step} AS s{i}" for i, step in enumerate(mended, 1))
    cases = " ".join(f"WHEN a.s{i} = b.s{i} THEN '{kind}'" for i, kind in enumerate(kinds, 1))
    # the side to mend: the shorter where zeros are lost, the longer where something is too many, else the later table
    return con.execute(
        f"""WITH steps AS (SELECT *, {steps} FROM "{texts_table}"),
        near AS (SELECT * FROM steps QUALIFY count(DISTINCT text) OVER (PARTITION BY space, s5) > 1),
        pairs AS (SELECT a."table", a.header, b."table" AS other, CASE {cases} END AS kind, a.space, a.text, length(b.text) AS longest
            FROM near a JOIN near b ON a.space = b.space AND a.s5 = b.s5 AND a.text <> b.text WHERE CASE WHEN a.s4 <> b.s4 THEN length(a.s4) < length(b.s4)
                WHEN length(a.text) <> length(b.text) THEN length(a.text) > length(b.text) ELSE (a."table", a.text) > (b."table", b.text) END)
        SELECT "table", header, other, kind, count(DISTINCT (space, text)) AS people, max(longest) AS digits FROM pairs p
        WHERE p."table" = p.other OR NOT EXISTS (SELECT 1 FROM near n WHERE n."table" = p.other AND n.space = p.space AND n.text = p.text)
        GROUP BY ALL ORDER BY ALL"""
    ).df()


def _where(file: str, sheet: str) -> str:
    return f"{file}, sheet '{sheet}'" if sheet else file


def _share(k: float, n: float) -> str:
    return f"{min(rounded(int(k)) / rounded(int(n)), 1):.1%}" if n else "none"


def _more(values: Sized) -> str:
    more = len(values) - SHOWN
    return f" and {more:,} more" if more > 0 else ""


def _block(file: str, spec: Spec) -> str:
    """Return the [[files]] block that a file belongs to: the ids of one block are of one space."""
    return next((source.label for source in spec.sources if fnmatch(file, source.path or source.label)), file)


def _differing(counts: list[int]) -> list[str]:
    """Return of what more than a few people have two: births, sexes. ``counts`` are those with two and those known, of each."""
    pairs = zip(("births", "sexes"), counts[::2], counts[1::2], strict=True)
    return [name for name, two, known in pairs if known and two > max(1, CONFLICT * known)]


def _meant(code: str) -> str:
    """Return what a text that is no code may have meant: a county by its name, or a code that lost its zero."""
    digits = code.partition(".")[0]
    if digits.isdecimal():
        whole = digits.zfill(2 if len(digits) < 3 else 5)
        return (
            f": {whole}, {name_of(whole)}?" if whole != code and not name_of(whole).startswith("jurisdiction") else ""
        )
    states = {fips: name for name, fips in state_codes().items() if len(name) == 2 and name.isalpha()}
    wanted = [
        fips for fips, name in states.items() if code.rpartition(",")[2].strip().upper() in (name, fips)
    ] or states
    found = [f"{county} ({states[fips]})" for fips in wanted if (county := county_code(code, fips))]
    hint = '; as = "county name" with its state reads names' if found else ""
    return f": {' or '.join(found[:3])}{_more(found) if len(found) > SHOWN else ''}?{hint}" if found else ""
