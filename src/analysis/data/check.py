"""The canonical table's last check before it is written: types, closed vocabularies, filled keys."""

from functools import cache

import pandas as pd

from analysis.data.tables import TABLES


def check(table: str, frame: pd.DataFrame) -> None:
    """Raise pandera's SchemaErrors where a cleaned frame is not a canonical table: a fault of the program, not of the data."""
    _schema(table).validate(frame, lazy=True)


@cache
def _schema(table: str) -> object:
    import pandera.pandas as pa

    canonical = TABLES[table]
    columns = {}
    for name, kind in canonical.columns.items():
        checks = []
        if isinstance(kind, tuple):
            dtype, checks = pd.CategoricalDtype(pd.Index(kind, dtype="str")), []
        else:
            dtype = {"date": "datetime64[s]", "number": "float64", "flag": "boolean", "id": "str"}.get(kind)
        required = name in canonical.required or not canonical.free
        columns[name] = pa.Column(dtype, checks=checks, nullable=name not in canonical.keys, required=required)
    return pa.DataFrameSchema(columns)
