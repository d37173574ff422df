"""Raw rows to canonical rows, in the query engine.

In: a file's rows as a table of the engine (``read.stage``) and the block that says what they mean. Out: tables ``t_<table>``
of canonical rows, ``aside`` of rows that cannot be used with the reason for each, ``linkage`` of what linking compares,
``phrases`` of what no page may hold, and the counts of all that. ``rows in = kept + set aside``, always.

The rules of a map (dates, labels, redactions, places) are Python: they are asked once for each distinct value of a column,
and their answers joined on. Everything that costs by the row happens in the engine.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.data import values
from analysis.data.columns import CHUNK, Look, Sheet
from analysis.data.errors import InputError
from analysis.data.person_names import name_headers, split_full
from analysis.data.places import located
from analysis.data.raw_values import hashes, phrases_of, whole_names
from analysis.data.read import Staged, quoted, text_of
from analysis.data.sources import RawFile
from analysis.data.spec import Column, Map, Spec, fold
from analysis.data.tables import LINEAGE, TABLES
from analysis.data.tally import MISFIT, Tally

RAW_BESIDE = ("outcome", "request", "case_status", "criminality", "threat_level")  # kept as written beside their label
_PLACE = ("facility", "city", "state", "jurisdiction", "operator")
_SQL = {"date": "DATE", "number": "DOUBLE", "flag": "BOOLEAN"}
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE")
_SPACES = r"e' \t\r\n' || chr(160)"
_WIDE = 200  # columns asked about at a time
_SHIFT = 40  # a row's place in its table, by which it is written: joins keep no order


class Cleaning:
    """The canonical tables of a dataset in the making, in a connection that spills where nobody else looks.

    ``key`` (32 bytes) keys the hashes that stand for identifiers, ``phrase_key`` those of what no page may hold.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, spec: Spec, key: bytes, phrase_key: str) -> None:
        self.con, self.spec, self.phrase_key, self.tally = con, spec, phrase_key, Tally()
        self.inserts = 0
        self.types: dict[str, dict[str, str]] = {}  # table -> column -> its type
        inner, outer = ("unhex('" + bytes(k ^ pad for k in key.ljust(64, b"\0")).hex() + "')" for pad in (0x36, 0x5C))
        con.execute(  # HMAC-SHA-256 (RFC 2104)
            f"""CREATE TEMP MACRO hashed(x) AS left(sha256({outer} || unhex(sha256({inner} || encode(x)))), 32);
            CREATE TABLE aside ("table" VARCHAR, source_file VARCHAR, source_sheet VARCHAR, source_row BIGINT, "column" VARCHAR,
                reason VARCHAR, found VARCHAR, raw VARCHAR);
            CREATE TABLE linkage (source VARCHAR, record BIGINT, first_name VARCHAR, last_name VARCHAR, birth_date DATE, sex VARCHAR,
                place VARCHAR, identifier VARCHAR);
            CREATE TABLE ids (space VARCHAR, "table" VARCHAR, header VARCHAR, text VARCHAR);
            CREATE TABLE phrases (words TINYINT, hash UBIGINT)"""
        )

    def add(self, file: RawFile, staged: Staged) -> None:
        """Clean the rows of one sheet for every table that its block feeds. Raises InputError where a mapped header is absent."""
        sheet = _Rows(self, file, staged)
        sheet.see()
        for mapping in file.source.maps:
            sheet.clean(mapping)
        if file.source.link:
            sheet.link()
        sheet.phrases()
        sheet.close()

    def columns(self, mapping: Map, typed: Callable[[Column], Column]) -> dict[str, str]:
        """Return the columns of a table and their types, making the table before its first rows come.

        Every column that any block maps or keeps is there; what a typed source holds as numbers is a number.
        """
        if mapping.table in self.types:
            return self.types[mapping.table]
        table = TABLES[mapping.table]
        blocks = [(source, part) for source in self.spec.sources for part in source.maps if part.table == table.name]
        rules = {name: rule for _, part in blocks for name, rule in part.columns.items()}
        rules |= {name: typed(rule) for name, rule in mapping.columns.items()}
        found: dict[str, str] = {}
        for name in dict.fromkeys((*(() if table.free else table.columns), *mapping.columns, *rules)):
            kind = table.columns.get(name) or rules[name].kind
            found[name] = _SQL.get(kind, "VARCHAR") if isinstance(kind, str) else "VARCHAR"
            if name in RAW_BESIDE and any(name in part.columns and part.columns[name].headers for _, part in blocks):
                found[f"{name}_raw"] = "VARCHAR"
        for source, part in blocks:
            found |= dict.fromkeys(source.keep if part.table == source.maps[0].table else (), "VARCHAR")
        kinds = {**found, **dict(zip((*LINEAGE, "_at"), ("VARCHAR", "VARCHAR", "BIGINT", "BIGINT"), strict=True))}
        self.con.execute(
            f"CREATE TABLE t_{table.name} ({', '.join(f'{quoted(name)} {kind}' for name, kind in kinds.items())})"
        )
        self.types[table.name] = found
        return found


