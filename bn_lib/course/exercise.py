"""From an answer to a verdict: run it, compare it, find the mistake it repeats.

An exercise is data: a right answer, inputs to try, and known wrong answers. An answer
that differs from the right one is compared with every wrong one; the one that it
equals names the mistake.
"""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np

from bn_lib.course.verdict import Verdict

__all__ = ["Case", "Exercise", "Mistake", "Problem", "check", "judge", "observe"]

# Loose enough for float32 with any summation order, far below every known mistake.
TOLERANCE = 1e-3

_GENERIC = {
    "passed": (
        "Aapka answer har case mein reference se match karta hai.",
        "Your answer matches the reference in every case.",
    ),
    "open": (
        "Apna answer likhiye (function mein return ke saath) aur cell phir se chalaiye.",
        "Write your answer (in a function, with a return) and run the cell again.",
    ),
    "incomplete": (
        "Answer ka ek hissa abhi khaali hai.",
        "A part of the answer is still empty.",
    ),
    "raised": (
        "Aapke code mein exception aaya.",
        "Your code raised an exception.",
    ),
    "wrong-signature": (
        "Function ke naam aur arguments exercise jaise rakhiye.",
        "Keep the function names and arguments of the exercise.",
    ),
    "wrong-type": (
        "Answer ka type alag hai.",
        "The answer has the wrong type.",
    ),
    "wrong-shape": (
        "Answer ka shape alag hai.",
        "The answer has the wrong shape.",
    ),
    "not-finite": (
        "Answer mein NaN ya inf hai. "
        "Kahin 0 se divide hua, ya negative number ka root liya?",
        "The answer contains NaN or inf. "
        "Was there a division by 0, or the root of a negative number?",
    ),
    "changed-input": (
        "Aapke code ne input array badal diya. Nayi values ke liye naya array banaiye.",
        "Your code changed its input array. Make a new array for new values.",
    ),
    "unknown": (
        "Values alag hain. Apna code formula se line by line milaiye.",
        "The values differ. Compare your code with the formula, line by line.",
    ),
}


@dataclass(frozen=True)
class Case:
    """Inputs to try an answer on.

    Attributes
    ----------
    name : str
        What is given, in words that read the same in both languages.
    inputs : callable
        ``inputs(rng)`` returns the arguments; it is called anew for every answer.
    outputs : tuple of str
        Names of the arrays that come back.
    """

    name: str
    inputs: Callable
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Mistake:
    """A known way to be wrong.

    Attributes
    ----------
    id : str
        Short and in kebab-case.
    hinglish, english : str
        One line that names the mistake and says where to look, not what to type.
    wrong : tuple
        Answers that make the mistake, each in another way.
    only_on : str or None
        For a mistake of rounding, whose wrong values depend on the order of
        summation: the one case that it spoils.
    """

    id: str
    hinglish: str
    english: str
    wrong: tuple
    only_on: str | None = None


@dataclass(frozen=True, eq=False)
class Exercise:
    """What to compute, how to try it, and the known ways to be wrong.

    Attributes
    ----------
    id : str
        Chapter and name, such as ``"math.forward"``.
    reference : function, class or value
        The right answer; an answer has to have its signature.
    cases : tuple of Case
        What the answer is tried on.
    mistakes : tuple of Mistake
        Of two that explain an answer equally well, the first one is told.
    play : callable
        ``play(answer, *inputs)`` returns the outputs of a case.
    """

    id: str
    reference: object
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...]
    play: Callable = lambda answer, *inputs: answer(*inputs)


@dataclass(frozen=True)
class Problem:
    """Why an output is no array that can be compared.

    Attributes
    ----------
    mistake : str
        Id of a generic mistake, such as ``"raised"``.
    detail : str
        Where, and what was expected and got.
    cause : str
        Name of the exception, if there was one.
    """

    mistake: str
    detail: str
    cause: str = ""


def check(exercise_id, answer):
    """Check an answer to an exercise and name the likely mistake.

    Parameters
    ----------
    exercise_id : str
        Chapter and name, such as ``"math.forward"``.
    answer : function, class or value
        What the exercise asks for: the function itself, not a call of it.

    Returns
    -------
    Verdict
        Shows itself in a notebook, in Hinglish and in English.

    Raises
    ------
    ValueError
        If there is no such exercise. Whatever is wrong with the answer, an exception
        in it included, becomes a verdict.

    Notes
    -----
    Answers may be lists or any dtype of real numbers, within a tolerance that float32
    meets. Shapes count: a gradient of shape (1, C) does not fit a parameter of
    shape (C,).

    Examples
    --------
    >>> check("math.two", ([[-1], [1]], [[0], [0]])).passed
    True
    >>> check("math.two", ([[-0.7071], [0.7071]], [[0], [0]])).mistake
    'unbiased-variance'
    >>> check("math.two", ...).attempted
    False
    """
    chapter = str(exercise_id).partition(".")[0]
    try:
        exercises = import_module(f"bn_lib.chapters.{chapter}.exercises").EXERCISES
    except ModuleNotFoundError:
        exercises = ()
    known = {exercise.id: exercise for exercise in exercises}
    if exercise_id not in known:
        names = ", ".join(known) or "none in this chapter"
        raise ValueError(f"expected an exercise ({names}), got {exercise_id!r}")
    return judge(known[exercise_id], answer)


