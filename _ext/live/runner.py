"""Runs one cell as a notebook would, inside the page's own Python.

`worker.js` calls `run` and hands on what it returns. Everything is fresh each time: the
names, the state of NumPy, the file that a traceback quotes.
"""

import ast
import builtins
import copy
import io
import linecache
import random
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import numpy as np

from bn_lib.course.verdict import Verdict

__all__ = ["run"]

# More than anybody reads, and little enough for a phone.
_LONGEST = 20_000


def run(source, prelude="", number=1, send=lambda text: None):
    """Run a reader's cell.

    Parameters
    ----------
    source : str
        The cell.
    prelude : str
        The first cell of the page: what is not installed here is left out of it.
    number : int
        Of this run; tracebacks name it.
    send : callable
        Gets what is printed, piece by piece.

    Returns
    -------
    dict
        ``verdict``: what `check` said last, or None. ``error``: what went wrong, or
        None: ``traceback`` with the reader's own lines alone, ``kind``, and whether it
        asks for something that is ``missing`` here.
    """
    file = f"cell_{number}.py"
    names = {"__name__": "__main__", "__builtins__": builtins, "input": _no_input}
    output, verdicts, missing = _Output(send), [], set()
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        with redirect_stdout(output), redirect_stderr(output), _state_kept():
            missing = _prepare(prelude, names)
            _execute(ast.parse(source, file), file, names, verdicts)
    except BaseException as error:  # of the reader's making, KeyboardInterrupt too
        told = {
            "traceback": _own_lines(error, file),
            "kind": type(error).__name__,
            "missing": isinstance(error, ModuleNotFoundError)
            or (isinstance(error, NameError) and error.name in missing),
        }
    else:
        told = None
    finally:
        linecache.cache.pop(file)
    return {"verdict": _told(verdicts[-1]) if verdicts else None, "error": told}


def _prepare(prelude, names):
    """Run the prelude as far as it goes; return the names that it could not set."""
    missing = set()
    for statement in ast.parse(prelude).body:
        for part in _one_by_one(statement):
            try:
                exec(compile(ast.Module([part], []), "<prelude>", "exec"), names)
            except (ImportError, NameError):
                aliases = getattr(part, "names", ())
                missing |= {(a.asname or a.name).partition(".")[0] for a in aliases}
    return missing - set(names)


def _one_by_one(statement):
    """Yield an import name by name: some of them may be missing."""
    for alias in getattr(statement, "names", [None]):
        if alias is not None:
            statement = copy.copy(statement)
            statement.names = [alias]
        yield statement


def _execute(tree, file, names, verdicts):
    """Run all statements; keep each verdict, and show the last value as a notebook does."""
    for statement in tree.body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), file, "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), file, "eval"), names)
        if isinstance(value, Verdict):
            verdicts.append(value)
        elif statement is tree.body[-1] and value is not None:
            print(repr(value))


def _told(verdict):
    mark, edge, words = verdict.looks
    return {
        "exercise": verdict.exercise,
        "passed": verdict.passed,
        "mistakes": list(verdict.mistakes),
        "printed": verdict.printed[:_LONGEST],
        "edge": edge,
        "said": {
            language: [f"{mark} {verdict.exercise}: {word}", verdict.messages[language]]
            for language, word in words.items()
        },
    }


def _own_lines(error, file):
    """Return the traceback without the frames of anybody else."""
    told = traceback.TracebackException.from_exception(error)
    links = [told]
    while links:
        link = links.pop()
        own = [frame for frame in link.stack if frame.filename == file]
        link.stack = traceback.StackSummary.from_list(own)
        links += filter(None, [link.__cause__, link.__context__])
    return "".join(told.format())[-_LONGEST:]


def _no_input(*prompt):
    raise EOFError("input() has nobody to ask here: write the value into the code")


@contextmanager
def _state_kept():
    """Leave Python, NumPy and both sources of random numbers as they were."""
    errors, shown = np.geterr(), np.get_printoptions()
    states = np.random.get_state(), random.getstate()  # noqa: NPY002 (the reader's)
    modules = [(vars(module), dict(vars(module))) for module in (builtins, np)]
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for names, before in modules:
            names.update(before)
        np.seterr(**errors)
        np.set_printoptions(**shown)
        np.random.set_state(states[0])  # noqa: NPY002
        random.setstate(states[1])


class _Output(io.TextIOBase):
    """Hands on what is printed, up to a limit."""

    def __init__(self, send):
        self._send, self._left = send, _LONGEST

    def writable(self):
        return True

    def write(self, text):
        if self._left > 0:
            self._send(text[: self._left])
        self._left -= len(text)
        if self._left <= 0 < self._left + len(text):
            self._send("\n…\n")
        return len(text)
