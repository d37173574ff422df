"""``reports/bench.html`` made from ``reports/bench.json`` alone: what was measured, every part a section of tables."""

from html import escape

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Speed and memory beside named alternatives</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem}
.wide{overflow-x:auto}table{border-collapse:collapse}caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #8888;vertical-align:top}</style></head>
<body><main><h1>Speed and memory beside named alternatives</h1>
<p>Measured by <code>make bench</code> on one machine, in one run for each part. Ratios carry over to other machines better than
seconds do.</p>
"""


def page(parts: dict) -> str:
    """Return the page of all parts that ``bench.json`` holds, in their order."""
    return _HEAD + "".join(_section(name, part) for name, part in parts.items()) + "</main></body></html>\n"


def _section(name: str, part: object) -> str:
    if not isinstance(part, dict):
        return ""
    text = f"<section><h2>{_words(name)}</h2>\n"
    for key in ("about", "skipped"):
        text += f"<p>{'Skipped: ' if key == 'skipped' else ''}{escape(str(part[key]))}</p>\n" if part.get(key) else ""
    said = {
        key: value
        for key, value in part.items()
        if isinstance(value, (str, int, float)) and key not in ("about", "skipped")
    }
    text += _table("Measured" if "rows" not in part else "Setting", [said]) if said else ""
    for key, value in part.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text += _table(_words(key), value)
    return text + "</section>\n"


def _table(caption: str, rows: list[dict]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{_words(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(f"<td>{_shown(row.get(name))}</td>" for name in names) + "</tr>\n" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return escape(text[:1].upper() + text[1:])


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, (int, float)) else escape(str(value))
