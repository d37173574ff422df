"""What must come of a case: tables whose rows add up, or one clear line and nothing built."""

import shutil
from pathlib import Path

from analysis.torture.case import NAME, Case

_LONGEST = 1100  # characters of a message


def judge(case: Case, root: Path) -> tuple[str, str]:
    """Return ("kept" or "refused", "") for a case that ends as it must, else ("failed", why).

    ``root`` is a project's folder of the case's own, to which ANALYSIS_HOME points.
    """
    from analysis.data.errors import InputError

    folder = root / "data" / "raw" / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    try:
        fault = _built(case, root) if "dataset.toml" in case.files else _read(case, folder)
    except InputError as error:
        fault = _message(str(error), case) or _left(root)
        return ("failed", fault) if fault else ("refused", "")
    except Exception as error:
        return "failed", _trace(error)
    finally:
        shutil.rmtree(root / "data" / "processed" / NAME, ignore_errors=True)
    return ("failed", fault) if fault else ("kept", "")


def _built(case: Case, root: Path) -> str:
    from analysis.data.dataset import open_dataset

    ds = open_dataset(NAME)
    quality = ds.quality
    if not (quality["rows_in"] == quality["kept"] + quality["set_aside"]).all():
        return "rows in are not rows kept and rows set aside"
    for table in ds.tables:
        kept, there = int(quality.loc[quality["table"] == table, "kept"].sum()), len(ds.frame(table))
        if kept != there:
            return f"the table {table} holds {there} rows, and {kept} are counted as kept"
    main = ds.spec.sources[0].maps[0].table
    rows_in = int(quality.loc[quality["table"] == main, "rows_in"].sum())
    if case.rows is not None and rows_in != case.rows:
        return f"{rows_in} rows in, and the file holds {case.rows}"
    return _left(root, built=True)


def _read(case: Case, folder: Path) -> str:
    import pandas as pd

    from analysis.sanctuary.plan import read_plan
    from analysis.sanctuary.policy import with_policy
    from analysis.sanctuary.rules import honoured

    [name] = case.files
    if case.kind == "policies":
        days = pd.to_datetime(["2014-06-01", None, "2019-01-01"]).astype("datetime64[s]")
        frame = pd.DataFrame({"jurisdiction": ["36061", "17031", None], "prepared": days})
        return "" if len(with_policy(frame, policies=folder / name)) == 3 else "a row was lost"
    if case.kind == "rule":
        frame = pd.DataFrame({"criminality": ["convicted", "other"], "charge_group": ["robbery", None]})
        return "" if len(honoured(folder / name, frame)) == 2 else "a row was lost"
    read_plan(folder / name)
    return ""


def _message(said: str, case: Case) -> str:
    if "\n" in said or "\r" in said:
        return f"a message of several lines: {said[:300]!r}"
    if len(said) > _LONGEST:
        return f"a message of {len(said)} characters: {said[:300]!r}"
    if not any(said.startswith(name) for name in (NAME, *case.files)):
        return f"a message that does not begin with the file: {said[:300]!r}"
    return ""


def _left(root: Path, *, built: bool = False) -> str:
    processed = root / "data" / "processed"
    found = [path.name for path in processed.iterdir() if not path.name.endswith(".lock")] if processed.is_dir() else []
    extra = sorted(name for name in found if not (built and name == NAME))
    return f"left under data/processed: {', '.join(extra)}" if extra else ""


def _trace(error: Exception) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "analysis" in frame.filename and "torture" not in frame.filename]
    at = own[-1] if own else frames[-1]
    said = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {said} ({Path(at.filename).name}:{at.lineno}, {at.name})"
