"""Records joined into clusters, by equal identifiers and by pairs that are probable enough.

In: the tables ``records`` (id, node: the first record with the same identifier) and ``pairs`` (left, right,
match_probability) of a connection. Out: the table ``clusters``. Connected components are splink's, found in the
database, over nodes that have a pair; where no pair joins two nodes, identifiers alone decide and splink is not needed.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


def connect(connection: duckdb.DuckDBPyConnection, threshold: float) -> None:
    """Make the table ``clusters`` (node, cluster): what identifiers and pairs at or above a threshold connect.

    A cluster's number is its first node: the id of its first record.
    """
    connection.execute(
        """create or replace table edges as select distinct least(l.node, r.node) as node_l, greatest(l.node, r.node) as node_r
        from pairs join records l on l.id = pairs."left" join records r on r.id = pairs."right"
        where match_probability >= ? and l.node <> r.node""",
        [threshold],
    )
    if connection.execute("select count(*) from edges").fetchall()[0][0]:
        from splink import DuckDBAPI
        from splink.clustering import cluster_pairwise_predictions_at_threshold as connected

        connection.execute(
            "create or replace table ends as select node_l as node from edges union select node_r from edges"
        )
        with engine_errors():
            api = DuckDBAPI(connection=connection)
            joined = connected("ends", "edges", api, "node").physical_name
            connection.execute(f"create or replace table joined as select node, cluster_id as cluster from {joined}")
            api.delete_tables_created_by_splink_from_db()
    else:
        connection.execute("create or replace table joined (node bigint, cluster bigint)")
    connection.execute(
        """create or replace table clusters as select node, coalesce(cluster, node) as cluster
        from (select distinct node from records) left join joined using (node)"""
    )


@contextmanager
def engine_errors() -> Iterator[None]:
    """Let splink run without its account of what it does, and raise what the engine said in place of splink's own error."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    except Exception as error:
        if isinstance(error.__cause__, duckdb.Error):
            raise error.__cause__ from None
        raise
    finally:
        logger.setLevel(before)