def judge(exercise, answer):
    """Compare an answer with the reference and with every known mistake.

    Parameters
    ----------
    exercise : Exercise
        What to judge by.
    answer : object
        What the learner gave; nothing is assumed about it.

    Returns
    -------
    Verdict
        Passed, still open, or the likely mistake.
    """
    if _is_blank(answer):
        return _verdict(exercise, "open")
    if problem := _misfit(exercise.reference, answer):
        return _verdict(exercise, problem.mistake, problem.detail)
    given, changed = observe(exercise, answer)
    if all(_is_open(value) for value in given.values()):
        return _verdict(exercise, "open")
    expected, _ = observe(exercise, exercise.reference)
    wrong = [key for key in expected if not _same(given[key], expected[key])]
    if not wrong and not changed:
        return _verdict(exercise, "passed")
    if (
        wrong
        and not changed
        and (mistake := _find_mistake(exercise, given, expected, wrong))
    ):
        return _verdict(exercise, mistake, _compare(given, expected, wrong))
    problem = _first_problem(given, expected, wrong, changed)
    return _verdict(exercise, problem.mistake, problem.detail)


def observe(exercise, answer):
    """Run an answer on every case.

    Parameters
    ----------
    exercise : Exercise
        Gives the cases and plays them.
    answer : function, class or value
        A learner's answer, the reference or a known wrong answer.

    Returns
    -------
    observed : dict
        ``(case name, output name)`` to a float64 array or a `Problem`.
    changed : str
        Name of the first case whose inputs the answer changed, or "".
    """
    observed, changed = {}, ""
    for case in exercise.cases:
        inputs = case.inputs(np.random.default_rng(0))
        outputs = _run(exercise.play, answer, inputs, case)
        observed |= {(case.name, name): value for name, value in outputs.items()}
        if not _untouched(inputs, case.inputs(np.random.default_rng(0))):
            changed = changed or case.name
    return observed, changed


