"""Give every report the same clean process, although one process runs many.

A kernel of its own would start afresh. A long-lived worker instead puts back whatever a notebook can
change from outside its namespace: the main module, folder, environment, import path, streams, warnings,
loggers, plotting style, pandas and numpy options, and the state of the random generators, which starts
from a documented constant.
"""

import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType

SEED = 20180219


@contextmanager
def pristine() -> Iterator[None]:
    """Restore the process's state on the way out; libraries must be imported before, to be restored."""
    with ExitStack() as stack:
        stack.enter_context(_interpreter())
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(_loggers())
        for name, guard in (("numpy", _numpy), ("pandas", _pandas), ("matplotlib.pyplot", _matplotlib)):
            if name in sys.modules:
                stack.enter_context(guard(sys.modules[name]))
        yield


@contextmanager
def _interpreter() -> Iterator[None]:
    names = ("stdin", "stdout", "stderr", "displayhook", "excepthook")
    hooks = {name: getattr(sys, name) for name in names}
    folder, environment = os.getcwd(), dict(os.environ)
    main, path, arguments, draws = sys.modules["__main__"], list(sys.path), list(sys.argv), random.getstate()
    random.seed(SEED)
    try:
        yield
    finally:
        for name, hook in hooks.items():
            setattr(sys, name, hook)
        sys.modules["__main__"] = main
        sys.path[:], sys.argv[:] = path, arguments
        os.chdir(folder)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        random.setstate(draws)


@contextmanager
def _loggers() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers, disabled = root.level, list(root.handlers), logging.root.manager.disable
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        logging.disable(disabled)


@contextmanager
def _numpy(numpy: ModuleType) -> Iterator[None]:
    draws = numpy.random.get_state()
    numpy.random.seed(SEED)
    try:
        with numpy.errstate(), numpy.printoptions():
            yield
    finally:
        numpy.random.set_state(draws)


@contextmanager
def _pandas(pandas: ModuleType) -> Iterator[None]:
    options = pandas.options  # read through the public attribute tree: reset_option("all") warns of deprecated ones
    before = dict(_leaves(options))
    try:
        yield
    finally:
        for name, value in _leaves(options):
            if name in before and value != before[name]:
                pandas.set_option(name, before[name])


def _leaves(options: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in dir(options):
            value = getattr(options, name)
            if type(value) is type(options):
                yield from _leaves(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value


@contextmanager
def _matplotlib(pyplot: ModuleType) -> Iterator[None]:
    import matplotlib

    backend, interactive = matplotlib.get_backend(), matplotlib.is_interactive()
    try:
        with matplotlib.rc_context():
            yield
    finally:
        pyplot.close("all")
        if matplotlib.get_backend() != backend:
            pyplot.switch_backend(backend)
        matplotlib.interactive(interactive)
