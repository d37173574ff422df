"""What was measured on: processors, memory, system, and the versions that speed depends on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("duckdb", "ibis-framework", "numpy", "pandas", "pyarrow")


def machine() -> dict[str, str]:
    """Return what a reader needs to judge seconds by. What the system does not tell is left out."""
    found = {"processors": f"{os.cpu_count()}, {_processor()}", "memory": _memory()}
    found |= {"system": f"{platform.system()} {platform.machine()}", "Python": platform.python_version()}
    found |= {name: version(name) for name in PACKAGES}
    return {name: text for name, text in found.items() if text}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "of unknown kind"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "of unknown kind")


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (AttributeError, OSError, ValueError):
        return ""