def _run(play, answer, inputs, case):
    """Play one case, whatever the learner's code does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _split(play(answer, *inputs), case)
    except NotImplementedError as error:
        problem = Problem("incomplete", f"{case.name}: {_describe(error)}")
    except Exception as error:
        detail = f"{case.name}: {_describe(error)}"
        problem = Problem("raised", detail, type(error).__name__)
    return dict.fromkeys(case.outputs, problem)


def _split(given, case):
    """Name the outputs; several come as a tuple, one comes bare."""
    names = case.outputs
    if _is_blank(given):
        given = (given,) * len(names)
    elif len(names) == 1:
        given = (given,)
    elif not isinstance(given, (tuple, list, np.ndarray)) or len(given) != len(names):
        got = _kind(given)
        if isinstance(given, (tuple, list)):
            got += f" of length {len(given)}"
        detail = f"expected ({', '.join(names)}), got {got}"
        return dict.fromkeys(names, Problem("wrong-type", detail))
    return {
        name: _to_array(value, _name((case.name, name)))
        for name, value in zip(names, given, strict=True)
    }


def _to_array(value, where):
    if _is_blank(value):
        return Problem("incomplete", f"{where}: got {_kind(value)}")
    try:
        array = np.asarray(value)
        if array.dtype.kind in "fiu":
            return array.astype(np.float64)
        got = f"{_kind(value)} ({array.dtype})"
    except Exception:  # ragged lists, and objects that refuse to be an array
        got = _kind(value)
    return Problem("wrong-type", f"{where}: expected real numbers, got {got}")


def _misfit(reference, answer):
    """Return the Problem of an answer that cannot be called like the reference."""
    if inspect.isclass(reference):
        return _class_misfit(reference, answer)
    if callable(reference):
        return _function_misfit(reference, answer)
    return None


def _function_misfit(reference, answer):
    wanted = inspect.signature(reference)
    if not callable(answer):
        expected = f"the function {reference.__name__}{wanted}"
        return Problem("wrong-type", f"expected {expected}, got {_kind(answer)}")
    return _signature_misfit(reference.__name__, wanted, answer, len(wanted.parameters))


def _class_misfit(reference, answer):
    name = reference.__name__
    if not inspect.isclass(answer):
        detail = f"expected the class {name}, got an object: {_kind(answer)}"
        return Problem("wrong-type", detail)
    if problem := _signature_misfit(name, inspect.signature(reference), answer, 1):
        return problem
    for method, function in inspect.getmembers(reference, inspect.isfunction):
        if method.startswith("_"):
            continue
        wanted, given = inspect.signature(function), getattr(answer, method, None)
        if given is None:
            detail = f"expected {method}{wanted}, got no {method}"
            return Problem("wrong-signature", detail)
        if problem := _signature_misfit(method, wanted, given, 2):
            return problem
    return None


def _signature_misfit(name, wanted, function, positional):
    """Try the call: the first arguments by position, the others by name."""
    try:
        given = inspect.signature(function)
    except Exception:  # some compiled functions have none, some objects misbehave
        return None
    names = list(wanted.parameters)
    try:
        given.bind(*names[:positional], **dict.fromkeys(names[positional:]))
    except TypeError:
        detail = f"expected {name}{wanted}, got {name}{_text(given)}"
        return Problem("wrong-signature", detail)
    return None


@cache
def _known_wrong(exercise):
    """Return each known mistake with the outputs of each way to make it."""
    return [
        (mistake, observe(exercise, answer)[0])
        for mistake in exercise.mistakes
        for answer in mistake.wrong
    ]


def _find_mistake(exercise, given, expected, wrong):
    """Return the Mistake that explains the most of what is wrong, or None.

    A mistake explains an output only where the answer repeats it in every case: one
    untrue diagnosis costs more trust than an honest "unknown". Of two mistakes in two
    outputs, such as dx and dgamma, each explains its own.
    """
    ranks = []
    for mistake in exercise.mistakes:
        if _spoils_only(mistake.only_on, given, expected, wrong):
            return mistake
        for answer in mistake.wrong:
            other, _ = observe(exercise, answer)
            explained = _explained(exercise, given, other, wrong)
            misses = sum(not _same(given[key], other[key]) for key in given)
            ranks.append(((explained, -misses), mistake))
    (explained, _), mistake = max(ranks, key=lambda rank: rank[0])
    return mistake if explained else None


def _explained(exercise, given, other, wrong):
    """Count the wrong values whose whole output is that of a wrong answer."""
    same_names = len({case.outputs for case in exercise.cases}) == 1
    parts = exercise.cases[0].outputs if same_names else [None]
    count = 0
    for part in parts:
        keys = [key for key in given if part in (None, key[1])]
        if all(_same(given[key], other[key]) for key in keys):
            count += len(set(keys) & set(wrong))
    return count


def _spoils_only(case_name, given, expected, wrong):
    return all(
        key[0] == case_name
        and _is_array(given[key])
        and given[key].shape == expected[key].shape
        for key in wrong
    )


def _first_problem(given, expected, wrong, changed):
    """Say what is wrong where no known mistake fits, gravest first."""
    problems = [given[key] for key in wrong if isinstance(given[key], Problem)]
    if problems:
        return problems[0]
    if changed:
        return Problem("changed-input", changed)
    for key in wrong:
        got, right = given[key], expected[key]
        if got.shape != right.shape:
            detail = f"{_name(key)}: expected {right.shape}, got {got.shape}"
            return Problem("wrong-shape", detail)
    for key in wrong:
        if not np.isfinite(given[key]).all():
            return Problem("not-finite", _compare(given, expected, [key]))
    return Problem("unknown", _compare(given, expected, wrong))


def _compare(given, expected, wrong):
    """Show the first value that differs, or the first problem where none is shown."""
    for key in wrong:
        got, right = given[key], expected[key]
        if _is_array(got) and got.shape == right.shape:
            close = np.isclose(got, right, rtol=TOLERANCE, atol=TOLERANCE)
            index = tuple(int(i) for i in np.argwhere(~close)[0])
            place = f"[{', '.join(map(str, index))}]" if index else ""
            numbers = f"expected {right[index]:.4g}, got {got[index]:.4g}"
            return f"{_name(key)}{place}: {numbers}"
    return given[wrong[0]].detail


def _same(a, b):
    if _is_array(a) and _is_array(b):
        close = {"rtol": TOLERANCE, "atol": TOLERANCE, "equal_nan": True}
        return a.shape == b.shape and np.allclose(a, b, **close)
    if _is_array(a) or _is_array(b):
        return False
    return (a.mistake, a.cause) == (b.mistake, b.cause)


def _untouched(inputs, fresh):
    if isinstance(fresh, np.ndarray):
        return np.array_equal(inputs, fresh, equal_nan=True)
    if isinstance(fresh, (tuple, list)):
        return all(map(_untouched, inputs, fresh))
    return True


def _is_array(value):
    return isinstance(value, np.ndarray)


def _is_blank(value):
    return value is None or value is ...


def _is_open(value):
    return isinstance(value, Problem) and value.mistake == "incomplete"


def _name(key):
    case, output = key
    return f"{case}: {output}" if case else output


def _kind(value):
    return type(value).__name__


def _describe(error):
    return f"{type(error).__name__}: {_text(error)}"


def _text(value, longest=120):
    """Return str(value) on one line, cut short, whatever the learner's class does."""
    try:
        line = " ".join(str(value).split())
    except Exception:
        return "?"
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _verdict(exercise, outcome, detail=""):
    """Tell an outcome, a generic one or a Mistake, in both languages."""
    if isinstance(outcome, Mistake):
        mistake, texts = outcome.id, (outcome.hinglish, outcome.english)
    else:
        mistake, texts = outcome, _GENERIC[outcome]
    ending = f" ({detail})" if detail else ""
    return Verdict(
        exercise=exercise.id,
        passed=mistake == "passed",
        mistake=None if mistake in ("passed", "open") else mistake,
        attempted=mistake != "open",
        messages={
            "hinglish": texts[0] + ending,
            "english": texts[1] + ending,
        },
    )
