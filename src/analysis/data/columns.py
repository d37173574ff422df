"""Raw columns as SQL: what the rules of a map make of a file's values.

The rules (dates, labels, redactions, identities) are Python: they are asked once for each distinct value of a column, and
their answers stand in small tables to be joined on. Everything that costs by the row happens in the query engine.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.data import values
from analysis.data.errors import InputError, nearest
from analysis.data.person_names import PARTICLES, name_headers, split_full
from analysis.data.read import Staged, quoted, text_of
from analysis.data.scrub import reason, words
from analysis.data.sources import RawFile
from analysis.data.spec import Column, Map, fold
from analysis.data.tally import Tally

_WRITTEN = ("text", "category", "state")  # kinds whose raw texts are kept or listed somewhere
_ARROW = {"date": pa.date32(), "number": pa.float64(), "flag": pa.bool_()}
_NOUN = {"date": "date", "number": "number", "category": "known label", "flag": "yes or no"}
_SPACE = r"[\s\x0b\x1c-\x1f\x85\p{Z}]+"
_SCIENCE = r"[0-9](\.[0-9]+)?[eE]\+[0-9]+"  # what a spreadsheet makes of a long identifier
_LEAST = 4  # characters of an identifier that is looked for in texts: shorter ones stand in many by chance
CHUNK = 100_000  # rows fetched at a time


@dataclass(frozen=True)
class Look:
    """A column as SQL: its value, why it could not be read (else NULL), what was found, and the joins that these need."""

    value: str
    reason: str = "NULL"
    found: str = "''"
    assumed: str = "false"  # a blank was given its meaning
    missing: str = ""  # that there is no value, where this is cheaper to ask than the value
    join: str = ""


class Sheet:
    """The rows of one sheet of a file, by column: what is asked of them, and the small tables of the answers."""

    def __init__(self, con: duckdb.DuckDBPyConnection, tally: Tally, file: RawFile, staged: Staged) -> None:
        self.con, self.tally, self.staged, self.source, self.number = con, tally, staged, file.source, 0
        self.place = file.name, staged.sheet + " (hidden)" * staged.hidden
        self.where = source_name(*self.place)
        self.rows = self.con.execute(f"SELECT count(*) FROM {staged.table}").fetchall()[0][0]
        self._distinct: dict[tuple[str, ...], tuple[dict[str, pa.ChunkedArray], list[np.ndarray], np.ndarray]] = {}
        self._names: dict[str, str] = {}
        self._shortest: dict[str, int] = {}
        rules = [rule for part in self.source.maps for rule in part.columns.values() if rule.kind == "id"]
        mapped = [header for rule in rules for header in rule.headers]
        self.identifiers = [h for h in dict.fromkeys((*mapped, *self.source.sensitive)) if h in staged.columns]
        self.table = self._with_texts()

    # ---- the raw columns

    def raw(self, header: str) -> str:
        """Return a raw column as SQL; moments are days."""
        column = f"raw.{quoted(self.staged.columns[header])}"
        return f"CAST({column} AS DATE)" if self.staged.types[header].startswith("TIMESTAMP") else column

    def text(self, header: str) -> str:
        """Return an identifier, or what is sensitive, as SQL text."""
        return f"raw._text_{self.identifiers.index(header)}"

    def _with_texts(self) -> str:
        """Make a view of the rows in which identifiers are text too, white space folded and whole numbers without a point."""
        listed = ""
        for i, header in enumerate(self.identifiers):
            column, kind = self.raw(header), self.staged.types[header]
            if kind in ("FLOAT", "DOUBLE"):
                whole = f"{column} = trunc({column}) AND abs({column}) < 2^53"
                column = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
            elif kind == "VARCHAR":  # most hold none of these, and to look is a tenth of the price
                spaced = " OR ".join(
                    f"contains({column}, {one})" for one in ("' '", "chr(9)", "chr(10)", "chr(13)", "chr(160)")
                )
                column = (
                    f"CASE WHEN {spaced} THEN trim(regexp_replace({column}, '{_SPACE}', ' ', 'g')) ELSE {column} END"
                )
            listed += f", CAST({column} AS VARCHAR) AS _text_{i}"
        self.con.execute(f"CREATE OR REPLACE VIEW sheet AS SELECT *{listed} FROM {self.staged.table} AS raw")
        return "sheet"

    def there(self, header: str, what: str) -> tuple[str]:
        """Return a header that must be there. Raises InputError."""
        if header not in self.staged.columns:
            raise InputError(
                f"{self.where}: {what} the column '{header}', which is not there.{nearest(header, self.staged.columns)}"
            )
        return (header,)

    def distinct(self, headers: tuple[str, ...]) -> tuple[dict[str, pa.ChunkedArray], list[np.ndarray], np.ndarray]:
        """Return the distinct values of some columns, as they are and as texts, and the rows of each; the last text is a blank."""
        if not headers:  # a constant
            return {}, [], np.array([self.rows])
        if headers not in self._distinct:
            listed = "".join(f"{self.raw(header)} AS c{i}, " for i, header in enumerate(headers))
            found = self.con.sql(f"SELECT {listed}count(*) AS n FROM {self.table} AS raw GROUP BY ALL").to_arrow_table()
            raw = {name: found[name] for name in found.column_names[:-1]}
            texts = [np.append(values.texts(column.to_pylist()), "") for column in raw.values()]
            self._distinct[headers] = raw, texts, np.append(found["n"].to_numpy().astype("int64"), 0)
        return self._distinct[headers]

    def on(self, headers: tuple[str, ...], table: str) -> str:
        """Return the condition by which a row has its value's line of a table."""
        return " AND ".join(f"{self.raw(header)} IS NOT DISTINCT FROM {table}.c{i}" for i, header in enumerate(headers))

    def rows_of(self, sql: str, joins: list[str]) -> str:
        """Return the rows of the sheet as SQL, with those joins of a list that some SQL needs."""
        needed, chosen = {*re.findall(r"look_\d+", sql)}, []
        for join in reversed(dict.fromkeys(joins)):  # what a join stands on comes before it
            if needed & {*re.findall(r"JOIN (look_\d+)", join)}:
                needed |= {*re.findall(r"look_\d+", join)}
                chosen.insert(0, join)
        return f"{self.table} AS raw{''.join(chosen)}"

    def stored(self, columns: dict[str, pa.Array | pa.ChunkedArray]) -> str:
        """Store columns in a table of this sheet and return its name."""
        self.number += 1
        self.con.register("_columns", pa.table(columns))
        self.con.execute(f"CREATE TEMP TABLE look_{self.number} AS SELECT * FROM _columns")
        self.con.unregister("_columns")
        return f"look_{self.number}"

    def close(self) -> None:
        """Drop the sheet's tables."""
        for number in range(1, self.number + 1):
            self.con.execute(f"DROP TABLE look_{number}")
        self.con.execute("DROP VIEW sheet")

    # ---- a column of a map

    def look(self, mapping: Map, rule: Column, *, strict: bool) -> Look:
        """Return a column's values. Where ``strict``, one that cannot be read sets its row aside; else it is missing, and counted."""
        headers = self._headers(rule)
        note = partial(self.tally.change, mapping.table, rule.name)
        if rule.kind == "id":
            return self._identifier(headers, rule, note, mapping.table)
        _, found, counts = self.distinct(headers)
        found = [self._shown(texts, counts, note) for texts in found] or [np.array([rule.value or ""], dtype=object)]
        texts = _by_year(found) if rule.years else found[0]
        for other in () if rule.years else found[1:]:
            texts = np.where(texts == "", other, texts)
        texts, gone = (
            self._scrubbed(headers, texts, counts, note)
            if headers and rule.kind in _WRITTEN and rule.name != "event"
            else (texts, "")
        )
        written = texts
        if rule.kind == "date":
            texts = np.array(["" if fold(text) in values.NOTHING else text for text in texts], dtype=object)
        if rule.digits:
            texts = np.array([text.zfill(rule.digits) if text.isdecimal() else text for text in texts], dtype=object)
        assumed = (texts == "") & (rule.blank is not None)
        texts = np.where(assumed, rule.blank or "", texts)
        value, bad = self._converted(rule, texts)
        if listed := rule.kind in ("category", "state") or bool(rule.written):
            self.tally.not_known(mapping.table, rule.name, texts[bad], counts[bad])
        unreadable = bad & value.isna().to_numpy() & (not listed or rule.kind == "category")
        why = np.full(len(texts), None, dtype=object)
        if strict:
            why[unreadable] = f"not readable as a {_NOUN.get(rule.kind, 'value of the map')}"
            if rule.kind == "date" and unreadable.any():
                why[unreadable & values.swapped(texts, rule.formats)] = (
                    "not readable as a date unless day and month change places"
                )
        else:
            note("unreadable", counts[unreadable].sum())
        return self._joined(headers, gone, assumed=pa.array(assumed), found=pa.array(np.where(texts == "", written, texts), pa.string()),
            value=pa.array(value, from_pandas=True).cast(_ARROW.get(rule.kind, pa.string())), reason=pa.array(why, pa.string()))  # fmt: skip

    def _headers(self, rule: Column) -> tuple[str, ...]:
        """Return the headers that a rule reads: none for a constant, or an optional one that is absent. Raises InputError."""
        if rule.years:
            return tuple(self.there(header, "days names")[0] for header in rule.years)
        header = next((header for header in rule.headers if header in self.staged.columns), None)
        if rule.value is not None or (header is None and rule.optional):
            return ()
        if header is None:
            expected, close = (
                " or ".join(f"'{header}'" for header in rule.headers),
                nearest(rule.headers[0], self.staged.columns),
            )
            raise InputError(f"{self.where}: the header {expected} (for {rule.name}) is not there.{close}")
        return (header, rule.fill) if rule.fill in self.staged.columns else (header,)

    def _shown(self, texts: np.ndarray, counts: np.ndarray, note: Callable) -> np.ndarray:
        """Return texts with what the block calls nothing or redacted blank."""
        hit = np.array([bool(self.source.redacted and self.source.redacted.search(text)) for text in texts], dtype=bool)
        note("redacted", counts[hit].sum())
        return np.where(hit | np.array([text in self.source.nulls for text in texts], dtype=bool), "", texts)

    def _converted(self, rule: Column, texts: np.ndarray) -> values.Read:
        if rule.kind == "date":
            return values.as_date(texts, rule.formats, rule.tz, self.staged.day_0)
        if rule.name == "birth_year":
            return values.as_birth_year(texts, rule.formats, age=rule.of is not None)
        if rule.kind == "number":
            return values.as_number(texts)
        if rule.kind == "flag":
            return values.as_flag(texts, rule)
        if rule.kind == "category":
            return values.as_category(texts, rule)
        if rule.kind == "state" or rule.written:
            return values.as_place(texts, rule)
        return values.as_text(texts, rule, strict=rule.name == "event")

    def _joined(self, headers: tuple[str, ...], gone: str = "", **columns: pa.Array) -> Look:
        """Store what is known of each distinct value; a row that is in the table ``gone`` has what a blank has."""
        blank = {name: _literal(column[-1].as_py()) for name, column in columns.items()}
        if not headers:
            return Look(**blank)
        raw, _, _ = self.distinct(headers)
        table = self.stored({**raw, **{name: column[:-1] for name, column in columns.items()}})
        out, join = {name: f"{table}.{name}" for name in columns}, f" LEFT JOIN {table} ON {self.on(headers, table)}"
        if gone:
            out = {
                name: f"CASE WHEN {gone}._row IS NULL THEN {sql} ELSE {blank[name]} END" for name, sql in out.items()
            }
            join += f" LEFT JOIN {gone} ON raw._row = {gone}._row"
        return Look(**out, join=join)

    def _identifier(self, headers: tuple[str, ...], rule: Column, note: Callable, table: str) -> Look:
        """Return keyed hashes. Nothing is asked of Python: identifiers may be as many as the rows."""
        space = f"{text_of(self.source.ids)} || chr(31) || " if self.source.ids else ""
        if not headers:
            return Look("NULL" if rule.value is None else f"hashed({space}{text_of(rule.value)})")
        text, found, (header, *_) = self.text(headers[0]), f"coalesce({self.text(headers[0])}, '')", headers
        row, odd = self.con.execute(
            f"SELECT min(_row), arg_min({text}, _row) FROM {self.table} AS raw WHERE contains({text}, '+') AND regexp_full_match({text}, '{_SCIENCE}')"
        ).fetchall()[0]
        if row is not None:
            raise InputError(
                f"{self.where}: column '{header}' (for {rule.name}), row {row:,}: '{odd}' is a number in scientific notation, so different people "
                "share it: a spreadsheet cut the last digits off. Fetch the file again with this column as text."
            )
        nothing = f"{text} IS NULL OR (strlen({text}) <= 7 AND lower({text}) IN ({', '.join(map(text_of, sorted(values.NOTHING)))}))"
        nothing += "".join(f" OR {text} = {text_of(null)}" for null in sorted(self.source.nulls))
        if self.source.redacted:
            hidden = f"regexp_matches({text}, {text_of(self.source.redacted.pattern)})"
            note(
                "redacted",
                self.con.execute(f"SELECT count(*) FROM {self.table} AS raw WHERE {hidden}").fetchall()[0][0],
            )
            nothing += f" OR {hidden}"
        if rule.key:
            nothing += f" OR NOT regexp_matches({text}, {text_of(rule.key.pattern)})"
            text = f"regexp_extract({text}, {text_of(rule.key.pattern)})"
        if rule.digits:
            text = f"CASE WHEN len({text}) < {rule.digits} AND regexp_full_match({text}, '[0-9]+') THEN lpad({text}, {rule.digits}, '0') ELSE {text} END"
        if rule.name == "person_id":  # as they are written: what would match but for that is counted when all are here
            said = ", ".join(map(text_of, (self.source.ids or "", table, header)))
            self.con.execute(
                f"INSERT INTO ids SELECT DISTINCT {said}, {text} FROM {self.table} AS raw WHERE NOT ({nothing})"
            )
        return Look(f"CASE WHEN NOT ({nothing}) THEN hashed({space}{text}) END", found=found, missing=f"({nothing})")

    # ---- texts that hold an identity

    def _scrubbed(
        self, headers: tuple[str, ...], texts: np.ndarray, counts: np.ndarray, note: Callable
    ) -> tuple[np.ndarray, str]:
        """Return texts, blank where one holds an identity, and the table of the rows whose text holds their own, if any."""
        hit = np.array([reason(text) is not None for text in texts], dtype=bool)
        texts = np.where(hit, "", texts)
        own = sorted({*self._own_identifier(headers, texts), *self._own_name(headers, texts)})
        note("identifying", counts[hit].sum() + len(own))
        return texts, self.stored({"_row": pa.array(own, pa.int64())}) if own else ""

    def _asked(self, headers: tuple[str, ...], texts: np.ndarray, chosen: np.ndarray) -> str:
        """Return the rows that hold one of the chosen texts of a column, as ``t.found``."""
        some = pa.array(np.flatnonzero(chosen[:-1]))
        raw = {name: column.take(some) for name, column in self.distinct(headers)[0].items()}
        table = self.stored({**raw, "found": pa.array(texts, pa.string()).take(some)})
        return f"{self.table} AS raw JOIN {table} AS t ON {self.on(headers, 't')}"

    def _own_identifier(self, headers: tuple[str, ...], texts: np.ndarray) -> Iterator[int]:
        """Yield rows whose text holds their own identifier as a word: at least four characters, with a digit among them."""
        chosen = np.array([len(text) >= _LEAST and bool(re.search(r"\d", text)) for text in texts], dtype=bool)
        others = [self.text(header) for header in self.identifiers if header not in headers]
        if not chosen.any() or not others:
            return
        longest, asked = max(map(len, texts[chosen])), ""
        for own in others:
            if self.shortest(own) > longest:
                continue
            asked = asked or self._asked(headers, texts, chosen)
            held = f"len({own}) BETWEEN {_LEAST} AND {longest} AND contains(lower(t.found), lower({own})) AND regexp_matches({own}, '[0-9]')"
            for row, text, word in _fetched(self.con.execute(f"SELECT _row, t.found, {own} FROM {asked} WHERE {held}")):
                if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
                    yield row

    def shortest(self, own: str) -> int:
        """Return the length of the shortest identifier that is looked for in texts."""
        if own in self._shortest:
            return self._shortest[own]
        looked_for = f"len({own}) >= {_LEAST} AND regexp_matches({own}, '[0-9]')"
        found = self.con.execute(f"SELECT min(len({own})) FROM {self.table} AS raw WHERE {looked_for}").fetchall()[0][0]
        return self._shortest.setdefault(own, found or 1 << 30)

    def _own_name(self, headers: tuple[str, ...], texts: np.ndarray) -> Iterator[int]:
        """Yield rows whose text holds two words of their own row's names: one alone is as often a place's."""
        chosen = np.array([len(words(text)) > 1 for text in texts], dtype=bool)
        named = [header for header in name_headers(self.source) if header in self.staged.columns]
        if not chosen.any() or not named:
            return
        said = set().union(*map(words, texts[chosen])) - PARTICLES
        joins, known = "", []
        for header in named:
            raw, (names,), _ = self.distinct((header,))
            table = self.stored(
                {**raw, "known": pa.array([len(words(name) & said) for name in names[:-1]], pa.int64())}
            )
            joins += f" JOIN {table} ON {self.on((header,), table)}"
            known.append(f"{table}.known")
        listed = ", ".join(f"CAST({self.raw(header)} AS VARCHAR)" for header in named)
        for row, text, *names in _fetched(self.con.execute(
            f"SELECT _row, t.found, {listed} FROM {self._asked(headers, texts, chosen)}{joins} WHERE {' + '.join(known)} > 1"
        )):  # fmt: skip
            if len(words(text) & set().union(*(words(name or "") for name in names))) > 1:
                yield row

    # ---- names

    def _linked(self) -> list[str]:
        link = self.source.link
        return [header for header in (link.first_name, link.last_name, link.name) if header] if link else []

    def named(self, header: str) -> tuple[str, str]:
        """Return a column of names as SQL, NULL for none, and the join that it needs: its table holds both parts of whole names."""
        if header not in self._names:
            headers = self.there(header, "link names")
            raw, (texts,), counts = self.distinct(headers)
            shown = pd.Series(self._shown(texts, counts, lambda *_: None), dtype="str").where(lambda text: text != "")
            columns = {"value": shown, **dict(split_full(shown).items())}
            self._names[header] = self.stored(
                {**raw, **{n: pa.array(c, pa.string(), from_pandas=True)[:-1] for n, c in columns.items()}}
            )
        return (
            f"{self._names[header]}.value",
            f" LEFT JOIN {self._names[header]} ON {self.on((header,), self._names[header])}",
        )


def source_name(file: str, sheet: str) -> str:
    """Return what messages, and linkage records, call a file's sheet."""
    return f"{file}, sheet '{sheet}'" if sheet else file


def _by_year(found: list[np.ndarray]) -> np.ndarray:
    """Return the first year with a yes, else the number of years, as text; what is neither yes nor no before it as it is."""
    days = []
    for texts in zip(*found, strict=True):
        said = (
            str(year) if values.WORDS.get(fold(text)) else text
            for year, text in enumerate(texts, 1)
            if values.WORDS.get(fold(text)) is not False
        )
        days.append(next(said, str(len(found))))
    return np.array(days, dtype=object)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return text_of(value) if isinstance(value, str) else f"DATE '{value}'" if isinstance(value, date) else str(value)


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    while rows := result.fetchmany(CHUNK):
        yield from rows
