"""Who is the same person across detainers, local arrests, releases and exits.

Records that share an identifier are one person; names and dates of birth join what identifiers leave apart, by a
Fellegi-Sunter model (1969, JASA 64: 1183-1210) that splink fits: ``m`` is how often a level of agreement is met among pairs of
records of one person, ``u`` among pairs of two, log2(m / u) its weight. All tables lie in a database that spills to disk. The
result depends neither on the order of the rows nor on the number of threads.
"""

import glob
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.data.errors import InputError
from analysis.data.person_names import COMPARABLE, FIELDS
from analysis.data.spec import THRESHOLD

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)  # of the report; no pair below the first is ever linked
SEED, SAMPLED_PAIRS = 20260310, 2_000_000  # of the pairs from which u is estimated, and as many for each round of EM
TRAINED_FROM = 2_000  # records: below, EM has too few pairs to learn from, and the starting values stand
RECALL_OF_EXACT = 0.8  # assumed share of pairs of one person that agree in names and date of birth
LEAST_M, LEAST_U = 1e-3, 1e-7  # rare is not impossible: no single disagreement may settle that two are not one
# Pairs are compared where they agree on one of these; a pair of one person that agrees on none is missed.
BLOCKS = (
    "l.birth_date = r.birth_date and l.first_name[1] = r.first_name[1]",
    "l.birth_date = r.birth_date and l.last_1[1] = r.last_1[1]",
    "l.last_1 = r.last_1 and l.first_1 = r.first_1 and year(l.birth_date) = year(r.birth_date)",
    "l.last_1 = r.last_1 and l.first_1 = r.first_1 and strftime(l.birth_date, '%m%d') = strftime(r.birth_date, '%m%d')",
    "l.first_name = r.last_name and l.last_name = r.first_name and year(l.birth_date) = year(r.birth_date)",
)
_PAIRED = 'pairs join records l on l.id = pairs."left" join records r on r.id = "right" where match_probability >='


@dataclass(frozen=True)
class Linked:
    """Records and the people they belong to.

    ``connection`` holds ``people``: source, record, identifier, person_id, match_weight (log2 odds of the record's strongest
    link by name, if any) and by ("name", "identifier", "alone": what joins it to others); and ``same``: identifier, person_id,
    for rows that carry an identifier and are no record. ``report``: one row a threshold (see ``by_threshold``). ``model``:
    comparison, level, m, u, weight, and whether they were estimated or are starting values; empty where no names were
    compared. ``counts``: records, people and what was found, by name.
    """

    connection: duckdb.DuckDBPyConnection
    report: pd.DataFrame
    model: pd.DataFrame
    counts: dict[str, int]


def link(con: duckdb.DuckDBPyConnection, file: Path, hashed: Callable, threshold: float = THRESHOLD) -> Linked:
    """Find the people of a file of records, those that a match probability of ``threshold`` (0.5 to below 1) joins.

    ``file`` is Parquet: source and record (together one row each), first_name, last_name, birth_date (a date), sex, place and
    identifier (text; equal means the same person, whatever the names say). In the database ``con`` names will lie: it
    must spill where nobody else may read, and hold no table of a name that is used here. A person with identifiers is called by the first of
    them, so that rows elsewhere that carry it alone need no change; any other by what ``hashed`` (``identity.keyed_hash``)
    makes of its first record's fields: no name leaves. Raises ValueError for two rows with the same source and record, and
    InputError where names are to be compared and splink is not installed.
    """
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    _load(con, file)
    try:
        expected, model = _score(con)
        report = by_threshold(con, threshold, expected)
        connect(con, threshold)
    except Exception as error:  # splink puts an error of its own around what the engine says
        raise error.__cause__ if isinstance(error.__cause__, duckdb.Error) else error from None
    return Linked(con, report, model, _people(con, hashed, threshold))


