"""Check claims about re-arrest after an immigration detainer, from raw files to reports.

The names below are the public interface. They are imported when first used, so that a notebook or a
command pays only for what it needs.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "open_dataset": "analysis.data.dataset",
    "places": "analysis.data.places",
    "place_report": "analysis.data.places",
    "cohort": "analysis.recidivism.cohort",
    "at_large": "analysis.recidivism.at_large",
    "as_cohort": "analysis.recidivism.cohort",
    "possible": "analysis.recidivism.durations",
    "life_table": "analysis.recidivism.life_table",
    "kaplan_meier": "analysis.recidivism.survival",
    "cumulative_incidence": "analysis.recidivism.survival",
    "at": "analysis.recidivism.survival",
    "quantile": "analysis.recidivism.survival",
    "pseudo_values": "analysis.recidivism.survival",
    "rmst": "analysis.recidivism.survival",
    "log_rank": "analysis.recidivism.survival",
    "mean_cumulative": "analysis.recidivism.recurrent",
    "cox": "analysis.recidivism.cox",
    "proportion": "analysis.recidivism.proportions",
    "proportion_difference": "analysis.recidivism.proportions",
    "rate": "analysis.recidivism.proportions",
    "short_window": "analysis.recidivism.windows",
    "estimands": "analysis.recidivism.windows",
    "yearly": "analysis.recidivism.yearly",
    "yearly_any": "analysis.recidivism.recurrent",
    "extrapolate": "analysis.recidivism.projections",
    "unequal_follow_up": "analysis.recidivism.proportions",
    "readings": "analysis.recidivism.windows",
    "with_policy": "analysis.sanctuary.policy",
    "rule_in_force": "analysis.sanctuary.policy",
    "honoured": "analysis.sanctuary.rules",
    "audit": "analysis.claims.audit",
    "specification_curve": "analysis.claims.multiverse",
    "difference_curve": "analysis.claims.differences",
    "e_value": "analysis.sanctuary.sensitivity",
    "bounds": "analysis.sanctuary.sensitivity",
    "compare": "analysis.sanctuary.compare",
    "adoption_effect": "analysis.sanctuary.adoption",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
