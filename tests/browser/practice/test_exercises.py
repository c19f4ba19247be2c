"""Each exercise of the book, on each screen, over http and from a folder."""

import re

import pytest

from bn_lib.course.exercise import exercises
from live.runner import run
from tests.browser.practice.bench import cells
from tests.browser.reader import DESKTOP, PHONE
from tools import book

PLACES = [
    pytest.param((folder, screen), id=f"{'folder' if folder else 'http'}-{screen['width']}")
    for folder in (False, True)
    for screen in (PHONE, DESKTOP)
]

# Judges the known wrong answers from one number to another.
WRONG = """
import inspect
from bn_lib.course.exercise import exercises, judge, texts
from bn_lib.course.wrong_lines import with_wrong_lines

name = "{name}"
exercise = exercises(name.partition(".")[0])[name]
answer, made, variants = with_wrong_lines(exercise.answer, exercise.mistakes)
for number in range({start}, min({stop}, len(variants))):
    made.clear()
    made.add(number)
    is_value = not inspect.isclass(answer) and not inspect.signature(answer).parameters
    given = answer() if is_value else answer
    print(number, *judge(name, exercise, given, texts()).mistakes)
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("page", book.chapters())
def test_all_exercises_of_a_chapter(read, page, place):
    folder, screen = place
    reader = read(page, folder, viewport=screen)
    stubs, solutions = cells(page, "exercise"), cells(page, "solution")
    assert len(stubs) == len(solutions) >= 4
    for number, (stub, solution) in enumerate(zip(stubs, solutions, strict=True)):
        cell = reader.cell(number)
        assert cell.code.strip() == stub.strip()
        assert cell.verdict.startswith("○"), "the stub is still open"
        assert cell.run(solution).verdict.startswith("✔")
        name = re.search(r'check\("([^"]+)"', stub)[1]
        agree_on_wrong_answers(cell, name)
    assert reader.trouble == []


def agree_on_wrong_answers(cell, name):
    """Hold what the page calls each mistake to what CPython calls it."""
    count = len(exercises(name.partition(".")[0])[name].variants)
    assert count >= 10
    for start in range(0, count, 30):
        source = WRONG.format(name=name, start=start, stop=start + 30)
        printed = []
        assert run(source, "", 1, printed.append)["error"] is None
        cell.run(source)
        assert cell.text("printed") == "".join(printed).strip()


@pytest.mark.parametrize("page", book.chapters())
def test_live_cells_of_a_chapter(read, page):
    reader = read(page)
    sources = cells(page, "live")
    assert sources
    for number, source in enumerate(sources):
        cell = reader.cell(number, "live")
        assert cell.code.strip() == source.strip()
        assert cell.text("status") == "It ran."
        written = cell.place.locator(".cell_output pre").all_inner_texts()
        assert cell.text("printed").split() == " ".join(written).split()