class _Rows(Sheet):
    """The rows of one sheet of a file, to be cleaned for every table that its block feeds."""

    def __init__(self, to: Cleaning, file: RawFile, staged: Staged) -> None:
        super().__init__(to.con, to.tally, file, staged)
        self.to = to

    def see(self) -> None:
        """Count, for each raw column, what it is used for and in how many rows it is filled."""
        columns, filled = list(self.staged.columns.items()), {}
        for at in range(0, len(columns), _WIDE):
            some = columns[at : at + _WIDE]
            listed = []
            for header, column in some:
                one = f"raw.{quoted(column)}"
                text = f"CASE WHEN {one} >= '!' OR trim({one}, {_SPACES}) <> '' THEN 1 END"
                listed.append(f"count({text if self.staged.types[header] == 'VARCHAR' else one})")
            counts = self.con.execute(f"SELECT {', '.join(listed)} FROM {self.staged.table} AS raw").fetchall()[0]
            filled |= dict(zip((header for header, _ in some), counts, strict=True))
        self.tally.see(self.source, self.place, filled)

    # ---- a table

    def clean(self, mapping: Map) -> None:
        """Add the rows to a table, and those that cannot be used to ``aside``, each for the first of its problems."""
        table, typed = TABLES[mapping.table], partial(self._typed, mapping.table)
        columns = self.to.columns(mapping, typed)
        rules = {name: self._as_before(typed(rule), columns[name]) for name, rule in mapping.columns.items()}
        # an event that cannot be read is not "no event": that would count the person as followed without one
        strict = {name for name, rule in rules.items() if rule.kind == "date" or name in table.keys or name == "event"}
        only = {header: self._only(mapping, header, wanted) for header, wanted in mapping.only.items()}
        looks = {name: self.look(mapping, rule, strict=name in strict) for name, rule in rules.items()}
        to_keep = self.source.keep if mapping.table == self.source.maps[0].table else ()
        kept = {header: self._kept(mapping, header) for header in to_keep}
        problems, missing = self._problems(
            mapping, only, {name: look for name, look in looks.items() if name in strict}
        )
        problems += self._impossible(mapping, looks)
        joins = [look.join for look in (*only.values(), *looks.values(), *kept.values())]
        joins += [self.named(header)[1] for header in self._linked()]
        wrong, absent = _any(condition for condition, *_ in problems), _any(missing)
        sql = {name: look.value for name, look in (*looks.items(), *kept.items())} | self._birth_year(mapping, looks)
        beside = [name for name in RAW_BESIDE if name in looks and rules[name].headers]
        sql |= {f"{name}_raw": f"nullif({looks[name].found}, '')" for name in beside}
        sql |= self._placed(mapping, sql, joins, f"NOT ({wrong} OR {absent})")
        labels = [name for name, kind in table.columns.items() if isinstance(kind, tuple) and "unknown" in kind]
        sql = {**dict.fromkeys(labels, "'unknown'"), **sql}
        listed = ", ".join(f"CAST({sql.get(name, 'NULL')} AS {kind})" for name, kind in columns.items())
        self.to.inserts += 1
        inserted = self.con.execute(
            f"INSERT INTO t_{table.name} SELECT {listed}, {self.lineage}, raw._row, {self.to.inserts << _SHIFT} + raw._row "
            f"FROM {self.rows_of(listed + wrong + absent, joins)} WHERE NOT ({wrong} OR {absent})"
        ).fetchall()[0][0]
        aside = self._set_aside(mapping.table, problems, joins, f"({wrong}) AND NOT ({absent})")
        broken = [] if mapping.secondary else self._broken(mapping.table)
        self.tally.account(mapping, self.place, inserted, aside + len(broken), self.rows + len(broken))

    def _problems(
        self, mapping: Map, only: dict[str, Look], strict: dict[str, Look]
    ) -> tuple[list[tuple[str, str, str, str]], list[str]]:
        """Return what sets a row aside (condition, column, reason, what was found, as SQL but for the column), in order of columns.

        And the conditions by which a row of the file is no row of a secondary table: what it has neither date nor kind for.
        """
        problems = [(f"{look.reason} IS NOT NULL", header, look.reason, look.found) for header, look in only.items()]
        missing, keys = [], TABLES[mapping.table].keys
        if mapping.secondary:
            missing, problems = [condition for condition, *_ in problems], []
        for name, look in strict.items():
            blank = look.missing or f"({look.value} IS NULL AND {look.reason} IS NULL)"
            problems.append((f"{look.reason} IS NOT NULL", name, look.reason, look.found))
            if name in keys and mapping.secondary and mapping.columns[name].kind in ("date", "category"):
                missing.append(blank)
            elif name in keys and not (name == "person_id" and self.source.link):  # who may be known by name alone
                problems.append((blank, name, "'blank'", look.found))
        return problems, missing

    @property
    def lineage(self) -> str:
        """The file and the sheet as SQL."""
        return ", ".join(map(text_of, self.place))

    def _typed(self, table: str, rule: Column) -> Column:
        """A covariate that a typed source holds as numbers is a number, unless the map says otherwise."""
        open_ = (
            TABLES[table].free
            and rule.kind == "text"
            and rule.name != "event"
            and not rule.explicit
            and rule.values is None
        )
        header = next((header for header in rule.headers if header in self.staged.columns), None)
        numbers = open_ and header is not None and _NUMBERS.fullmatch(self.staged.types[header])
        return rule.model_copy(update={"kind": "number"}) if numbers else rule

    def _as_before(self, rule: Column, kind: str) -> Column:
        """A covariate has the kind in all files that it has in the first. Raises InputError for a text among numbers."""
        if kind == "DOUBLE" and rule.kind == "text":
            texts = self.distinct(self._headers(rule))[1]
            bad = values.as_number(texts[0])[1] if texts else np.zeros(1, dtype=bool)
            if bad.any():
                raise InputError(
                    f"{self.place[0]}: '{rule.name}' holds the text '{texts[0][bad][0]}', and numbers in the files before it. Say which is "
                    f'meant: {rule.name} = {{ from = "...", type = "text" }} or type = "number".'
                )
        new = {"VARCHAR": "text", "DOUBLE": "number"}.get(kind)
        return rule.model_copy(update={"kind": new}) if new and {rule.kind, new} == {"text", "number"} else rule

    def _only(self, mapping: Map, header: str, wanted: frozenset[str]) -> Look:
        """Return why a row is no row of the table: its value, but for an identity."""
        headers = self.there(header, "only names")
        _, (texts,), counts = self.distinct(headers)
        named, gone = self._scrubbed(headers, texts, counts, partial(self.tally.change, mapping.table, header))
        why = [
            None if fold(text) in wanted else f"left out by only: {shown or 'blank'}"
            for text, shown in zip(texts, named, strict=True)
        ]
        look = self._joined(
            headers,
            value=pa.nulls(len(texts), pa.string()),
            reason=pa.array(why, pa.string()),
            found=pa.array(texts, pa.string()),
        )
        if not gone:
            return look
        shown = f"CASE WHEN {look.reason} IS NULL OR {gone}._row IS NULL THEN {look.reason} ELSE 'left out by only: blank' END"
        return Look("NULL", shown, look.found, join=f"{look.join} LEFT JOIN {gone} ON raw._row = {gone}._row")

    def _kept(self, mapping: Map, header: str) -> Look:
        """Return a column that no rule reads, as it is but for identities."""
        headers = self.there(header, "keep names")
        _, (texts,), counts = self.distinct(headers)
        note = partial(self.tally.change, mapping.table, header)
        texts, gone = self._scrubbed(headers, self._shown(texts, counts, note), counts, note)
        return self._joined(headers, gone, value=pa.array(values.as_text(texts)[0], pa.string(), from_pandas=True))

    def _impossible(self, mapping: Map, looks: dict[str, Look]) -> Iterator[tuple[str, str, str, str]]:
        """Yield what is readable and cannot be true: condition, column, reason and what was found, as SQL but for the column."""
        if self.source.link and "person_id" in TABLES[mapping.table].keys:
            unidentified = (
                looks["person_id"].missing or looks["person_id"].value + " IS NULL" if "person_id" in looks else "true"
            )
            no_name = " AND ".join(f"{self.named(header)[0]} IS NULL" for header in self._linked())
            yield f"({unidentified} AND {no_name})", "person_id", "'blank, and no name'", "''"
        if "jurisdiction" in looks:
            code = looks["jurisdiction"].value
            yield (
                f"regexp_full_match({code}, '[0-9]|[0-9]{{4}}')",
                "jurisdiction",
                "'a FIPS code has 2 or 5 digits: a leading zero is lost'",
                code,
            )
        if {"booked", "released"} <= looks.keys():
            booked, released = looks["booked"].value, looks["released"].value
            yield f"{released} < {booked}", "released", "'before booked'", f"CAST({released} AS VARCHAR)"
        if mapping.table != "follow_up":
            return
        days, planned, assumed = looks["days"].value, self.to.spec.follow_up, looks["days"].assumed
        yield f"{days} < 0", "days", "'negative'", looks["days"].found
        if planned is not None:
            yield f"{days} > {planned}", "days", f"'beyond the follow-up of {planned:g}'", looks["days"].found
        if "follow_up" in looks:
            yield f"{days} > {looks['follow_up'].value}", "days", "'beyond the row''s follow_up'", looks["days"].found
        yield f"{assumed} AND {looks['event'].value} IS NOT NULL", "days", "'blank, though there was an event'", "''"

    def _birth_year(self, mapping: Map, looks: dict[str, Look]) -> dict[str, str]:
        """Return years of birth: ages taken from their date; a year of two digits that lies past the row's dates in its century."""
        rule = mapping.columns.get("birth_year")
        if rule is not None and rule.of:
            return {"birth_year": f"year({looks[rule.of].value}) - {looks['birth_year'].value}"}
        seen = [f"year({looks[name].value})" for name in TABLES[mapping.table].dates if name in looks]
        if rule is None or not seen or not any("%y" in text for text in rule.formats):
            return {}
        year = looks["birth_year"].value
        return {"birth_year": f"CASE WHEN {year} > greatest({', '.join(seen)}) THEN {year} - 100 ELSE {year} END"}

    def _placed(self, mapping: Map, sql: dict[str, str], joins: list[str], kept: str) -> dict[str, str]:
        """Return jurisdiction and operator, found once for each facility, city and state that rows name; add the join for it."""
        if TABLES[mapping.table].free or not {"facility", "city", "state"} & sql.keys():
            return {}
        known = {name: f"CAST({sql[name]} AS VARCHAR)" for name in _PLACE if name in sql}
        listed = ", ".join(f"{value} AS {name}" for name, value in known.items())
        frame = self.con.sql(
            f"SELECT {listed}, count(*) AS n FROM {self.rows_of(listed + kept, joins)} WHERE {kept} GROUP BY ALL"
        ).df()
        keys = {f"k_{name}": pa.array(frame[name], pa.string(), from_pandas=True) for name in known}
        found, counted = located(frame.reindex(columns=[*_PLACE, "n"]), known)
        self.tally.places.update({(mapping.table, *how): rows for how, rows in counted.items()})
        table = self.stored(
            {
                **keys,
                **{name: pa.array(found[name], pa.string(), from_pandas=True) for name in ("jurisdiction", "operator")},
            }
        )
        # beside the joins that the key needs, so that it comes after them
        on = " AND ".join(f"{value} IS NOT DISTINCT FROM {table}.k_{name}" for name, value in known.items())
        joins.append(f" LEFT JOIN {table} ON {on}")
        return {name: f"{table}.{name}" for name in ("jurisdiction", "operator")}

    # ---- rows that cannot be used

    def _set_aside(self, table: str, problems: list[tuple[str, str, str, str]], joins: list[str], chosen: str) -> int:
        """Store rows whole, as JSON, each with the first of its problems, and return how many they are."""
        if not problems:
            return 0
        cases = [
            "CASE "
            + " ".join(
                f"WHEN coalesce({one[0]}, false) THEN {text_of(one[1]) if i == 1 else one[i]}" for one in problems
            )
            + " END"
            for i in (1, 2, 3)
        ]
        keys = ", ".join(f"{text_of(header)}, raw.{quoted(column)}" for header, column in self.staged.columns.items())
        before = self.con.execute("SELECT count(*) FROM aside").fetchall()[0][0]
        listed = f"{text_of(table)}, {self.lineage}, raw._row, {cases[0]}, {cases[1]}, coalesce({cases[2]}, '')"
        self.con.execute(
            f"INSERT INTO aside SELECT {listed}, json_object({keys})::VARCHAR FROM {self.rows_of(listed + chosen, joins)} WHERE {chosen} ORDER BY raw._row"
        )
        counted = self.con.execute(
            f'SELECT "column", reason, count(*), min(source_row), arg_min(found, source_row) FROM aside WHERE rowid >= {before} GROUP BY ALL ORDER BY 4, 1, 2'
        ).fetchall()
        for column, why, rows, first, found in counted:
            self.tally.set_aside((table, *self.place, column, why), rows, first, found)
        return sum(rows for _, _, rows, *_ in counted)

    def _broken(self, table: str) -> list[tuple[int, str]]:
        """Set records aside that do not fit the header: they have no columns, and are the main table's to account for."""
        broken = self.staged.broken
        if broken:
            rows, texts = zip(*broken, strict=True)
            stored = self.stored({"_row": pa.array(rows, pa.int64()), "raw": pa.array(texts, pa.string())})
            self.con.execute(
                f"INSERT INTO aside SELECT {text_of(table)}, {self.lineage}, _row, '', '{MISFIT}', '', raw FROM {stored}"
            )
            self.tally.set_aside((table, *self.place, "", MISFIT), len(broken), *broken[0])
        return broken

    # ---- what linking compares, and what no page may hold

    def link(self) -> None:
        """Give linking a record of each row that was kept in any table."""
        link, headers = self.source.link, self.there(self.source.link.birth_date, "link names")
        _, (texts,), counts = self.distinct(headers)
        dates, _ = values.as_date(self._shown(texts, counts, lambda *_: None), link.formats, None, self.staged.day_0)
        born = self._joined(headers, value=pa.array(dates, from_pandas=True).cast(pa.date32()))
        first, last = (
            f"{self._names[link.name]}.{part}_name" if link.name else self.named(getattr(link, f"{part}_name"))[0]
            for part in ("first", "last")
        )
        kept = " UNION ALL ".join(
            "SELECT source_row, " + ", ".join(c if c in self.to.types[part.table] else f"NULL AS {c}" for c in ("sex", "jurisdiction", "person_id"))
            + f", {i} AS i FROM t_{part.table} WHERE (source_file, source_sheet) = ({self.lineage})"
            for i, part in enumerate(self.source.maps)
        )  # fmt: skip
        joins = "".join(dict.fromkeys([*(self.named(header)[1] for header in self._linked()), born.join]))
        self.con.execute(
            f"""INSERT INTO linkage SELECT {text_of(self.where)}, k.source_row, {first}, {last}, {born.value}, k.sex, k.place, k.identifier
            FROM {self.table} AS raw{joins} JOIN (SELECT source_row, arg_min(sex, i) AS sex, arg_min(jurisdiction, i) AS place,
            arg_min(person_id, i) AS identifier FROM ({kept}) GROUP BY source_row) AS k ON raw._row = k.source_row ORDER BY k.source_row"""
        )

    def phrases(self) -> None:
        """Add the hashes of identifiers, sensitive values and names, by which a page is looked through, to ``phrases``."""
        for header in self.identifiers:
            self._add(phrases_of, f"SELECT DISTINCT {self.text(header)} FROM {self.table} AS raw")
        kinds = {header: kind for header, kind in name_headers(self.source).items() if header in self.staged.columns}
        nothing = self.source.nulls
        for one, kind in kinds.items():
            if kind == "whole":
                self._add(lambda texts: whole_names(split_full(pd.Series(texts, dtype="str")).itertuples(index=False), nothing),
                          f"SELECT DISTINCT {self.text(one)} FROM {self.table} AS raw")  # fmt: skip
            for other in kinds if kind == "first" else ():
                if kinds[other] == "last":
                    pairs = f"SELECT DISTINCT {self.text(one)}, {self.text(other)} FROM {self.table} AS raw"
                    self._add(lambda *pairs: whole_names(zip(*pairs, strict=True), nothing), pairs)

    def _add(self, made: Callable[..., np.ndarray], sql: str) -> None:
        for batch in self.con.cursor().sql(sql).to_arrow_reader(CHUNK):  # one that is read while another writes
            columns = [column.fill_null("").to_numpy(zero_copy_only=False) for column in batch.columns]
            found = pa.table(dict(zip(("words", "hash"), hashes(made(*columns), self.to.phrase_key), strict=True)))
            self.con.register("_found", found)
            self.con.execute("INSERT INTO phrases SELECT words, hash FROM _found")
            self.con.unregister("_found")


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"coalesce({condition}, false)" for condition in conditions) or "false"
