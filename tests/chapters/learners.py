"""Answers as learners would write them, and what is true of the checks of any chapter."""

import inspect
from pathlib import Path

import nbformat
import pytest

from bn_lib.course.exercise import check, exercises


class Learners:
    """The answers to the exercises of one chapter, right ones and wrong ones."""

    def __init__(self, chapter):
        self.chapter, self.exercises = chapter, exercises(chapter)
        self.right_ones, self.wrong_ones = [], []

    def right(self, exercise, answer=None):
        """Register a right answer; without `answer`, as a decorator."""
        if answer is None:
            return lambda answer: self.right(exercise, answer)
        name = f"{exercise}-{len(self.right_ones)}"
        self.right_ones.append(pytest.param(exercise, answer, id=name))
        return answer

    def wrong(self, exercise, *mistakes):
        """Register a wrong answer with all the mistakes that have to be named."""

        def register(answer):
            name = f"{exercise}-{'-'.join(mistakes)}-{len(self.wrong_ones)}"
            self.wrong_ones.append(pytest.param(exercise, mistakes, answer, id=name))
            return answer

        return register

    def solutions(self, exercise):
        """Return the notebook's solution cells of an exercise."""
        folder = Path(__file__).parents[2] / "chapters"
        path = next(folder.glob(f"*_{self.chapter}.ipynb"))
        return [
            cell.source
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code"
            and "solution" in cell.metadata.get("tags", [])
            and f'check("{exercise}"' in cell.source
        ]


def assert_passes(exercise, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.mistakes) == (True, ()), verdict


def assert_told(exercise, mistakes, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.attempted) == (False, True)
    assert set(verdict.mistakes) == set(mistakes), verdict


def assert_every_known_mistake_is_made(learners):
    known = set().union(*map(known_mistakes, learners.exercises.values()))
    made = {name for parameter in learners.wrong_ones for name in parameter.values[1]}
    assert known <= made, known - made


def assert_hardly_one_is_unknown(learners):
    unknown = [ones for ones in learners.wrong_ones if "unknown" in ones.values[1]]
    assert len(unknown) <= len(learners.wrong_ones) / 50


def assert_the_solution_is_the_right_answer(learners, exercise):
    (solution,) = learners.solutions(exercise)
    right = learners.exercises[exercise].answer
    assert solution.rpartition("check(")[0].strip() == _as_shown(right)


def known_mistakes(exercise):
    """Return the ids of all that an exercise can tell of an answer."""
    found = {name for variant in exercise.variants for name in variant.mistakes}
    return found | set(exercise.tells.values()) | {probe[0] for probe in exercise.probes}


def _as_shown(answer):
    """Return the code that a notebook shows for a right answer."""
    source = inspect.getsource(answer)
    if inspect.isclass(answer) or inspect.signature(answer).parameters:
        return source.strip()
    body = inspect.cleandoc("\n" + source.split("\n", maxsplit=1)[1])
    return body.rpartition("return")[0].strip()
