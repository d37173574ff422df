"""A dataset, opened: its tables as pandas or Ibis, and the account of what came in and what was kept."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.data import rounding, state
from analysis.data.build import build
from analysis.data.errors import InputError, nearest
from analysis.data.jurisdictions import check, inside, name_of
from analysis.data.sources import locate
from analysis.data.spec import Spec, chosen

if TYPE_CHECKING:
    import ibis

    from analysis.data.review import Review


class Dataset:
    """A built dataset. Attributes of ``dataset.toml`` are attributes of it: kind, source, data_end and so on.

    ``jurisdiction`` is the place that it was opened for, empty for all of them. Tables are whole all the same:
    ``here`` gives a place's rows, and a cohort starts with them.
    """

    def __init__(self, spec: Spec, processed: Path, jurisdiction: str = "") -> None:
        self.spec, self.processed, self.jurisdiction = spec, processed, jurisdiction

    def __getattr__(self, name: str) -> object:
        if name in Spec.model_fields:
            return getattr(self.spec, name)
        raise AttributeError(f"a dataset has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<dataset {self.spec.name}: {self.spec.title} ({self.spec.kind}); tables {', '.join(self.tables)}>"

    @property
    def title(self) -> str:
        """The dataset's title and, where it was opened for one place, the name of that place."""
        return f"{self.spec.title}, {self.place_name(self.jurisdiction)}" if self.jurisdiction else self.spec.title

    def place_name(self, code: str) -> str:
        """Return the name of a place by its code, as the dataset gives it in ``place_names``, else as `name_of` does."""
        return name_of(code, self.spec.place_names)

    def here(self, table: "pd.DataFrame | ibis.Table") -> "pd.DataFrame | ibis.Table":
        """Return the rows of the place that the dataset was opened for; all of them where it was opened for none."""
        return inside(table, self.jurisdiction)

    @property
    def folder(self) -> Path:
        """The folder that holds dataset.toml and the raw files."""
        return self.spec.folder

    @property
    def tables(self) -> list[str]:
        """The canonical tables that this dataset fills, in the order of their design."""
        from analysis.data.tables import TABLES

        return [name for name in TABLES if (self.processed / f"{name}.parquet").is_dir()]

    def frame(self, table: str) -> pd.DataFrame:
        """Return a canonical table as pandas. Raises InputError for a table that this dataset does not fill."""
        frame = _as_pandas(self._path(table), table)
        frame.attrs["dataset"] = self.spec.name
        return frame

    def table(self, table: str) -> "ibis.Table":
        """Return a canonical table as an Ibis table of the dataset's engine. Raises InputError as ``frame`` does."""
        from analysis.data.engine import parquet

        return parquet(self._path(table), chosen(self.spec.engine))

    @cached_property
    def quality(self) -> pd.DataFrame:
        """Rows in, kept and set aside by table, file, sheet, column and reason (``kept`` for the rows kept).

        Columns table, source_file, source_sheet, column, reason, rows_in, kept, set_aside, layout (the known layout
        by which the file was read, and whether it was recognized) and duplicate_likely (of the rows kept, those that
        are likely a detainer entered twice). In every row, and in every sum of rows, rows_in = kept + set_aside.
        """
        return pd.read_parquet(self.processed / "quality.parquet")

    @cached_property
    def columns(self) -> pd.DataFrame:
        """Every raw column: source_file, source_sheet, column, use (mapped, kept, sensitive, not used), rows filled."""
        return pd.read_parquet(self.processed / "columns.parquet")

    @cached_property
    def unknown(self) -> pd.DataFrame:
        """Raw values that became ``unknown`` in 10 or more rows: table, column, value, rows."""
        return pd.read_parquet(self.processed / "unknown.parquet")

    @cached_property
    def changed(self) -> pd.DataFrame:
        """Values made missing because they were redacted, not readable or held an identity: table, column, what, rows."""
        return pd.read_parquet(self.processed / "changed.parquet")

    @cached_property
    def places(self) -> pd.DataFrame:
        """What places and operators rest on: table, level (county, state, not known), how, operator, rows, share."""
        return pd.read_parquet(self.processed / "places.parquet")

    @cached_property
    def review(self) -> "Review":
        """What stands out in the tables: ids, places, days and data ends that are hardly right (`analysis.data.review`)."""
        from analysis.data.review import review

        return review(self.spec, self.processed)

    @cached_property
    def linkage(self) -> dict[str, pd.DataFrame]:
        """How people were linked by name: ``report`` by threshold, ``model`` (the weights), ``counts``; empty where none were."""
        files = {name: self.processed / f"linkage_{name}.parquet" for name in ("report", "model", "counts")}
        return {name: pd.read_parquet(file) for name, file in files.items() if file.is_file()}

    def _path(self, table: str) -> Path:
        if table not in self.tables:
            raise InputError(f"{self.spec.name} has no table '{table}'.{nearest(table, self.tables)}")
        return self.processed / f"{table}.parquet"


def open_dataset(name: str | Path, jurisdiction: str = "") -> Dataset:
    """Open a dataset by its name under ``data/raw``, or by the path of its ``dataset.toml``.

    ``jurisdiction`` opens it for one place: a FIPS code as text, ``06037`` for a county or ``06`` for a state with its
    counties. Cohorts then start there and are followed everywhere.

    What is missing or older than its inputs (raw files, maps, this package's data code) is built first.
    From here on the run rounds its counts where the dataset is restricted (`analysis.data.rounding`).
    Raises InputError with one sentence that says what to do.
    """
    spec, root = state.find_spec(name)
    rounding.restrict(spec.rounding)
    ds = Dataset(spec, build(spec, root, locate(spec)), jurisdiction)
    if jurisdiction:
        check(ds, jurisdiction)
    return ds


def _as_pandas(folder: Path, table: str) -> pd.DataFrame:
    """Return a canonical table: labels as categoricals, dates as datetime64[s], whole numbers as int64."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analysis.data.tables import TABLES

    known = TABLES[table].columns
    texts = [
        part.name
        for part in pq.read_schema(min(folder.iterdir()))
        if pa.types.is_string(part.type) and known.get(part.name) != "id"
    ]
    arrow = pq.read_table(folder, read_dictionary=texts)
    for i, part in enumerate(arrow.schema):
        if pa.types.is_date(part.type):
            arrow = arrow.set_column(i, part.name, arrow.column(i).cast(pa.timestamp("s")))
    frame = arrow.to_pandas()
    for name, values in frame.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            labels = known.get(name)
            order = list(labels) if isinstance(labels, tuple) else sorted(values.cat.categories)
            frame[name] = values.cat.set_categories(pd.Index(order, dtype="str"))
        elif values.dtype == "float64" and values.notna().all() and (values == values.round()).all():
            frame[name] = values.astype("int64")
        elif known.get(name) == "flag":
            frame[name] = values.astype("boolean")
        elif known.get(name) == "id":
            frame[name] = values.astype("str")
    return frame
