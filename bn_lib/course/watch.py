"""Run a learner's code: stop it when it hangs, keep what it prints, see what it calls."""

import inspect
import io
import linecache
import re
import sys
import traceback
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from time import perf_counter

__all__ = ["TimeUp", "Watch"]

_NORM = re.compile(r"(batch|layer|group|instance|rms)_?norm|\bnormalize", re.IGNORECASE)
_LIBRARY = re.compile(r"(torch|keras|tensorflow|jax|flax|bn_lib\.(?!chapters|course))\b")


class TimeUp(BaseException):
    """The time is up; no Exception, so that ``except Exception`` does not stop it."""


class Watch:
    """Watches over one answer while it runs.

    Parameters
    ----------
    answer : object
        The learner's function or class. Its module, or notebook, is the learner's code.
    seconds : float
        How long the code may run before `TimeUp` is raised in it.

    Attributes
    ----------
    printed : io.StringIO
        What the code printed.
    norm : str
        The first norm of a library that it called, or "".

    Notes
    -----
    The time is taken between the steps of the learner's code, with ``sys.settrace``: a
    signal needs Unix, and a thread cannot stop another. While a debugger uses it,
    there is no limit. One call into compiled code cannot be interrupted.

    Examples
    --------
    >>> def answer():
    ...     while True:
    ...         print("again")
    >>> watch = Watch(answer, seconds=0.01)
    >>> try:
    ...     with watch():
    ...         answer()
    ... except TimeUp:
    ...     print("stopped")
    stopped
    """

    def __init__(self, answer, seconds=3.0):
        self.printed, self.norm = io.StringIO(), ""
        self._namespace, self._left, self._last = _namespace(answer), seconds, 0.0

    @contextmanager
    def __call__(self):
        """Watch over the block."""
        tracing, profiling = sys.gettrace(), sys.getprofile()
        self._last = perf_counter()
        with redirect_stdout(self.printed), redirect_stderr(self.printed):
            sys.setprofile(self._note_call)
            sys.settrace(tracing or self._enter)
            try:
                yield
            finally:
                sys.settrace(tracing)
                sys.setprofile(profiling)

    def line_of(self, error):
        """Return where an exception left the learner's code, as ``", line 2: …"``."""
        lines = [
            (frame.f_code.co_filename, number)
            for frame, number in traceback.walk_tb(error.__traceback__)
            if frame.f_globals is self._namespace
        ]
        if not lines:
            return ""
        text = linecache.getline(*lines[-1], self._namespace).strip()
        return f", line {lines[-1][1]}: {text}".rstrip(": ")

    def _enter(self, frame, event, argument):
        if frame.f_globals is not self._namespace:
            return None
        frame.f_trace_opcodes = True  # "while True: pass" comes to no second line
        return self._tick

    def _tick(self, frame, event, argument):
        now = perf_counter()
        # A single slow step, such as the first import of torch, is no hang.
        self._left -= min(now - self._last, 0.5)
        self._last = now
        if self._left < 0:
            raise TimeUp
        return self._tick

    def _note_call(self, frame, event, argument):
        if event == "call":
            module, name = frame.f_globals.get("__name__"), frame.f_code.co_qualname
        elif event == "c_call":
            module, name = getattr(argument, "__module__", None), argument.__qualname__
        else:
            return
        found = _NORM.search(name) and _LIBRARY.match(str(module))
        if found and not self.norm and not _is_import(frame):
            self.norm = f"{module}.{name}"


def _is_import(frame):
    """Return whether a module is being imported, which runs the bodies of its classes."""
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _namespace(answer):
    """Return the globals of a learner's function, or of the first method of a class."""
    owners = answer.__mro__ if inspect.isclass(answer) else [type(answer)]
    members = [answer.func if isinstance(answer, partial) else answer]
    members += [member for owner in owners for member in vars(owner).values()]
    for member in members:
        if inspect.isfunction(member):
            return inspect.unwrap(member).__globals__
    return None
