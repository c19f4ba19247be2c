"""Answers as learners would write them, and what is true of the checks of any chapter."""

import inspect
import subprocess
import sys
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

    def wrong_table(self, exercise, table):
        """Register wrong answers: the mistakes to be named, to the answers with them."""
        for mistakes, answers in table.items():
            for answer in answers:
                self.wrong(exercise, *mistakes)(answer)

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


class ExerciseTests:
    """What is true of the exercises of every chapter; a chapter names its `learners`.

    ``conftest.py`` gives each test its answers.
    """

    learners = None

    def test_a_right_answer_passes_in_any_style(self, exercise, right_one):
        verdict = check(exercise, right_one)
        assert (verdict.passed, verdict.mistakes) == (True, ()), verdict

    def test_a_wrong_answer_is_told_its_mistakes_and_no_others(
        self, exercise, mistakes, wrong_one
    ):
        verdict = check(exercise, wrong_one)
        assert (verdict.passed, verdict.attempted) == (False, True)
        assert set(verdict.mistakes) == set(mistakes), verdict

    def test_every_known_mistake_is_made_by_a_learner(self):
        known = set().union(*map(known_mistakes, self.learners.exercises.values()))
        made = {name for one in self.learners.wrong_ones for name in one.values[1]}
        assert known <= made, known - made

    def test_hardly_a_wrong_answer_is_unknown(self):
        unknown = [one for one in self.learners.wrong_ones if "unknown" in one.values[1]]
        assert len(unknown) <= len(self.learners.wrong_ones) / 50

    def test_the_solution_in_the_notebook_is_the_right_answer(self, exercise):
        (solution,) = self.learners.solutions(exercise)
        right = self.learners.exercises[exercise].answer
        assert solution.rpartition("check(")[0].strip() == _as_shown(right)

    def test_the_exercises_need_neither_torch_nor_matplotlib(self):
        code = (
            "import sys; sys.modules |= dict.fromkeys(['torch', 'matplotlib']); "
            "from bn_lib.course.exercise import check, exercises; "
            f"found = exercises({self.learners.chapter!r}); "
            "print(all(check(id_, one.answer).passed for id_, one in found.items()))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "True", done.stderr


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
