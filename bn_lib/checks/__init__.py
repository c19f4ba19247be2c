"""Checks for the exercises: not only "wrong", but the likely mistake."""

from bn_lib.checks import math
from bn_lib.checks.core import judge
from bn_lib.checks.verdict import Verdict

__all__ = ["Verdict", "check"]

_EXERCISES = {exercise.id: exercise for exercise in math.EXERCISES}


def check(exercise_id, answer):
    """Check an answer to an exercise and name the likely mistake.

    Parameters
    ----------
    exercise_id : str
        Chapter and name, such as ``"02.forward"``.
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
    >>> check("02.two", ([[-1], [1]], [[0], [0]])).passed
    True
    >>> check("02.two", ([[-0.7071], [0.7071]], [[0], [0]])).mistake
    'unbiased-variance'
    >>> check("02.two", ...).attempted
    False
    """
    if exercise_id not in _EXERCISES:
        known = ", ".join(_EXERCISES)
        raise ValueError(f"expected one of the exercises {known}, got {exercise_id!r}")
    return judge(_EXERCISES[exercise_id], answer)
