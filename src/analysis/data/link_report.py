"""How sure a linkage is: pairs, people and estimated error at each threshold.

In: scored pairs of records, and the links that identifiers make. Out: one row a threshold. Precision and
recall come from the model itself, so they hold as far as the model does; where records carry
identifiers, the same is counted against them.
"""

import numpy as np
import pandas as pd

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)


def clusters(n: int, *links: pd.DataFrame) -> np.ndarray:
    """Number the connected components of ``n`` records under links (left, right), in the order of their first records."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left = np.concatenate([np.empty(0, "int64"), *(part["left"].to_numpy() for part in links)])
    right = np.concatenate([np.empty(0, "int64"), *(part["right"].to_numpy() for part in links)])
    if n == 0:
        return np.empty(0, "int64")
    graph = coo_array((np.ones(len(left), dtype="int8"), (left, right)), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    return pd.factorize(label)[0].astype("int64")


def by_threshold(pairs: pd.DataFrame, identified: pd.DataFrame, identifier: pd.Series, chosen: float) -> pd.DataFrame:
    """Return what each threshold would give.

    Parameters
    ----------
    pairs : DataFrame
        left, right, match_weight, match_probability for every pair compared.
    identified : DataFrame
        left, right: the links that identifiers make.
    identifier : Series
        One entry a record, missing where it has none or no name to be compared by.
    chosen : float
        The threshold in use, which gets a row too.

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
    probability = pairs["match_probability"].to_numpy()
    expected = float(probability.sum())
    ids = identifier.to_numpy(dtype=object)
    known = identifier.notna().to_numpy()
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    both = known[left] & known[right]
    agree = both & (ids[left] == ids[right])
    sizes = identifier.value_counts()
    alike = int((sizes * (sizes - 1) // 2).sum())
    rows = []
    for threshold in sorted({*THRESHOLDS, chosen}):
        over = probability >= threshold
        label = clusters(len(identifier), identified, pairs[over])
        rows.append(
            {
                "threshold": threshold,
                "match_weight": float(np.log2(threshold / (1 - threshold))),
                "chosen": threshold == chosen,
                "pairs": int(over.sum()),
                "people": int(label.max(initial=-1)) + 1,
                "largest": int(np.bincount(label, minlength=1).max()),
                "model_precision": _share(probability[over].sum(), over.sum()),
                "model_recall": _share(probability[over].sum(), expected),
                "identified_pairs": int((over & both).sum()),
                "identified_agree": int((over & agree).sum()),
                "identified_recall": _share((over & agree).sum(), alike),
            }
        )
    return pd.DataFrame(rows)


def _share(part: float, whole: float) -> float:
    return round(float(part) / float(whole), 9) if whole else float("nan")
