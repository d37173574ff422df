"""Says how a build goes: one line for each report, and on a terminal what runs at the moment."""

import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from analysis.publish.job import Outcome

WIDTH = 100


class Progress:
    """Counts reports as they end and says so.

    Args:
        stream: where to write; standard error where none is given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._running: dict[str, int] = {}
        self._total = self.left = 0

    def begin(self, total: int, done: Sequence[Outcome]) -> None:
        """So many reports are not done; others are done already."""
        self._total = self.left = total
        if done:
            skipped = sum(outcome.status == "skipped" for outcome in done)
            without = f", {skipped} of them without a page for a reason" if skipped else ""
            self.say(f"{len(done)} up to date{without}")

    def cell(self, task: Mapping, cell: int) -> None:
        """A report has reached a code cell."""
        self._running[f"{task['dataset']}/{task['report']}"] = cell
        self._show()

    def end(self, outcome: Outcome) -> None:
        """A report has ended."""
        name = f"{outcome.dataset}/{outcome.report}"
        self._running.pop(name, None)
        self.left -= 1
        detail = f": {outcome.message}" if outcome.message else f" in {outcome.seconds:.1f} s"
        self.say(f"[{self._total - self.left}/{self._total}] {name} {outcome.status}{detail}")
        self._show()

    def say(self, line: str) -> None:
        """Write a line of its own."""
        self._stream.write(f"\r\x1b[K{line}\n" if self._live else f"{line}\n")
        self._stream.flush()

    def _show(self) -> None:
        if self._live and self._running:
            running = ", ".join(f"{name} (cell {cell})" for name, cell in self._running.items())
            self._stream.write(f"\r\x1b[K{f'[{self._total - self.left}/{self._total}] {running}'[:WIDTH]}")
            self._stream.flush()