def _load(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make ``records`` (id, node: the least id with the same identifier) and ``named``, those with names to compare."""
    con.read_parquet(glob.escape(str(file))).create_view("raw")
    twice = con.execute("select source, record from raw group by all having count(*) > 1 order by all limit 1")
    for source, record in twice.fetchall():
        raise ValueError(f"{source}, record {record} stands twice among the records to be linked")
    con.execute(f"""{COMPARABLE};
    create table numbered as select row_number() over (order by {" nulls last, ".join(FIELDS)} nulls last, source, record) - 1 as id,
        source, record, nullif(trim(identifier), '') as identifier, {", ".join(FIELDS)} from comparable;
    create table records as select numbered.*, coalesce(node, id) as node from numbered left join
        (select identifier, min(id) as node from numbered where identifier is not null group by identifier) using (identifier);
    drop table numbered;
    create table named as select *, concat_ws(' ', last_name, first_name) as full_name from records
        where birth_date is not null and (last_name is not null or first_name is not null)""")


def comparisons() -> list:
    """Return splink's comparisons with starting values, and levels that are needed besides: one of two surnames or the two in
    another order with a given name or a part of it, day and month exchanged, and 1 January, by which many files mean "unknown".
    """
    import splink.comparison_library as cl
    from splink.comparison_level_library import CustomLevel

    both = cl.ForenameSurnameComparison("first_name", "last_name", forename_surname_concat_col_name="full_name")
    born = cl.DateOfBirthComparison("birth_date", input_is_string=False, datetime_thresholds=1, datetime_metrics="year")
    names, births = both.create_comparison_levels(), born.create_comparison_levels()
    surname = " or ".join(f"last_{i}_l = last_{j}_r" for i in (1, 2) for j in (1, 2))
    part = "coalesce(starts_with(first_name_l, first_name_r) or starts_with(first_name_r, first_name_l), true)"
    names.insert(-3, CustomLevel(f"({surname}) and {part}", "One surname in common, and a given name or a part of it"))
    births.insert(1, CustomLevel("birth_date_l = birth_date_r and dayofyear(birth_date_l) = 1", "Same 1 January"))
    swapped = "month(birth_date_l) = day(birth_date_r) and day(birth_date_l) = month(birth_date_r)"
    births.insert(-2, CustomLevel(f"year(birth_date_l) = year(birth_date_r) and {swapped}", "Day and month exchanged"))
    return [
        cl.CustomComparison(names, "names").configure(
            m_probabilities=[0.81, 0.005, 0.09, 0.02, 0.05, 0.01, 0.01, 0.005],
            u_probabilities=[8e-6, 1e-6, 2e-5, 4e-5, 1e-4, 0.001, 0.008, 0.990831]),
        cl.CustomComparison(births, "birth_date").configure(
            m_probabilities=[0.01, 0.94, 0.025, 0.008, 0.007, 0.01], u_probabilities=[4e-6, 6e-5, 0.0012, 3e-5, 0.04, 0.958706]),
        cl.ExactMatch("sex").configure(m_probabilities=[0.99, 0.01], u_probabilities=[0.7, 0.3]),
        cl.ExactMatch("place").configure(m_probabilities=[0.6, 0.4], u_probabilities=[0.1, 0.9]),
    ]  # fmt: skip


def _score(con: duckdb.DuckDBPyConnection) -> tuple[float, pd.DataFrame]:
    """Make ``pairs`` (left, right: ids of records, match_weight, match_probability), those at or above the least threshold.

    Returns the sum of the match probabilities of all pairs compared, and the model; nothing is where identifiers settle all.
    """
    con.execute('create table pairs ("left" bigint, "right" bigint, match_weight double, match_probability double)')
    [(named, identified)] = con.execute("select count(*), count(identifier) from named").fetchall()
    if named < 2 or identified == named:
        return 0.0, pd.DataFrame()
    try:
        from splink import DuckDBAPI, Linker, SettingsCreator
    except ImportError:
        raise InputError("linking by name needs splink, which is not installed: run `sh setup.sh lab`.") from None
    # a whole name is as frequent as its parts together make it: most whole names are met too seldom to be counted
    con.execute("""create table frequencies as select distinct full_name, coalesce(l.share, 1) * coalesce(f.share, 1) as tf_full_name
        from named left join (select last_name, count(*) / sum(count(*)) over () as share from named group by 1) l using (last_name)
        left join (select first_name, count(*) / sum(count(*)) over () as share from named group by 1) f using (first_name)""")
    exact = con.execute("""select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from named
        where first_name is not null and last_name is not null group by first_name, last_name, birth_date)""").fetchall()
    prior = min(max(exact[0][0], 1) / RECALL_OF_EXACT / (named * (named - 1) / 2), 0.5)
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="id", probability_two_random_records_match=prior, comparisons=comparisons(),
        blocking_rules_to_generate_predictions=list(BLOCKS), retain_matching_columns=False, linker_uid="analysis",
    ).create_settings_dict("duckdb")  # fmt: skip
    api = DuckDBAPI(connection=con)
    compared, frequencies = api.register("named", table_name="people"), api.register("frequencies", table_name="names")
    if trained := named >= TRAINED_FROM:
        _train(con, Linker(compared, settings, log_level=None), settings["comparisons"], prior * RECALL_OF_EXACT)
    linker = Linker(compared, settings, log_level=None)
    linker.table_management.register_term_frequency_lookup(frequencies, "full_name")
    found = linker.inference.predict(warning_mode="never").physical_name
    con.execute(f"""insert into pairs select id_l, id_r, round(match_weight, 6), round(match_probability, 9)
        from {found} where round(match_probability, 9) >= {THRESHOLDS[0]}""")
    # in whole numbers: their sum does not depend on which thread came first
    expected = con.execute(f"select sum(round(match_probability * 1e9)::bigint) / 1e9 from {found}").fetchall()[0][0]
    api.delete_tables_created_by_splink_from_db()
    levels = pd.json_normalize(settings["comparisons"], "comparison_levels", "output_column_name")
    shown = ["output_column_name", "label_for_charts", "m_probability", "u_probability"]
    model = levels[shown].set_axis(["comparison", "level", "m", "u"], axis=1).dropna(ignore_index=True)
    return expected or 0.0, model.assign(weight=np.log2(model["m"] / model["u"]), estimated=trained)


def _train(con: duckdb.DuckDBPyConnection, linker, comparisons: list[dict], same: float) -> None:
    """Estimate u from a sample of all pairs and m by EM; a level that was never seen keeps its starting value."""
    [(threads,)] = con.execute("select current_setting('threads')").fetchall()
    con.execute("set threads = 1")  # sums of floats would otherwise depend on which thread came first
    linker.training.estimate_u_using_random_sampling(SAMPLED_PAIRS, SEED, min_count_per_level=None)
    em = linker.training.estimate_parameters_using_expectation_maximisation
    for rule in ("l.birth_date = r.birth_date", "l.full_name = r.full_name"):  # one held equal, the others learnt from
        em(rule, estimate_without_term_frequencies=True, max_pairs=SAMPLED_PAIRS, record_sample_proportion=1.0)
    con.execute(f"set threads = {threads}")
    for ours, learned in zip(comparisons, linker.misc.save_model_to_json()["comparisons"], strict=True):
        for level, seen in zip(ours["comparison_levels"], learned["comparison_levels"], strict=True):
            if "m_probability" in seen:
                level["m_probability"] = max(seen["m_probability"], LEAST_M)
            if (u := seen.get("u_probability", level.get("u_probability"))) != level.get("u_probability"):
                # the sample holds some pairs of one person: u is what is left without them, a tenth at least
                level["u_probability"] = max((u - same * level["m_probability"]) / (1 - same), u / 10, LEAST_U)


def connect(con: duckdb.DuckDBPyConnection, threshold: float) -> None:
    """Make ``clusters`` (node, cluster: its least node): what identifiers and pairs at or above a threshold connect."""
    con.execute(f"""create or replace table joined (node bigint, cluster bigint);
    create or replace table edges as select distinct least(l.node, r.node) as node_l, greatest(l.node, r.node) as node_r
        from {_PAIRED} {threshold} and l.node <> r.node;
    create or replace table ends as select node_l as node from edges union select node_r from edges""")
    if con.execute("from ends limit 1").fetchall():
        from splink import DuckDBAPI, clustering

        api = DuckDBAPI(connection=con)
        found = clustering.cluster_pairwise_predictions_at_threshold("ends", "edges", api, "node").physical_name
        con.execute(f"insert into joined select node, cluster_id from {found}")
        api.delete_tables_created_by_splink_from_db()
    con.execute("""create or replace table clusters as select node, coalesce(cluster, node) as cluster
        from (select distinct node from records) left join joined using (node)""")


def by_threshold(con: duckdb.DuckDBPyConnection, chosen: float, expected: float) -> pd.DataFrame:
    """Return what each threshold would give, one row each; a share is missing where its denominator is 0.

    threshold (match probability), match_weight (its log2 odds), chosen, pairs (linked by name), people, largest (its records),
    model_precision (mean match probability of the pairs), model_recall (their share of the ``expected`` matches),
    identified_pairs (of which both have an identifier), identified_agree (the same), identified_recall (of all such pairs).
    """
    rows = []
    for threshold in sorted({*THRESHOLDS, chosen}):
        connect(con, threshold)
        row = con.execute(f"""with alike as (select count(*) as n from named where identifier is not null group by identifier),
        sizes as (select count(*) as n from records join clusters using (node) group by cluster),
        found as (select count(*) as pairs, coalesce(sum((match_probability * 1e9)::bigint), 0) / 1e9 as probable,
            count(*) filter (l.identifier is not null and r.identifier is not null) as identified_pairs,
            count(*) filter (l.identifier = r.identifier) as identified_agree from {_PAIRED} {threshold})
        select {threshold}::double as threshold, log2({threshold} / (1 - {threshold})) as match_weight, {threshold == chosen} as chosen,
            pairs, (select count(*) from sizes) as people, (select coalesce(max(n), 0) from sizes) as largest,
            round(probable / nullif(pairs, 0), 9) as model_precision, round(probable / nullif({expected}, 0), 9) as model_recall,
            identified_pairs, identified_agree,
            round(identified_agree / (select nullif(sum(n * (n - 1) / 2), 0) from alike), 9) as identified_recall from found""")
        rows.append(row.df())
    return pd.concat(rows, ignore_index=True)


def _people(con: duckdb.DuckDBPyConnection, hashed: Callable, threshold: float) -> dict[str, int]:
    """Make ``people`` and ``same``, and return what is counted. A cluster's number is the id of its first record."""
    con.create_function("called", lambda t: pa.array(hashed(t.to_pandas())), ["VARCHAR"], "VARCHAR", type="arrow")
    says = " || '|' || ".join(f"coalesce({name}::text, '')" for name in FIELDS)
    # two people may say the same of themselves and still be two: number them
    con.execute(f"""create table own as select cluster, size, coalesce(identifier,
            called(says || '#' || (row_number() over (partition by identifier, says order by cluster) - 1))) as person_id
        from (select cluster, count(*) as size, arg_min(identifier, id) as identifier
            from records join clusters using (node) group by cluster)
        join (select id as cluster, {says} as says from records) using (cluster);
    create table people as select source, record, identifier, person_id, match_weight,
        case when size = 1 then 'alone' when match_weight is not null then 'name' else 'identifier' end as "by"
        from records join clusters using (node) join own using (cluster) left join
        (select unnest(["left", "right"]) as id, max(match_weight) as match_weight from pairs
            where match_probability >= {threshold} group by 1) using (id) order by source, record;
    create table same as select identifier, any_value(person_id) as person_id from people where identifier is not null group by 1""")
    counts = con.execute(f"""select count(*) as "records", count(identifier) as "records with an identifier",
        (select count(*) from named) as "records with a name and a date of birth", count(distinct node) as "people by identifier alone",
        (select count(*) from own) as "people",
        (select count(*) from pairs where match_probability >= {threshold}) as "pairs linked by name",
        (select count(*) - count(distinct person_id) from same) as "people with more than one identifier",
        (select coalesce(max(size), 0) from own) as "records of the largest cluster" from records""")
    return counts.df().iloc[0].to_dict()
