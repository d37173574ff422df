"""Linkage records in a database: one row a record, in comparable form and in an order of their own.

In: the file of linkage records (``link_input``). Out, as tables of the connection: ``records`` (id, source, record,
identifier, the fields that are compared, and node: the first id that has the same identifier, else the record's
own); ``named`` (unique_id and the fields), those that can be compared by name; ``places`` (unique_id, id, node,
identified), where these stand in ``records``. A batch is in memory here; the database holds the rest.
"""

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.data.person_names import FIELDS, comparable

ROWS = 1 << 16  # of a batch
_NEEDED = ("source", "record", "first_name", "last_name", "birth_date")
_SCHEMA = pa.schema(
    [("source", pa.string()), ("record", pa.int64()), ("identifier", pa.string()), *((n, pa.string()) for n in FIELDS)]
)
_FIELDS = ", ".join(FIELDS)


def load(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make the tables ``records``, ``named`` and ``places`` from a Parquet file of linkage records.

    Raises KeyError where a needed column is absent, and ValueError for two rows with the same source and record.
    """
    _read(connection, file)
    again = connection.execute(
        """select source, record, (sum(n) over ())::bigint from
        (select source, record, count(*) - 1 as n from typed group by source, record)
        where n > 0 order by source, record limit 1"""
    ).fetchall()
    for source, record, n in again:
        raise ValueError(f"{n:,} records stand twice, the first: {source}, record {record}")
    order = ", ".join(f"{name} nulls last" for name in (*FIELDS, "source", "record"))
    connection.execute(f"create table numbered as select row_number() over (order by {order}) - 1 as id, * from typed")
    connection.execute("drop table typed")
    connection.execute(
        """create table records as select numbered.*, coalesce(node, id) as node from numbered left join
        (select identifier, min(id) as node from numbered where identifier is not null group by identifier)
        using (identifier)"""
    )
    connection.execute("drop table numbered")
    connection.execute(
        """create table places as select row_number() over (order by id) - 1 as unique_id, id, node,
        identifier is not null as identified from records
        where birth_date is not null and (last_name is not null or first_name is not null)"""
    )
    # in the order of unique_id: samples for training are drawn from rows as they lie
    connection.execute(
        f"create table named as select unique_id, {_FIELDS} from records join places using (id) order by 1"
    )


def _read(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make the table ``typed``, a batch at a time."""
    connection.register("batch", _SCHEMA.empty_table())
    connection.execute("create table typed as select * from batch")
    with pq.ParquetFile(file) as parquet:
        missing = [name for name in _NEEDED if name not in parquet.schema_arrow.names]
        if missing:
            raise KeyError(f"records have no column {', '.join(map(repr, missing))}; needed are {', '.join(_NEEDED)}")
        for batch in parquet.iter_batches(ROWS):
            rows = batch.to_pandas()
            parts = comparable(rows).assign(source=rows["source"], record=rows["record"], identifier=_identifiers(rows))
            connection.register("batch", pa.Table.from_pandas(parts[_SCHEMA.names], _SCHEMA, preserve_index=False))
            connection.execute("insert into typed select * from batch")
    connection.unregister("batch")


def _identifiers(rows: pd.DataFrame) -> pd.Series:
    if "identifier" not in rows.columns:
        return pd.Series(None, index=rows.index, dtype="str")
    values = rows["identifier"].astype("str")
    return values.where(rows["identifier"].notna() & (values.str.strip() != ""))
