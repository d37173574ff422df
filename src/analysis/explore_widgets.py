"""The widgets of `analysis.explore`: one specification to choose, or two side by side, with curve, table and line of Python."""

import html
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import analysis
from analysis.data.dataset import Dataset
from analysis.data.errors import InputError
from analysis.data.tables import EVENTS
from analysis.explore import DEFINITIONS, Choice, datasets, groups
from analysis.publish import fragments, tables
from analysis.publish.figures import svg
from analysis.recidivism.durations import possible

if TYPE_CHECKING:
    import ipywidgets

_TIMES = {"day": 1095, "week": 156, "month": 60, "year": 5}


def explore(first: Choice | None = None) -> "ipywidgets.Widget":
    """Return the widgets for one specification: what is chosen above, curve, table and line of Python below."""
    return _Panel(first or Choice("north-carolina", window=12)).box


def compare(first: Choice, second: Choice) -> "ipywidgets.Widget":
    """Return the widgets for two specifications side by side, and a line that says how far they lie apart."""
    import ipywidgets as w

    panels = [_Panel(first), _Panel(second)]
    said = w.HTML()

    def show(_: object = None) -> None:
        said.value = html.escape(_apart([panel.choice for panel in panels]))

    for panel in panels:
        panel.watch(show)
    show()
    boxes = [w.VBox([panel.box], layout=w.Layout(flex="1 1 30rem", min_width="22rem")) for panel in panels]
    return w.VBox([w.HBox(boxes, layout=w.Layout(flex_flow="row wrap")), said])


def searched(frame: pd.DataFrame) -> None:
    """Show a frame as a table that can be searched and ordered, without a network."""
    from IPython.display import HTML, display
    from itables import init_notebook_mode, show

    init_notebook_mode(all_interactive=False, connected=False)
    theme = "document.documentElement.classList.toggle('dark', document.body.dataset.jpThemeLight === 'false')"
    display(HTML(f"<script>{theme}</script>"))  # itables 2.9 looks at the theme before it is loaded
    show(frame)


def _apart(choices: list[Choice]) -> str:
    try:
        first, second = (_share(choice) for choice in choices)
    except (InputError, ValueError) as error:
        return str(error)
    if np.isnan(first) or np.isnan(second):
        return "A window ends after the last person at risk: there is nothing to compare."
    differs = [
        name for name in choices[0].__dataclass_fields__ if getattr(choices[0], name) != getattr(choices[1], name)
    ]
    what = f"They differ in {', '.join(differs)}." if differs else "They are the same specification."
    return f"Left {first:.1%}, right {second:.1%}: {100 * (second - first):+.1f} percentage points. {what}"


def _said(ds: Dataset, origin: str, event: str | None) -> str:
    """An event in words; where a dataset has one of its own, that one's."""
    label = event or analysis.cohort(ds, origin=origin).event
    return EVENTS.get(label, (label.replace("_", " "), ""))[0].capitalize()


def _share(choice: Choice) -> float:
    """The share of everyone followed, whatever the groups."""
    row = replace(choice, by="").table().iloc[0]
    return 1 - row["survival"] if choice.value == "survival" else row["incidence"]


class _Panel:
    """The widgets of one specification."""

    def __init__(self, choice: Choice) -> None:
        import ipywidgets as w

        wide = {"style": {"description_width": "6.5rem"}, "layout": w.Layout(width="100%", max_width="34rem")}
        self.choice, self._told, self._filling = choice, [], False
        names = sorted({*datasets(), choice.dataset})
        self.dataset = w.Dropdown(options=names, value=choice.dataset, description="Dataset", **wide)
        self.follow_up = w.Dropdown(description="Follow-up", **wide)
        self.by = w.Dropdown(description="Group", **wide)
        self.window = w.IntSlider(
            description="Window", continuous_update=False, min=1, max=choice.window, value=choice.window, **wide
        )
        self.definition = w.Dropdown(options=DEFINITIONS, value=choice.definition, description="Definition", **wide)
        self.figure, self.table, self.code = w.HTML(), w.HTML(), w.HTML()
        self._fill(choice.origin, choice.event, choice.by, choice.window)
        for widget in (self.dataset, self.follow_up, self.by, self.window, self.definition):
            widget.observe(self._changed, "value")
        self._show()
        self.box = w.VBox([self.dataset, self.follow_up, self.by, self.window, self.definition, self.figure, self.table,
                           self.code])  # fmt: skip

    def watch(self, tell: object) -> None:
        """Call ``tell`` after every change."""
        self._told.append(tell)

    def _fill(self, origin: str = "", event: str | None = None, by: str = "", window: int | None = None) -> None:
        """Offer what the chosen dataset allows."""
        self._filling = True
        ds = analysis.open_dataset(self.dataset.value)
        ways = possible(ds)
        starts = {"released": "release", "prepared": "a detainer"}
        names = {f"{_said(ds, start, name)} after {starts[start]}": (start, name) for start, name in ways}
        self.follow_up.options = names
        self.follow_up.value = (origin, event) if (origin, event) in ways else ways[0]
        self._fill_groups(by)
        most = _TIMES[ds.time_unit]
        self.window.max, self.window.description = most, f"{ds.time_unit.capitalize()}s"
        self.window.value = min(window or {"day": 105, "month": 12}.get(ds.time_unit, most), most)
        self._filling = False

    def _fill_groups(self, by: str = "") -> None:
        start, event = self.follow_up.value
        found = groups(Choice(self.dataset.value, start, event).cohort())
        self.by.options = {"everyone": "", **{name.replace("_", " "): name for name in found}}
        self.by.value = by if by in found else ""

    def _changed(self, change: dict) -> None:
        if self._filling:
            return
        if change["owner"] is self.dataset:
            self._fill()
        elif change["owner"] is self.follow_up:
            self._filling = True
            self._fill_groups(self.by.value)
            self._filling = False
        self._show()
        for tell in self._told:
            tell()

    def _show(self) -> None:
        start, event = self.follow_up.value
        self.choice = Choice(self.dataset.value, start, event, self.by.value, self.window.value, self.definition.value)
        try:
            ds = analysis.open_dataset(self.choice.dataset)
            drawing = self.choice.drawing(ds)
            table = tables.to_html(drawing.brief, "The curve as a table", "explore", drawing.percent, drawing.level)
            picture = svg.inline(drawing.figure, f"explore-{id(self)}", "The curve", drawing.alt)
        except (InputError, ValueError) as error:
            picture, table = f"<p>{html.escape(str(error))}</p>", ""
        self.figure.value = f'<div class="explore-curve">{fragments.on_paper(picture)}</div>'
        self.table.value = fragments.on_paper(table)
        self.code.value = (
            f'<pre class="explore-code" style="white-space:pre-wrap">{html.escape(self.choice.code)}</pre>'
        )
