"""Which exercises are done, kept in a file beside the notebooks.

The file is the one that the book's first page saves and reads: what was done on a phone
counts on a laptop, and the other way round.
"""

import ast
import inspect
import json
import pkgutil
import sys
import textwrap
from contextlib import suppress
from datetime import date
from pathlib import Path

from bn_lib import chapters
from bn_lib.course.exercise import exercises

__all__ = ["Progress", "progress", "record"]

_FILE, _BOOK = "progress.json", "bn-samjho"
_tried = set()  # ids of cells that held a stub, or a wrong answer


class Progress(dict):
    """Chapter to ``(done, all)``, its exercises; printed as a small table."""

    def __repr__(self):
        rows = [
            f"{'✔' if done == every else ' '} {chapter:12} {done} / {every}"
            for chapter, (done, every) in self.items()
        ]
        return "\n".join(rows)


def progress(folder="."):
    """Say which exercises are done.

    Parameters
    ----------
    folder : str or Path
        Where the notebooks run: ``progress.json`` is kept there.

    Returns
    -------
    Progress

    Raises
    ------
    ValueError
        If the file there is none of this book.
    """
    done = _read(Path(folder, _FILE))["done"]
    names = [module.name for module in pkgutil.iter_modules(chapters.__path__)]
    known = {name: exercises(name) for name in names}
    return Progress(
        (name, (len(done.keys() & ids.keys()), len(ids)))
        for name, ids in known.items()
        if ids
    )


def record(exercise_id, passed, answer, folder="."):
    """Keep that an exercise was done, if a cell of a notebook did it.

    Parameters
    ----------
    exercise_id : str
        Chapter and name, such as ``"math.forward"``.
    passed : bool
        What the check of this cell said.
    answer : function or class
        The book's own. A cell that holds it from the start is its solution, and proves
        nothing; one that held something else before is the reader's.
    folder : str or Path
        Where ``progress.json`` is.

    Notes
    -----
    A file that cannot be read or written stays as it is: an answer is right all the same.
    """
    code, cell = _running()
    if not passed:
        _tried.add(cell)
    if code is None or not passed or (cell not in _tried and _is_solution(code, answer)):
        return
    path = Path(folder, _FILE)
    with suppress(OSError, ValueError):
        kept = _read(path)
        kept["done"].setdefault(exercise_id, date.today().isoformat())
        path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def _read(path):
    if not path.exists():
        return {"book": _BOOK, "done": {}}
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["book"] == _BOOK and isinstance(kept["done"], dict):
            return kept
    except (ValueError, TypeError, KeyError):
        pass
    raise ValueError(f"expected the progress of this book in {path}, got another file")


def _running():
    """Return the code and the id of the cell that runs in a notebook, or None for each."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if not hasattr(shell, "kernel"):
        return None, None
    metadata = shell.get_parent().get("metadata", {})
    # Where no id comes, each cell is one that was not seen before.
    return shell.user_ns["In"][-1], metadata.get("cellId", object())


def _is_solution(cell, answer):
    """Return whether a cell has the statements of the book's answer, before its check."""
    own = ast.parse(textwrap.dedent(inspect.getsource(answer))).body
    if inspect.isfunction(answer) and not inspect.signature(answer).parameters:
        own = [line for line in own[0].body if not isinstance(line, ast.Return)]
    try:
        theirs = ast.parse(cell).body[: len(own)]
    except SyntaxError:  # of magics
        return False
    return list(map(ast.dump, theirs)) == list(map(ast.dump, own))
