"""``reports/bench.html`` made from ``reports/bench.json`` alone: the targets first, then every part with all that it measured."""

from html import escape

from analysis.bench.result import words

TITLES = {
    "estimators": "Estimators beside R", "reports": "Reports beside the shell recipe", "sweeps": "Sweeps beside the shell recipe",
    "specifications": "Specification curves beside one by one", "scale": "Detainers in Parquet to the life table",
    "follow_ups": "Follow-ups in Parquet to the life table", "raw": "Raw file to the life table",
    "linking": "Records with names to people",
}  # fmt: skip
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Speed and memory beside named alternatives</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:72rem;margin:auto;padding:1rem}
p{max-width:44rem}.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.8rem 0 .3rem}
th,td{padding:.25rem .9rem .25rem 0;text-align:left;border-bottom:1px solid #8886;vertical-align:top}
.n{text-align:right}.missed{font-weight:700}
@media(max-width:40rem){.wide tr{display:block;padding:.5rem 0;border-bottom:1px solid #8886}
.wide thead{display:none}.wide th,.wide td{display:block;border:0;padding:0;text-align:left}
.wide td[data-name]::before{content:attr(data-name) ": "}.wide td:empty{display:none}}</style></head>
<body><main><h1>Speed and memory beside named alternatives</h1>
<p>Measured by <code>make bench</code>. Each part is one run in which all ways take turns on one machine; ratios carry over to other
machines better than seconds do. A ratio is by the clock; the processors' time, which other work on the machine disturbs less,
stands beside it where it was taken.</p>
"""
_COMPARED = ("What", "Size", "Seconds", "Beside", "Its seconds", "Ratio", "Processors’ ratio", "MB", "Its MB", "Target", "Met")  # fmt: skip


def page(whole: dict) -> str:
    """Return the page of all parts that ``bench.json`` holds, in their order."""
    parts = whole["parts"]
    machine = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>\n"
        for name, text in whole["machine"].items()
    )
    body = f"{_targets(parts)}<table><caption>Measured on</caption><tbody>{machine}</tbody></table>\n"
    return _HEAD + body + "".join(_section(name, part) for name, part in parts.items()) + "</main></body></html>\n"


def _targets(parts: dict) -> str:
    judged = [one for part in parts.values() for one in (*part["compared"], *part["limits"]) if one["met"] is not None]
    missed = [one for one in judged if not one["met"]]
    lines = "".join(f"<li>{escape(_said(one))}</li>\n" for one in missed)
    which = f"<p>Missed:</p>\n<ul>{lines}</ul>\n" if missed else ""
    return f"<p><strong>{len(judged) - len(missed)} of {len(judged)} targets are met.</strong></p>\n{which}"


def _said(one: dict) -> str:
    if "against" in one:
        return f"{one['what']}, {one['size']}, beside {one['against']}: {words(one['ratio'])} (target: {words(one['at_most'])})"
    return f"{one['what']}: {one['found']:,g} (at most {one['at_most']:,g})"


def _section(name: str, part: dict) -> str:
    text = f"<section><h2>{escape(TITLES[name])}</h2>\n<p>{escape(part['about'])}</p>\n"
    text += f"<p>Measured on {part['measured']}, in {part['took']:,g} seconds.</p>\n"
    if "skipped" in part:
        return text + f"<p>Skipped: {escape(part['skipped'])}.</p></section>\n"
    text += _table("Comparisons", _COMPARED, [_compared(one) for one in part["compared"]])
    if part["limits"]:
        text += _table("Further numbers", ("What", "Found", "At most", "Met"), [_limit(one) for one in part["limits"]])
    return text + "</section>\n"


def _compared(one: dict) -> list[str]:
    processor = words(one["processor_ratio"]) if one["processor_ratio"] else ""
    target = words(one["at_most"]) if one["at_most"] else ""
    return [
        one["what"], one["size"], _number(one["seconds"]), one["against"], _number(one["against_seconds"]), words(one["ratio"]),
        processor, _number(one["megabytes"]), _number(one["against_megabytes"]), target, _met(one["met"]),
    ]  # fmt: skip


def _limit(one: dict) -> list[str]:
    return [one["what"], _number(one["found"]), _number(one["at_most"]), _met(one["met"])]


def _table(caption: str, names: tuple[str, ...], rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr>{''.join(map(_cell, names, row))}</tr>\n" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def _cell(name: str, text: str) -> str:
    if name == "What":
        return f'<th scope="row">{escape(text)}</th>'
    number = text.replace(",", "").replace(".", "").isdigit()
    kind = ' class="n"' if number else ' class="missed"' if text == "missed" else ""
    return f'<td data-name="{escape(name)}"{kind}>{escape(text)}</td>'


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _met(good: bool | None) -> str:
    return "" if good is None else "met" if good else "missed"
