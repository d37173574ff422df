"""The linkage model: how much each kind of agreement between two records says that they are one person.

A Fellegi-Sunter model (Fellegi and Sunter 1969, JASA 64: 1183-1210) fitted by splink on DuckDB. Each
comparison has levels; ``m`` is the share of a level among pairs of one person, ``u`` among pairs of
two, and log2(m / u) its weight. The levels are chosen for names and dates as jails write them. The
values in ``link_levels`` are used as they stand for small files and as the starting point for large ones,
where ``u`` is estimated from a fixed sample of pairs and ``m`` by expectation maximization.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.data.errors import InputError
from analysis.data.link_clusters import engine_errors
from analysis.data.link_levels import BLOCKS, LEVELS, NULL, ROUNDS, Level
from analysis.data.link_report import LEAST

if TYPE_CHECKING:
    import duckdb

SEED = 20260310  # fixes the sample of pairs from which u is estimated: the same input gives the same clusters
SAMPLED_PAIRS = 2_000_000  # for u, and for each round of EM
TRAINED_FROM = 2_000  # records: below, EM has too few pairs to learn from, and the starting values stand
RECALL_OF_EXACT = 0.8  # assumed share of pairs of one person that agree in names and date of birth
LEAST_M, LEAST_U = 1e-3, 1e-7  # rare is not impossible: no single disagreement may settle that two are not one


def score(connection: "duckdb.DuckDBPyConnection") -> tuple[float, pd.DataFrame]:
    """Compare named records: make the table ``pairs``, and return how many matches are expected and the model.

    Parameters
    ----------
    connection
        Holds ``named`` and ``places`` (see ``link_records``).

    Returns
    -------
    expected : float
        The sum of the match probabilities of all pairs that agree on one of BLOCKS: of these, ``pairs`` holds those
        at or above ``link_report.LEAST``, as left, right (ids of records, left < right), match_weight (log2 odds that
        the two are one person) and match_probability.
    model : DataFrame
        comparison, level, m, u, weight (log2 m / u), and whether the values were estimated.

    Raises
    ------
    InputError
        Where splink is not installed.
    """
    with engine_errors():
        linker, model, api = fitted(connection)
        found = linker.inference.predict(warning_mode="never").physical_name
        connection.execute(
            f"""create table pairs as select l.id as "left", r.id as "right",
            round(match_weight, 6) as match_weight, round(match_probability, 9) as match_probability
            from {found} join places l on l.unique_id = least(unique_id_l, unique_id_r)
            join places r on r.unique_id = greatest(unique_id_l, unique_id_r)
            where round(match_probability, 9) >= {LEAST}"""
        )
        expected = connection.execute(
            f"select coalesce(sum(round(match_probability * 1e9)::bigint), 0) / 1e9 from {found}"
        ).fetchall()[0][0]
        api.delete_tables_created_by_splink_from_db()
    return expected, model


def fitted(connection: "duckdb.DuckDBPyConnection") -> tuple:
    """Return splink's linker of the table ``named`` (unique_id and the fields), its model as a frame, and its database.

    From TRAINED_FROM records on the model is estimated, else the starting values stand. Raises InputError where splink
    is not installed.
    """
    splink = _splink()
    records, prior = connection.execute("select count(*) from named").fetchall()[0][0], _prior(connection)
    api = splink.DuckDBAPI(connection=connection)
    named = api.register("named", table_name="compared")
    levels, trained = LEVELS, records >= TRAINED_FROM
    if trained:
        levels = _train(splink, connection, named, prior)
    linker = splink.Linker(named, _settings(splink, levels, prior), log_level=None)
    return linker, _model(levels, trained=trained), api


def _splink():
    try:
        import splink
    except ImportError:
        raise InputError(
            "linking people by name needs splink, which is not installed. Run `sh setup.sh lab` "
            "(or pip install splink), or leave out [files.link] and link by identifiers alone."
        ) from None
    return splink


def _prior(connection: "duckdb.DuckDBPyConnection") -> float:
    """Return the probability that two random records are one person, from the pairs that agree exactly."""
    records, agreeing = connection.execute(
        """select (select count(*) from named), coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from named
        where last_name is not null and first_name is not null group by last_name, first_name, birth_date)"""
    ).fetchall()[0]
    pairs = records * (records - 1) / 2
    return min(max(float(agreeing), 1.0) / RECALL_OF_EXACT / max(pairs, 2.0), 0.5)


def _settings(splink, levels: tuple[Level, ...], prior: float):
    from splink.comparison_level_library import CustomLevel
    from splink.comparison_library import CustomComparison

    comparisons = []
    for name, null in NULL.items():
        parts = [CustomLevel(null, "missing").configure(is_null_level=True)]
        for level in (level for level in levels if level.comparison == name):
            part = CustomLevel(level.sql or "ELSE", level.label)
            options = {"m_probability": level.m, "u_probability": level.u}
            if level.by_frequency:
                options["tf_adjustment_column"] = level.by_frequency
            parts.append(part.configure(**options))
        comparisons.append(CustomComparison(parts, output_column_name=name))
    return splink.SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=list(BLOCKS),
        probability_two_random_records_match=prior,
        retain_matching_columns=False,
        linker_uid="analysis",
    )


def _train(splink, connection: "duckdb.DuckDBPyConnection", records, prior: float) -> tuple[Level, ...]:
    """Estimate u from a sample of all pairs and m by EM; keep the starting value of a level that was never seen."""
    threads = connection.execute("select current_setting('threads')").fetchall()[0][0]
    connection.execute("set threads = 1")  # sums of floats would otherwise depend on which thread came first
    linker = splink.Linker(records, _settings(splink, LEVELS, prior), log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED, min_count_per_level=None)
    for rule in ROUNDS:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=SAMPLED_PAIRS, record_sample_proportion=1.0
        )
    connection.execute(f"set threads = {threads}")
    # the sample of pairs holds a few of one person: u is what is left when they are taken out, a tenth at least
    same = prior * RECALL_OF_EXACT
    learned = {c["output_column_name"]: c["comparison_levels"] for c in linker.misc.save_model_to_json()["comparisons"]}
    return tuple(_learned(level, learned[level.comparison], same) for level in LEVELS)


def _learned(level: Level, found: list[dict], same: float) -> Level:
    own = next(part for part in found if part["label_for_charts"] == level.label)
    m, u = own.get("m_probability"), own.get("u_probability")
    m = max(m, LEAST_M) if isinstance(m, float) else level.m
    if isinstance(u, float) and u != level.u:  # seen in the sample
        return replace(level, m=m, u=max((u - same * m) / (1 - same), u / 10, LEAST_U))
    return replace(level, m=m)


def _model(levels: tuple[Level, ...], *, trained: bool) -> pd.DataFrame:
    rows = [(level.comparison, level.label, level.m, level.u) for level in levels]
    frame = pd.DataFrame(rows, columns=["comparison", "level", "m", "u"])
    return frame.assign(weight=np.log2(frame["m"] / frame["u"]), estimated=trained)
