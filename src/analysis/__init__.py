"""Check claims about re-arrest after an immigration detainer, from raw files to reports.

The names below are the public interface. They are imported when first used, so that a notebook or a
command pays only for what it needs.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "open_dataset": "analysis.data.dataset",
    "cohort": "analysis.recidivism.cohort",
    "life_table": "analysis.recidivism.life_table",
    "kaplan_meier": "analysis.recidivism.survival",
    "cumulative_incidence": "analysis.recidivism.survival",
    "at": "analysis.recidivism.survival",
    "proportion": "analysis.recidivism.proportion",
    "short_window": "analysis.recidivism.short_window",
    "yearly": "analysis.recidivism.long_term",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
