"""What an answer returns: arrays that can be compared, or why there are none."""

import dis
import inspect
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from bn_lib.course.watch import TimeUp

__all__ = ["Problem", "differing", "find_misfit", "is_blank", "is_stub", "observe", "same"]

# Loose enough for float32 with any summation order, far below every known mistake.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Problem:
    """Why an output is no array that can be compared.

    Attributes
    ----------
    mistake : str
        Id of what is wrong, such as ``"raised"``.
    detail : str
        What was expected and got, or the exception and its line.
    cause : str
        Name of the exception, if there was one.
    """

    mistake: str
    detail: str = ""
    cause: str = ""


def observe(play, answer, inputs, watch=None):
    """Play an answer once, whatever its code does.

    Parameters
    ----------
    play : callable
        ``play(answer, **inputs)`` yields names and outputs.
    answer : object
        The learner's, the right one, or a wrong one.
    inputs : dict
        Arguments for `play`.
    watch : Watch, optional
        Watches over a learner's code.

    Returns
    -------
    outputs : dict
        Name to float64 array or `Problem`, as far as the answer came.
    problem : Problem or None
        What ended it early.
    """
    outputs = {}
    try:
        with warnings.catch_warnings(), watch() if watch else nullcontext():
            warnings.simplefilter("ignore")
            for name, value in play(answer, **inputs):
                outputs[name] = _to_array(value, name)
    except NotImplementedError as error:
        return outputs, Problem("incomplete", _describe(error))
    except TimeUp:
        return outputs, Problem("time-up")
    except (Exception, SystemExit) as error:
        line = watch.line_of(error) if watch else ""
        return outputs, Problem("raised", _describe(error) + line, _kind(error))
    return outputs, None


def same(a, b):
    """Return whether two outputs, arrays or Problems, agree within the tolerance."""
    if isinstance(a, Problem) or isinstance(b, Problem):
        return type(a) is type(b) and (a.mistake, a.cause) == (b.mistake, b.cause)
    if a.shape != b.shape:
        return False
    if a.size:  # most wrong lines show here, ten times faster
        first, other = float(a.flat[0]), float(b.flat[0])
        if abs(first - other) > _TOLERANCE * (1 + abs(other)):
            return False
    return not differing(a, b).any()


def differing(a, b):
    """Return where two arrays of one shape do not agree within the tolerance."""
    return ~np.isclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True)


def is_blank(value):
    """Return whether this part of an answer was left as the stub has it."""
    return value is None or value is ...


def is_stub(answer):
    """Return whether a function, or every method of a class, computes nothing."""
    members = [answer]
    if inspect.isclass(answer):
        members = [m for name, m in vars(answer).items() if not name.startswith("__")]
    codes = [member.__code__ for member in members if inspect.isfunction(member)]
    names = {name for code in codes for name in code.co_names}
    operations = {step.opname for code in codes for step in dis.get_instructions(code)}
    return names <= {"NotImplementedError"} and "BINARY_OP" not in operations


def find_misfit(right, answer):
    """Return the Problem of an answer that cannot be called like the right one, or None.

    Parameters
    ----------
    right : function or class
        The right answer.
    answer : object
        The learner's.
    """
    is_class, wanted = inspect.isclass(right), inspect.signature(right)
    if is_class and not inspect.isclass(answer):
        got = f"expected the class {right.__name__}, got an object: {_kind(answer)}"
        return Problem("wrong-type", got)
    if wanted.parameters and not callable(answer):
        got = f"expected the function {right.__name__}{wanted}, got {_kind(answer)}"
        return Problem("wrong-type", got)
    calls = []
    if wanted.parameters:
        count = 1 if is_class else len(wanted.parameters)
        calls.append((right.__name__, wanted, answer, count))
    for name, method in inspect.getmembers(right, inspect.isfunction):
        if not name.startswith("_"):
            given = getattr(answer, name, None)
            calls.append((name, inspect.signature(method), given, 2))
    for name, wanted, given, count in calls:
        if got := _misfit(name, given, list(wanted.parameters), count):
            return Problem("wrong-signature", f"expected {name}{wanted}, got {got}")
    return None


def _misfit(name, function, names, count):
    """Return what cannot be called with so many arguments by position, or ""."""
    if function is None:
        return f"no {name}"
    try:
        own = inspect.signature(function)
    except Exception:  # some compiled functions have none, some objects misbehave
        return ""
    try:
        own.bind(*names[:count], **dict.fromkeys(names[count:]))
    except TypeError:
        return f"{name}{_text(own)}"
    return ""


def _to_array(value, name):
    if isinstance(value, Problem):
        return value
    if is_blank(value):
        mistake = "returned-nothing" if value is None else "incomplete"
        return Problem(mistake, f"{name}: got {_kind(value)}")
    try:
        array = np.array(_without_gradient(value))  # a copy: the learner may reuse it
        if array.dtype.kind in "fiubO":
            return array.astype(np.float64)
        got = f"{_kind(value)} ({array.dtype})"
    except Exception:  # ragged lists, and objects that refuse to be an array
        got = _kind(value)
    return Problem("wrong-type", f"{name}: expected real numbers, got {got}")


def _without_gradient(value):
    """Detach torch's tensors, which else refuse to become arrays."""
    if isinstance(value, (list, tuple)):
        return [_without_gradient(part) for part in value]
    return value.detach() if hasattr(value, "detach") else value


def _kind(value):
    return type(value).__name__


def _describe(error):
    return f"{_kind(error)}: {_text(error)}".rstrip(": ")


def _text(value, longest=120):
    """Return str(value) on one line, cut short, whatever the learner's class does."""
    try:
        line = " ".join(str(value).split())
    except Exception:
        return "?"
    return line if len(line) <= longest else line[: longest - 1] + "…"
