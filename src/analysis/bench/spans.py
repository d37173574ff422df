"""The stretches of days on which each place has one rule, as a file, for the ways that do not look rules up."""

from pathlib import Path


def write_spans(detainers: Path, policies: Path, target: Path) -> None:
    """Write jurisdiction, start, end, and policy of every place in a folder of detainers."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analysis.sanctuary.policy_file import read_policies
    from analysis.sanctuary.timeline import timeline

    places = pd.read_parquet(detainers, columns=["jurisdiction"])["jurisdiction"].dropna().unique()
    spans = timeline(places, read_policies(policies))
    table = pa.table(
        {"jurisdiction": pa.array(spans["jurisdiction"], pa.string()), "start": pa.array(spans["start"], pa.date32()),
         "end": pa.array(spans["end"], pa.date32()), "policy": pa.array(spans["policy"], pa.string())}
    )  # fmt: skip
    pq.write_table(table, target)
