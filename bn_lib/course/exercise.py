"""From an answer to a verdict: run it, compare it, name the mistakes that it makes.

An exercise is data: the right answer, the lines that people write wrong in it, inputs
to try, and probes for mistakes that show in what an answer does.
"""

import inspect
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import import_module, resources

import numpy as np

from bn_lib.course.explanation import explain
from bn_lib.course.observation import (
    Problem,
    differing,
    find_misfit,
    is_blank,
    is_stub,
    observe,
)
from bn_lib.course.verdict import Verdict
from bn_lib.course.watch import Watch
from bn_lib.course.wrong_lines import with_wrong_lines

__all__ = ["Exercise", "check", "exercises", "hints", "judge", "texts"]


@dataclass(frozen=True, eq=False)
class Exercise:
    """What to compute, how to try it, and the known ways to be wrong.

    Attributes
    ----------
    answer : function or class
        The right answer, as the notebook shows it. Without arguments, what it returns
        is asked for and no function.
    mistakes : str
        A table of mistakes and wrong lines; see `with_wrong_lines`.
    cases : dict
        Name, the same in both languages, to a function of a random generator that
        returns the arguments as a dict; one case for an answer without arguments.
    outputs : tuple of str
        Names of the arrays that come back.
    tells : dict
        Name of a case that differs from the others in one thing to the id of the
        mistake that an answer makes if it is wrong only there.
    probes : tuple
        ``(id, outputs, probe)``: the mistake that a probe shows in an answer with one
        of these outputs wrong; see `bn_lib.course.probe`.
    play : callable
        ``play(answer, **inputs)`` yields names and outputs; None to call a function.
    from_scratch : bool
        Whether the answer may call no norm of a library.
    """

    answer: object
    mistakes: str
    cases: Mapping = field(default_factory=lambda: {"": lambda rng: {}})
    outputs: tuple[str, ...] = ("y",)
    tells: Mapping = field(default_factory=dict)
    probes: tuple = ()
    play: Callable | None = None
    from_scratch: bool = False
    _played: dict = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _known(self):
        return with_wrong_lines(self.answer, self.mistakes)

    @property
    def variants(self):
        """The ways to be wrong, a list of WrongLines."""
        return self._known[2]

    @property
    def first_case(self):
        """The case that probes change."""
        return next(iter(self.cases))

    @cached_property
    def keys(self):
        """Each output to all of its ``(case, name)``; "eval 2" is of the output "eval"."""
        keys = {}
        for case in self.cases:
            for name, value in self._play_known(case)[0].items():
                if isinstance(value, Problem):  # every answer with it would be right
                    raise TypeError(f"{case}: the right answer's {name} is no array")
                keys.setdefault(name.split()[0], []).append((case, name))
        return keys

    def returned(self, key, made=()):
        """Return what comes back with these variants, for a ``(case, name)``."""
        case, name = key
        outputs, problem = self._play_known(case, made)
        return outputs.get(name, problem)

    def _play_known(self, case, made=()):
        if (case, made) not in self._played:
            answer, switched_on, _ = self._known
            switched_on.clear()
            switched_on.update(made)
            self._played[case, made] = self.observe(answer, self.inputs(case))
        return self._played[case, made]

    def inputs(self, case):
        """Return the arguments of a case, new and always the same."""
        return self.cases[case](np.random.default_rng(0))

    def observe(self, answer, inputs, watch=None):
        """Play an answer once; see `bn_lib.course.observation.observe`."""
        return observe(self.play or self._call, answer, inputs, watch)

    def _call(self, answer, **inputs):
        """Call a function, or take a value as it is; several outputs come as a tuple."""
        given = answer(*inputs.values()) if callable(answer) else answer
        names = self.outputs
        if len(names) == 1 or is_blank(given):
            given = (given,) * len(names)
        elif not isinstance(given, (tuple, list, np.ndarray)) or len(given) != len(names):
            got = type(given).__name__
            if isinstance(given, (tuple, list)):
                got += f" of length {len(given)}"
            problem = Problem("wrong-type", f"expected ({', '.join(names)}), got {got}")
            given = (problem,) * len(names)
        else:
            given = [... if value is None else value for value in given]
        yield from zip(names, given, strict=True)


