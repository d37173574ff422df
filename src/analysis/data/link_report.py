"""How sure a linkage is: pairs, people and estimated error at each threshold.

In: the tables ``records`` and ``places`` (``link_records``) and ``pairs`` (``link_model``) of a connection. Out: one row
a threshold. Precision and recall come from the model itself, so they hold as far as the model does; where records
carry identifiers, the same is counted against them.
"""

import duckdb
import numpy as np
import pandas as pd

from analysis.data.link_clusters import connect

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
LEAST = THRESHOLDS[0]  # no pair below is ever linked


def by_threshold(connection: duckdb.DuckDBPyConnection, chosen: float, expected: float) -> pd.DataFrame:
    """Return what each threshold would give.

    Parameters
    ----------
    connection
        Holds ``records`` and ``places``, and in ``pairs`` (left, right, match_weight, match_probability) every pair
        compared that is at or above the least threshold.
    chosen : float
        The threshold in use, which gets a row too.
    expected : float
        The sum of the match probabilities of all pairs compared.

    Returns
    -------
    DataFrame
        threshold (match probability), match_weight (its log2 odds), chosen, pairs (linked by name at or
        above it), people, largest (records of the largest cluster), model_precision (mean match
        probability of those pairs) and model_recall (their share of the matches that the model expects among
        all pairs compared; matches never compared are not in it), identified_pairs (linked pairs of which
        both have an identifier), identified_agree (of these, with the same one) and identified_recall
        (share of all pairs with the same identifier and a name on both sides that names alone would link).
        Missing where the denominator is 0.
    """
    alike = connection.execute(
        "select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from places where identified group by node)"
    ).fetchall()[0][0]
    rows = []
    for threshold in sorted({*THRESHOLDS, chosen}):
        # probabilities have nine digits: their sum in whole numbers does not depend on which thread came first
        pairs, probable, both, agree = connection.execute(
            """select count(*), coalesce(sum((match_probability * 1e9)::bigint), 0) / 1e9,
            count(*) filter (l.identified and r.identified), count(*) filter (l.identified and r.identified and l.node = r.node)
            from pairs join places l on l.id = pairs."left" join places r on r.id = pairs."right" where match_probability >= ?""",
            [threshold],
        ).fetchall()[0]
        connect(connection, threshold)
        people, largest = connection.execute(
            """select count(*), coalesce(max(n), 0)::bigint from
            (select count(*) as n from records join clusters using (node) group by cluster)"""
        ).fetchall()[0]
        rows.append(
            {
                "threshold": threshold,
                "match_weight": float(np.log2(threshold / (1 - threshold))),
                "chosen": threshold == chosen,
                "pairs": pairs,
                "people": people,
                "largest": largest,
                "model_precision": _share(probable, pairs),
                "model_recall": _share(probable, expected),
                "identified_pairs": both,
                "identified_agree": agree,
                "identified_recall": _share(agree, alike),
            }
        )
    return pd.DataFrame(rows)


def _share(part: float, whole: float) -> float:
    return round(float(part) / float(whole), 9) if whole else float("nan")
