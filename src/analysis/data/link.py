"""Who is the same person across detainers, local arrests, releases and exits.

In: one row a record with names, date of birth, sex, place and, where there is one, an identifier. Out:
one ``person_id`` a cluster of records, and a report of how sure that is. Records that share an
identifier are one person; names and dates of birth join what identifiers leave apart. The clusters do
not depend on the order of the rows, and a ``person_id`` is a keyed hash of what the records say.
Records, pairs and people are tables of a database that spills to disk: none is held here whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from analysis.data.link_clusters import connect
from analysis.data.link_records import ROWS, load
from analysis.data.link_report import by_threshold
from analysis.data.person_names import FIELDS
from analysis.data.spec import THRESHOLD
from analysis.data.tables import LINEAGE


@dataclass(frozen=True)
class Linked:
    """Records and the people they belong to.

    ``connection`` holds ``people``: source, record, identifier, person_id, match_weight (log2 odds of the record's
    strongest link by name; missing where it has none) and by ("name", "identifier", "alone": what joins it to
    others); and ``same``: the person_id of each identifier, for rows that carry one and no name. ``report``: one row
    a threshold (see ``link_report.by_threshold``). ``model``: the weights (see ``link_model.score``);
    empty where no names were compared. ``counts``: records, people and what was found, by name.
    """

    connection: duckdb.DuckDBPyConnection
    report: pd.DataFrame
    model: pd.DataFrame
    counts: dict[str, int]

    def person_ids(self, rows: pa.Table, source: str) -> pa.Array:
        """Return the ``person_id`` of canonical rows (person_id, source_row) of one source, in their order.

        A row that was a linkage record gets its record's; any other with an identifier gets the one that
        the identifier stands for; the rest keep what they have.
        """
        columns = [pa.array(range(len(rows))), rows["person_id"].cast(pa.string()), rows[LINEAGE[2]]]
        self.connection.register("keys", pa.table(columns, ["place", "person_id", "record"]))
        found = self.connection.sql(
            """select coalesce(people.person_id, same.person_id, keys.person_id) as person_id from keys
            left join people on people.source = ? and people.record = keys.record
            left join same on same.identifier = keys.person_id order by place""",
            params=[source],
        ).to_arrow_table()
        self.connection.unregister("keys")
        return found["person_id"].combine_chunks()


def link(
    connection: duckdb.DuckDBPyConnection, file: Path, hashed: Callable[[pd.Series], pd.Series],
    threshold: float = THRESHOLD,
) -> Linked:  # fmt: skip
    """Cluster records into people.

    Parameters
    ----------
    connection
        An empty database. Names lie in it: it must spill where nobody else may read, and serve nothing else.
    file
        Parquet: source and record (together one row each), first_name, last_name, birth_date, and optionally
        sex, place and identifier (text; equal means the same person, whatever the names say).
    hashed
        Replaces what a cluster is called by a keyed hash (``identity.keyed_hash``): no name leaves here.
    threshold
        Match probability, between 0.5 and 1, from which two records are one person.

    Returns
    -------
    Linked
        A cluster with identifiers is called by the first of them, so that rows elsewhere that carry the
        identifier alone need no change; any other by the hash of its first record's fields.

    Raises
    ------
    KeyError
        Where a needed column is absent.
    ValueError
        For two rows with the same source and record, or a threshold that is none.
    InputError
        Where names are to be compared and splink is not installed.
    """
    if not 0.5 <= threshold < 1:
        raise ValueError(f"threshold = {threshold}, expected a probability from 0.5 to below 1")
    load(connection, file)
    expected, model = _compared(connection)
    report = by_threshold(connection, threshold, expected)
    connect(connection, threshold)
    _people(connection, hashed, threshold)
    return Linked(connection, report, model, _counts(connection, threshold))


def _compared(connection: duckdb.DuckDBPyConnection) -> tuple[float, pd.DataFrame]:
    """Score the pairs of named records, unless identifiers already settle every one of them."""
    named, identified = connection.execute("select count(*), count(*) filter (identified) from places").fetchall()[0]
    if named < 2 or identified == named:
        connection.execute(
            'create table pairs ("left" bigint, "right" bigint, match_weight double, match_probability double)'
        )
        return 0.0, pd.DataFrame()
    from analysis.data.link_model import score

    return score(connection)


def _people(connection: duckdb.DuckDBPyConnection, hashed: Callable[[pd.Series], pd.Series], threshold: float) -> None:
    """Make the tables ``people`` and ``same``. A cluster's number is the id of its first record."""
    says = " || '|' || ".join(f"coalesce({name}, '')" for name in FIELDS)
    connection.execute(
        """create table own as select cluster, count(*) as size, arg_min(identifier, id) as identifier
        from records join clusters using (node) group by cluster"""
    )
    # two people may say the same of themselves and still be two: number them
    connection.execute(
        f"""create table texts as select cluster, text || '#' || (row_number() over (partition by text order by cluster) - 1) as text
        from (select id as cluster, {says} as text from records) join own using (cluster)"""
    )
    connection.execute("create table called (cluster bigint, person_id text)")
    texts = connection.cursor().sql("select cluster, text from texts join own using (cluster) where identifier is null")
    for batch in texts.to_arrow_reader(ROWS):
        names = hashed(batch["text"].to_pandas().astype("str"))
        connection.register(
            "batch", pa.table([batch["cluster"], pa.array(names, pa.string())], ["cluster", "person_id"])
        )
        connection.execute("insert into called select * from batch")
    connection.unregister("batch")
    connection.execute(
        """create table people as select source, record, records.identifier,
        coalesce(own.identifier, called.person_id) as person_id, match_weight,
        case when size = 1 then 'alone' when match_weight is not null then 'name' else 'identifier' end as "by"
        from records join clusters using (node) join own using (cluster) left join called using (cluster) left join
        (select id, max(match_weight) as match_weight from
            (select "left" as id, match_weight from pairs where match_probability >= $1
            union all select "right", match_weight from pairs where match_probability >= $1) group by id)
        using (id) order by source, record""",
        [threshold],
    )
    connection.execute(
        "create table same as select identifier, any_value(person_id) as person_id from people where identifier is not null group by identifier"
    )


def _counts(connection: duckdb.DuckDBPyConnection, threshold: float) -> dict[str, int]:
    asked = {
        "records": "select count(*) from people",
        "records with an identifier": "select count(identifier) from people",
        "records with a name and a date of birth": "select count(*) from places",
        "people by identifier alone": "select count(distinct node) from records",
        "people": "select count(*) from own",
        "pairs linked by name": f"select count(*) from pairs where match_probability >= {threshold}",
        "people with more than one identifier": (
            "select count(*) from (select person_id from same group by person_id having count(*) > 1)"
        ),
        "records of the largest cluster": "select coalesce(max(size), 0) from own",
    }
    return {what: int(connection.execute(sql).fetchall()[0][0]) for what, sql in asked.items()}