def exercises(chapter):
    """Return the exercises of a chapter.

    Parameters
    ----------
    chapter : str
        Name of a folder in `bn_lib.chapters`.

    Returns
    -------
    dict
        Id to `Exercise`; ``FORWARD`` in the chapter ``math`` is ``"math.forward"``.
    """
    try:
        module = import_module(f"bn_lib.chapters.{chapter}.exercises")
    except ModuleNotFoundError:
        return {}
    return {
        f"{chapter}.{name.lower().replace('_', '-')}": value
        for name, value in vars(module).items()
        if isinstance(value, Exercise)
    }


@cache
def hints(exercise_id):
    """Read what helps with an exercise, from ``hints.toml`` in its chapter's folder.

    Parameters
    ----------
    exercise_id : str
        Chapter and name, such as ``"math.forward"``.

    Returns
    -------
    dict
        A language to its hints, from general to pointed.
    """
    chapter, _, name = exercise_id.partition(".")
    table = resources.files(f"bn_lib.chapters.{chapter}").joinpath("hints.toml")
    told = tomllib.loads(table.read_text("utf-8"))[name]
    return {language: tuple(texts) for language, texts in told.items()}


@cache
def texts():
    """Read what a check says, from ``mistakes.toml`` beside the chapters.

    Returns
    -------
    dict
        Id of a mistake or an outcome to its Hinglish and its English line.
    """
    table = resources.files("bn_lib.chapters").joinpath("mistakes.toml").read_text("utf-8")
    return {
        name: (told["hinglish"], told["english"])
        for name, told in tomllib.loads(table).items()
    }


def check(exercise_id, answer):
    """Check an answer to an exercise and name the likely mistakes.

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
    Answers may be lists, tensors or any dtype of real numbers, within a tolerance that
    float32 meets. Shapes count: a gradient of shape (1, C) does not fit a parameter of
    shape (C,).

    Examples
    --------
    >>> check("backward.two", ([[-1], [1]], [[0], [0]])).passed
    True
    >>> check("backward.two", ([[-0.7071], [0.7071]], [[0], [0]])).mistake
    'unbiased-variance'
    >>> check("backward.two", ...).attempted
    False
    """
    known = exercises(str(exercise_id).partition(".")[0])
    if exercise_id not in known:
        names = ", ".join(known) or "none in this chapter"
        raise ValueError(f"expected an exercise ({names}), got {exercise_id!r}")
    from bn_lib.course.progress import record  # which lists the exercises itself

    verdict = judge(exercise_id, known[exercise_id], answer, texts())
    record(exercise_id, verdict.passed, known[exercise_id].answer)
    return verdict if verdict.passed else replace(verdict, hints=hints(exercise_id))


def judge(exercise_id, exercise, answer, texts):
    """Compare an answer with the right one and with every known mistake.

    Parameters
    ----------
    exercise_id : str
        Is told in the verdict.
    exercise : Exercise
        What to judge by.
    answer : object
        What the learner gave; nothing is assumed about it.
    texts : dict
        Id of a mistake or an outcome to its Hinglish and its English line.

    Returns
    -------
    Verdict
        Passed, still open, or the likely mistakes.
    """
    if is_blank(answer):
        return _verdict(exercise_id, texts, [("open", "")])
    if problem := find_misfit(exercise.answer, answer):
        return _verdict(exercise_id, texts, [(problem.mistake, problem.detail)])
    watch = Watch(answer)
    given, changed = _observe_all(exercise, answer, watch)
    more = {"printed": watch.printed.getvalue()}
    if _is_open(given.values(), answer):
        return _verdict(exercise_id, texts, [("open", "")], **more)
    if exercise.from_scratch and watch.norm:
        return _verdict(exercise_id, texts, [("library-norm", watch.norm)], **more)
    found = [("changed-input", key) for key in changed[:1]]
    found += explain(exercise, answer, given, watch)
    if not found:
        return _verdict(exercise_id, texts, [("passed", "")], **more)
    told = [
        (mistake, _show(exercise, answer, given, mistake, key)) for mistake, key in found
    ]
    more["inputs"], more["steps"] = _inputs(exercise, answer, case=found[0][1][0])
    return _verdict(exercise_id, texts, told, **more)


