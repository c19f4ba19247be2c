"""How long a chapter takes, and the paths through it: on books of a few cells."""

import contextlib
import io
import re
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.cmd.build import main as sphinx_build

from reading.minutes import Length, in_words, measure

LANGUAGES = [
    {"tag": "hinglish", "code": "hi-Latn", "label": "Hinglish"},
    {"tag": "english", "code": "en", "label": "English"},
]
BOXES = {name: name for name in ("predict", "exercise", "solution", "depth", "recap")}
CONFIG = SimpleNamespace(
    bilingual_languages=LANGUAGES,
    bilingual_boxes=BOXES,
    bilingual_collapsed=["solution", "depth"],
    myst_heading_anchors=2,
)
FIGURE = new_output("display_data", {"image/png": "", "text/plain": "Figure"})
BOOK = f"""
project = "Test"
extensions = ["myst_nb", "bilingual", "reading.minutes", "reading.paths"]
nb_execution_mode = "off"
myst_heading_anchors = 2
bilingual_languages = {LANGUAGES!r}
bilingual_boxes = {BOXES!r}
bilingual_collapsed = ["solution", "depth"]
"""


def text(words, *tags):
    return new_markdown_cell(" ".join(["word"] * words), metadata={"tags": list(tags)})


def heading(source):
    return new_markdown_cell(source)


def code(*tags, outputs=()):
    return new_code_cell("x = 1", metadata={"tags": list(tags)}, outputs=list(outputs))


def whole(*cells):
    return measure(cells, CONFIG).whole


def test_one_language_counts_and_what_all_share():
    assert whole(text(30, "hinglish"), text(99, "english"), text(7)) == Length(words=37)


def test_predictions_and_the_recap_are_read():
    cells = [text(5, "hinglish", box) for box in ("predict", "recap")]
    assert whole(*cells).words == 10


@pytest.mark.parametrize("box", ["depth", "solution"])
def test_what_stands_in_a_closed_box_is_not_on_the_way(box):
    figure = code(box, outputs=[FIGURE])
    assert whole(text(50, "hinglish", box), text(9, box), figure) == Length()


def test_code_and_figures_are_looked_at_and_folded_code_is_not():
    assert whole(code()).looks == 1
    assert whole(code(outputs=[FIGURE])).looks == 2
    assert whole(code("hide-input", outputs=[FIGURE])).looks == 1
    assert whole(code("hide-input")).looks == 0


def test_a_formula_a_name_and_a_link_are_a_word_each_and_a_block_is_none():
    source = "see $a + b$ and `c = d` [here](e f.md)\n\n$$\nx = y\n$$\n\n```\nno word\n```"
    assert whole(new_markdown_cell(source)).words == 6


def test_an_exercise_is_one_however_many_cells_it_has():
    exercise = [text(40, "hinglish", "exercise"), text(40, "english", "exercise")]
    exercise.append(code("exercise"))
    solution = [text(9, "hinglish", "solution"), code("solution")]
    assert whole(*exercise, *solution, *exercise) == Length(exercises=2)


def test_minutes_are_those_of_a_slow_reader():
    length = Length(words=1000, looks=5, exercises=3)
    assert (length.reading, length.practice) == (12, 24)  # 12.5 goes to the even number


def test_times_are_told_in_every_language():
    several, one, none = (
        re.sub(r"<[^>]+>", "", str(in_words(Length(500, 0, count), CONFIG)))
        for count in (2, 1, 0)
    )
    assert several == (
        "Padhne mein lagbhag 5 min, 2 exercises ke liye 16 min"
        " · About 5 min to read, 16 min for 2 exercises"
    )
    assert "1 exercise ke liye 8 min · " in one
    assert one.endswith("8 min for 1 exercise")
    assert none == "Padhne mein lagbhag 5 min · About 5 min to read"


def test_sections_add_up_to_the_chapter():
    cells = [heading("# A"), text(3), heading("## B"), text(4), heading("### C"), text(5)]
    cells += [heading("## D"), code(), text(1, "exercise")]
    lengths = measure(cells, CONFIG, ["a", "b", "d"])
    assert lengths.sections["a"] == Length(words=5)
    assert lengths.sections["b"] == Length(words=13)
    assert lengths.sections["d"] == Length(words=2, looks=1, exercises=1)
    assert sum(lengths.sections.values(), Length()) == lengths.whole


def build(folder, index):
    """Build a book of one chapter; return its first page and the warnings."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [heading("# Chapter"), text(298), heading("## One two"), text(400)]
    cells += [heading("## Three"), text(600), code(), text(9, "hinglish", "exercise")]
    notebook = new_notebook(metadata={"kernelspec": kernel}, cells=cells)
    nbformat.write(notebook, folder / "chapter.ipynb")
    toctree = "\n\n```{toctree}\nchapter\n```\n"
    (folder / "index.md").write_text(f"# Start\n\n{index}{toctree}", "utf-8")
    (folder / "conf.py").write_text(BOOK, "utf-8")
    out = folder / "out"
    with contextlib.redirect_stderr(io.StringIO()) as warnings:
        sphinx_build(["-nqb", "pseudoxml", "--no-color", str(folder), str(out)])
    return (out / "index.pseudoxml").read_text("utf-8"), warnings.getvalue()


def test_a_path_takes_as_long_as_the_sections_that_it_links_to(tmp_path):
    one, three = "[a](chapter.ipynb#one-two)", "[b](chapter.ipynb#three)"
    index = (
        f"- Tour of {{minutes}}`sections` min: {one}\n"
        f"- Both of {{minutes}}`sections + 5` min: {one}, {three}\n\n"
        "All of {minutes}`reading` and {minutes}`exercises` min."
    )
    page, warnings = build(tmp_path, index)
    assert warnings == ""
    said = re.findall(r"(Tour|Both|All) of\s+(\d+)", page)
    assert said == [("Tour", "4"), ("Both", "16"), ("All", "14")]
    assert re.search(r"and\s+8\s+min", page)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("- {minutes}`sections` [a](chapter.ipynb#four)", "no section four in chapter"),
        ("- {minutes}`sections`, and no link", "no section is linked here"),
        ("{minutes}`two`", "expected sections, reading or exercises, got 'two'"),
    ],
)
def test_a_path_that_cannot_be_measured_is_refused(tmp_path, index, message):
    assert message in build(tmp_path, index)[1]
