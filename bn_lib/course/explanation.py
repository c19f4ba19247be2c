"""Which known mistakes explain a wrong answer: one, or two of them together.

A mistake is named only where the answer repeats a whole output in every case, or where
a probe of its behaviour proves it: one untrue diagnosis costs more trust than an honest
"unknown". Several outputs, such as dx and dgamma, are explained one by one.
"""

from contextlib import suppress
from itertools import combinations

import numpy as np

from bn_lib.course.observation import Problem, same

__all__ = ["explain"]


def explain(exercise, answer, given, watch):
    """Name the mistakes of an answer, and the value that each one is about.

    Parameters
    ----------
    exercise : Exercise
        Knows what right and wrong answers return.
    answer : object
        The learner's.
    given : dict
        ``(case, name)`` to what it returned there.
    watch : Watch
        Watches over it when it runs again.

    Returns
    -------
    list of tuple
        Id of a mistake and the ``(case, name)`` that shows it; the same mistake again
        for another output.
    """
    left = {
        output: wrong
        for output, keys in exercise.keys.items()
        if (wrong := [key for key in keys if not same(given[key], exercise.returned(key))])
    }
    if left and not _is_repeatable(exercise, answer, given, watch):
        return [("not-repeatable", next(iter(left.values()))[0])]
    found, unexplained = [], []
    singles = [(i,) for i in range(len(exercise.variants))]
    options = [_explain_by(exercise, given, left, made) for made in [*singles, ()]]
    for option in sorted(options, key=_simplest_first):
        for output in [output for output in left if output in option]:
            found += option[output]
            del left[output]
    pairs = _pairs(exercise, left)
    for output, wrong in left.items():
        in_first = any(case == exercise.first_case for case, _ in wrong)
        options = [
            _explain_by(exercise, given, [output], made) for made in pairs if in_first
        ]
        if mistakes := _only([option[output] for option in options if option]):
            found += mistakes
            continue
        proved = _probe(exercise, answer, given, output, watch)
        problem = _gravest_problem(exercise, given, wrong)
        found += [(mistake, wrong[0]) for mistake in proved]
        if problem[0] != "unknown" or not proved:
            unexplained.append(problem)
    return found + unexplained


def _is_repeatable(exercise, answer, given, watch):
    """Return whether the first case gives the same again; if not, nothing is proved."""
    first = exercise.first_case
    outputs, _ = exercise.observe(answer, exercise.inputs(first), watch)
    return all(same(outputs[name], given[first, name]) for name in outputs)


def _simplest_first(option):
    return max(map(len, option.values()), default=0), -len(option)


def _pairs(exercise, outputs):
    """Return pairs of variants that change these outputs, in lines of their own."""
    first = [
        (case, name)
        for output in outputs
        for case, name in exercise.keys[output]
        if case == exercise.first_case
    ]
    concerned = [
        (i, variant.replaced)
        for i, variant in enumerate(exercise.variants)
        if not all(same(exercise.returned(k, (i,)), exercise.returned(k)) for k in first)
    ]
    return [(i, j) for (i, a), (j, b) in combinations(concerned, 2) if not a & b]


def _explain_by(exercise, given, outputs, made):
    """Return the outputs that these variants explain, with the mistakes of each."""
    repeated = {output: _repeated(exercise, given, output, made) for output in outputs}
    explained = {output: found for output, found in repeated.items() if found is not None}
    if not any(explained.values()):  # an exception alone shows no mistake
        return {}
    if any("return" in exercise.variants[i].replaced for i in made):
        # Outputs in another order are so only all together.
        for output, keys in exercise.keys.items():
            changed = any(
                not same(exercise.returned(k, made), exercise.returned(k)) for k in keys
            )
            if changed and _repeated(exercise, given, output, made) is None:
                return {}
    return explained


def _repeated(exercise, given, output, made):
    """Return the mistakes of an output that repeats these variants in every case, or None.

    Only cases made for one mistake may differ, and add that mistake.
    """
    wrong, told = [], {}
    for key in exercise.keys[output]:
        known, right = exercise.returned(key, made), exercise.returned(key)
        if not same(given[key], known):
            if key[0] not in exercise.tells or same(given[key], right):
                return None
            told.setdefault(exercise.tells[key[0]], key)
        elif not isinstance(known, Problem) and not same(known, right):
            wrong.append(key)
    found = {}
    for i in made:
        others = tuple(j for j in made if j != i)
        shows = [
            key for key in wrong if not same(given[key], exercise.returned(key, others))
        ]
        for name in exercise.variants[i].mistakes if shows else ():
            found.setdefault(name, shows[0])
    return [*found.items(), *told.items()] if found or not made else []


def _only(explanations):
    """Return the shortest explanation, if there is no other that names other mistakes."""
    shortest = min(map(len, explanations), default=0)
    equals = [mistakes for mistakes in explanations if len(mistakes) == shortest]
    unanimous = all(dict(mistakes).keys() == dict(equals[0]).keys() for mistakes in equals)
    return equals[0] if equals and unanimous else []


def _probe(exercise, answer, given, output, watch):
    """Return the mistakes in an output that probes prove, three at most."""
    keys = [key for key in exercise.keys[output] if key[0] == exercise.first_case]
    if _gravest_problem(exercise, given, keys)[0] != "unknown":
        return []

    def run(**changes):
        inputs = exercise.inputs(exercise.first_case)
        for name, change in changes.items():
            inputs[name] = change(inputs[name]) if callable(change) else change
        outputs, problem = exercise.observe(answer, inputs, watch)
        values = [outputs[name] for name in outputs if name.split()[0] == output]
        if problem or not np.isfinite(values[-1]).all():
            raise ValueError("expected finite numbers to compare")
        return values[-1]

    proved = []
    for mistake, outputs, shows in exercise.probes:
        with suppress(Exception):  # what cannot be probed proves nothing
            if output in outputs.split() and shows(run):
                proved.append(mistake)
    return proved[:3]  # a learner mends one thing at a time


def _gravest_problem(exercise, given, keys):
    """Say what is wrong with these outputs where nothing better is known."""
    for key in keys:
        if isinstance(given[key], Problem):
            return given[key].mistake, key
    for key in keys:
        if given[key].shape != exercise.returned(key).shape:
            return "wrong-shape", key
    for key in keys:
        if not np.isfinite(given[key]).all():
            return "not-finite", key
    return "unknown", keys[0]
