"""Further columns of the detainer that starts each follow-up, such as the facility: for describing groups."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.data.errors import InputError, nearest
from analysis.recidivism.requests import Choice, detainers

if TYPE_CHECKING:
    from analysis.data.dataset import Dataset


def with_origin_columns(ds: "Dataset", cohort: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return a cohort that starts at detainers with columns of the detainer that starts each row, as categories.

    Rows, order and attributes are those of ``cohort``. Of several detainers of one person and day the first in the
    order of the files is meant, as in ``cohort`` itself. An outcome is known only afterwards: it describes a group and
    is nothing to adjust for.

    Raises InputError where the cohort starts at releases, or for a column that the detainers do not have.
    """
    import ibis

    if cohort.attrs.get("origin") != "prepared":
        raise InputError("with_origin_columns: the cohort must start at detainers (origin = 'prepared').")
    table = detainers(ds, Choice(**cohort.attrs["detainers"]))
    for name in names:
        if name not in table.columns:
            raise InputError(f"with_origin_columns: detainers have no column '{name}'.{nearest(name, table.columns)}")
    table = ds.here(table)
    lineage = [table.source_file, table.source_sheet, table.source_row]
    nth = ibis.row_number().over(ibis.window(group_by=[table.person_id, table.prepared], order_by=lineage))
    rows = table.filter(table.person_id.notnull()).mutate(nth=nth)
    found = rows.filter(rows.nth == 0).select("person_id", "prepared", *names).to_pandas()
    found["prepared"] = pd.to_datetime(found["prepared"]).astype("datetime64[s]")
    out = cohort.drop(columns=[name for name in names if name in cohort]).merge(
        found, on=["person_id", "prepared"], how="left", validate="many_to_one"
    )
    for name in names:
        out[name] = out[name].astype("category")
    out.attrs = dict(cohort.attrs)
    return out
