"""The canonical table's last check before it is written: types, closed vocabularies, filled keys."""

from functools import cache

import pandas as pd

from analysis.data.tables import TABLES


def check(table: str, frame: pd.DataFrame, *, linked: bool = False) -> None:
    """Raise pandera's SchemaErrors where a cleaned frame is not a canonical table: a fault of the program, not of the data.

    Where people are ``linked`` by name a row may have no person_id yet.
    """
    _schema(table, linked=linked).validate(frame, lazy=True)


@cache
def _schema(table: str, *, linked: bool) -> object:
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
        nullable = name not in canonical.keys or (linked and name == "person_id")
        columns[name] = pa.Column(dtype, checks=checks, nullable=nullable, required=required)
    return pa.DataFrameSchema(columns)
