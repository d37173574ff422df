"""What a build says: plain lines in a log, one moving line on a terminal."""

import io

from analysis.publish.job import Outcome
from analysis.publish.progress import Progress

TASK = {"dataset": "demo", "report": "short"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def tell(stream):
    progress = Progress(stream)
    progress.begin(2, [Outcome("data", "demo", "up to date"), Outcome("long", "demo", "skipped", "no dates")])
    progress.cell(TASK, 3)
    progress.end(Outcome("short", "demo", "built", seconds=1.26))
    progress.end(Outcome("wrong", "demo", "failed", "code cell 2: ValueError: no column"))
    return progress, stream.getvalue()


def test_plain_lines_where_there_is_no_terminal():
    progress, said = tell(io.StringIO())
    assert said.splitlines() == [
        "2 up to date, 1 of them without a page for a reason",
        "[1/2] demo/short built in 1.3 s",
        "[2/2] demo/wrong failed: code cell 2: ValueError: no column",
    ]
    assert progress.left == 0


def test_terminal_shows_what_runs_and_clears_it():
    _, said = tell(Terminal())
    assert "\r\x1b[K[0/2] demo/short (cell 3)\r\x1b[K[1/2] demo/short built" in said


def test_nothing_is_said_where_nothing_was_done():
    stream = io.StringIO()
    Progress(stream).begin(0, [])
    assert stream.getvalue() == ""
