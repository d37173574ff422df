"""An IPython shell inside this process whose every output becomes a notebook output.

In goes the source of a cell, out come the outputs that a kernel and nbclient would have recorded for it:
streams, displays, the value of the last expression, errors, in the order they came.
"""

import atexit
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from jupyter_client.jsonutil import json_default
from nbformat import NotebookNode, from_dict
from traitlets import Instance, Tuple, default
from traitlets.config import Config

from analysis.publish.state import pristine


class Outputs:
    """The outputs of the cell that is running, in the order they came, as nbclient would record them."""

    def __init__(self) -> None:
        self._shown: dict[str, list[NotebookNode]] = {}  # by display id
        self.begin([])

    def begin(self, outputs: list) -> None:
        """Collect into a cell's list of outputs from now on."""
        self._outputs, self._clear_first = outputs, False

    def end(self) -> None:
        """Join the pieces of each stream."""
        for output in self._outputs:
            if output.output_type == "stream":
                output.text = "".join(output.text)

    def stream(self, name: str, text: str) -> None:
        """Add text to a stream; text that follows text of the same stream joins it."""
        self._clear_if_due()
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == name:
            last.text.append(text)
        elif text:
            self._outputs.append(NotebookNode(output_type="stream", name=name, text=[text]))

    def add(self, output_type: str, display_id: str | None = None, **fields: object) -> None:
        """Add an output that is not a stream, as it would look after its way through a kernel's JSON."""
        self._clear_if_due()
        output = from_dict({"output_type": output_type, **json.loads(json.dumps(fields, default=json_default))})
        self._outputs.append(output)
        if display_id:
            self.update(display_id, output.data, output.metadata)
            self._shown.setdefault(display_id, []).append(output)

    def update(self, display_id: str, data: dict, metadata: dict) -> None:
        """Replace what was shown under an id, in whichever cell."""
        for shown in self._shown.get(display_id, []):
            shown.data, shown.metadata = from_dict(data), from_dict(metadata)

    def clear(self, wait: bool) -> None:
        """Empty the running cell's outputs, now or when its next output comes."""
        self._clear_first = wait
        if not wait:
            self._outputs.clear()

    def _clear_if_due(self) -> None:
        if self._clear_first:
            self.clear(wait=False)


class _Stream(io.TextIOBase):
    """Standard output or standard error of a notebook; processes that a cell starts get the real one."""

    encoding = "utf-8"

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.name, self._outputs = name, outputs

    def fileno(self) -> int:
        return {"stdout": 1, "stderr": 2}[self.name]

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")  # as a kernel's stream says
        self._outputs.stream(self.name, text)
        return len(text)


class _Result(DisplayHook):
    """Collects the value of a cell's last expression."""

    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        self.shell.outputs.add(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count
        )

    def finish_displayhook(self) -> None:
        pass


class _Display(DisplayPublisher):
    """Collects what ``display`` shows."""

    def publish(self, data: dict, metadata: dict | None = None, *, transient: dict | None = None, update=False, **_):
        display_id = (transient or {}).get("display_id")
        if update:
            self.shell.outputs.update(display_id, data, metadata or {})
        else:
            self.shell.outputs.add("display_data", display_id, data=data, metadata=metadata or {})

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait)


class Shell(InteractiveShell):
    """An IPython shell whose every output goes to one collector."""

    outputs = Instance(Outputs, ())
    _streams = Tuple()
    displayhook_class = _Result
    display_pub_class = _Display

    @default("_streams")
    def _new_streams(self) -> tuple[_Stream, _Stream]:
        return _Stream("stdout", self.outputs), _Stream("stderr", self.outputs)

    def enable_gui(self, gui: str | None = None) -> None:
        """Nothing to do: there is no event loop, and figures are drawn into outputs."""

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.outputs.add("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)

    def run(self, cell: NotebookNode) -> BaseException | None:
        """Run a code cell, putting its outputs and number into it; the exception that stopped it, if one did."""
        # Injected parameters take no number, so that a cell's number is the one it has in the source.
        counted = "injected-parameters" not in cell.metadata.get("tags", [])
        cell.execution_count = self.execution_count if counted else None
        self.outputs.begin(cell.outputs)
        out, err = self._streams
        try:
            with redirect_stdout(out), redirect_stderr(err):
                result = self.run_cell(cell.source, store_history=counted)
        finally:
            self.outputs.end()
        return result.error_before_exec or result.error_in_exec


@cache
def _profile() -> ProfileDir:
    # The user's own start-up files and configuration must not change a report.
    folder = tempfile.TemporaryDirectory(prefix="analysis-ipython-")
    profile = ProfileDir.create_profile_dir(folder.name)
    profile.folder = folder
    return profile


@contextmanager
def fresh_shell() -> Iterator[Shell]:
    """A new shell with an empty namespace; on the way out the process's state is put back."""
    config = Config()
    config.HistoryManager.enabled = False
    with pristine():
        InteractiveShell.clear_instance()
        shell = Shell.instance(config=config, profile_dir=_profile(), ipython_dir=_profile().location)
        try:
            _draw_inline(shell)
            yield shell
        finally:
            shell.restore_sys_module_state()
            shell.user_ns.clear()  # so that a report's frames go at once, whatever still refers to the shell
            atexit.unregister(shell.atexit_operations)
            Shell.clear_instance()


def _draw_inline(shell: Shell) -> None:
    from matplotlib_inline.backend_inline import configure_inline_support
    from matplotlib_inline.config import InlineBackend

    InlineBackend.clear_instance()
    configure_inline_support.current_backend = "unset"  # or a second shell would get no formatter for figures
    shell.enable_matplotlib("inline")