def _observe_all(exercise, answer, watch):
    """Return what an answer returns in every case, and the inputs that it changes."""
    given, changed = {}, []
    for case in exercise.cases:
        inputs, fresh = exercise.inputs(case), exercise.inputs(case)
        outputs, problem = exercise.observe(answer, inputs, watch)
        for keys in exercise.keys.values():
            given |= {key: outputs.get(key[1], problem) for key in keys if key[0] == case}
        changed += [(case, n) for n in inputs if not _untouched(inputs[n], fresh[n])]
    return given, changed


def _untouched(value, fresh):
    if isinstance(fresh, np.ndarray):
        return np.array_equal(value, fresh, equal_nan=True)
    if isinstance(fresh, (tuple, list)):
        return all(map(_untouched, value, fresh))
    return True


def _is_open(values, answer):
    """Return whether a stub was left; code that forgot its return is none."""
    mistakes = {value.mistake if isinstance(value, Problem) else "" for value in values}
    return mistakes == {"incomplete"} or (
        mistakes <= {"incomplete", "returned-nothing"} and is_stub(answer)
    )


def _show(exercise, answer, given, mistake, key):
    """Say what was expected there and what came, or which input it is."""
    case, where = key
    if mistake == "changed-input":  # an output may have the name of an input
        return f"{case}: {_own_names(exercise, answer).get(where, where)}"
    got, right = given[key], exercise.returned(key)
    if isinstance(got, Problem):
        where, detail = "", got.detail
    elif got.shape != right.shape:
        detail = f"expected {right.shape}, got {got.shape}"
    else:
        index = tuple(int(i) for i in np.argwhere(differing(got, right))[0])
        where += f"[{', '.join(map(str, index))}]" if index else ""
        detail = f"expected {right[index]:.4g}, got {got[index]:.4g}"
    return ": ".join(filter(None, (case, where, detail)))


def _own_names(exercise, answer):
    """Return how the learner named the arguments of the right answer."""
    names = list(inspect.signature(exercise.answer).parameters)
    own = []
    with suppress(Exception):  # some compiled functions have no signature
        parameters = inspect.signature(answer).parameters.values()
        own = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    # A class gets its first argument by position, the others by name.
    count = 1 if inspect.isclass(answer) else len(names)
    return dict(zip(names, own[:count], strict=False)) if len(own) >= count else {}


def _inputs(exercise, answer, case):
    """Return the arguments of a case by the learner's names, and what came after them."""
    steps, own = exercise.inputs(case), _own_names(exercise, answer)
    arguments = inspect.signature(exercise.answer).parameters
    inputs = {own.get(name, name): steps.pop(name) for name in arguments if name in steps}
    return inputs, steps


def _verdict(exercise_id, texts, told, **more):
    """Tell mistakes, or an outcome, in both languages, each with what it is about."""
    details = {}
    for mistake, detail in told:
        details.setdefault(mistake, {}).setdefault(detail)  # a set in order
    outcome, mistakes = told[0][0], tuple(details)
    if more.get("printed"):
        details["printed"] = {"": None}
    messages = {}
    for number, language in enumerate(("hinglish", "english")):
        messages[language] = " ".join(
            f"{texts[mistake][number]} ({'; '.join(shown)})".removesuffix(" ()")
            for mistake, shown in details.items()
        )
    return Verdict(
        exercise_id,
        passed=outcome == "passed",
        attempted=outcome != "open",
        mistakes=() if outcome in ("passed", "open") else mistakes,
        messages=messages,
        **more,
    )
