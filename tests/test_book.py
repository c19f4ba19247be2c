"""The chapters keep the house rules, and each rule can be broken."""

import base64

import jupytext
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests import book_rules as rules
from tools.book import CHAPTERS, pages
from tools.notebooks import FORMAT, KERNEL, notebooks, text_path

NOTEBOOKS = notebooks()
PAGES = sorted(CHAPTERS.glob("*.md"))


def cases(paths, its_rules):
    return [
        pytest.param(path, rule, id=f"{path.name}-{rule.__name__}")
        for path in paths
        for rule in its_rules
    ]


@pytest.mark.parametrize(
    ("path", "rule"),
    cases(NOTEBOOKS, rules.NOTEBOOK_RULES) + cases(PAGES, rules.PROSE_RULES),
)
def test_chapter_keeps_the_rule(path, rule):
    broken = list(rule(rules.read_chapter(path)))
    assert not broken, f"{path.name}: {rule.__doc__}\n" + "\n".join(broken)


def test_the_table_of_contents_lists_every_chapter_and_nothing_else():
    listed = pages()
    there = {f"chapters/{path.stem}" for path in NOTEBOOKS + PAGES}
    assert len(listed) == len(set(listed))
    assert set(listed) == there


def test_there_are_chapters_to_hold_to_the_rules():
    assert NOTEBOOKS
    assert PAGES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_and_its_text_form_hold_the_same_cells(path):
    text = text_path(path).read_text("utf-8")
    cells = [
        [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
        for notebook in (rules.read_chapter(path), jupytext.reads(text, FORMAT))
    ]
    assert cells[0] == cells[1], "`make notebooks` carries an edit of one to the other"


def prose(cell_id, source, *tags):
    return new_markdown_cell(source, id=cell_id, metadata={"tags": list(tags)})


def code(cell_id, run, source, plain, *tags, **metadata):
    shown = new_output("execute_result", {"text/plain": plain}, execution_count=run)
    metadata = {"tags": list(tags), **metadata}
    return new_code_cell(
        source, id=cell_id, execution_count=run, outputs=[shown], metadata=metadata
    )


def good_cells():
    """Return a small chapter that breaks no rule, as cells by their id."""
    folded = {"jupyter": {"source_hidden": True}}
    seen = {"mystnb": {"image": {"alt": "A line that rises from zero to four."}}}
    cells = [
        prose("title", "# Chaar step · Four steps"),
        prose("hi", "Batch mein 4 samples hain, [dekho](a.md): $m$ aur `x`.", "hinglish"),
        prose("en", "The batch has 4 samples, [see](a.md): $m$ and `x`.", "english"),
        code("start", 1, "import numpy as np\nrng = np.random.default_rng(0)", "5"),
        prose("list-hi", "- mean\n- variance", "hinglish", "recap"),
        prose("list-en", "- the mean\n- the variance", "english", "recap"),
        code("plot", 2, "ax.plot(x)", "<Figure>", **seen),
        code("stub", 3, 'check("a", ...)', "○ Still open", "exercise"),
        code("solution", 4, 'check("a", 5)', "✔ Correct", "solution", **folded),
    ]
    png = base64.b64encode(b"not large").decode()
    cells[6].outputs = [
        new_output("display_data", {"image/png": png, "text/plain": "Figure"})
    ]
    return {cell.id: cell for cell in cells}


CLEAN = {"kernelspec": KERNEL}


def chapter(cells, metadata=CLEAN):
    return from_dict({"cells": list(cells.values()), "metadata": metadata})


def source(cell_id, text):
    return lambda cells: cells[cell_id].update(source=text)


def add(cell_id, text):
    return lambda cells: cells[cell_id].update(source=cells[cell_id].source + text)


def tags(cell_id, *names):
    return lambda cells: cells[cell_id].metadata.update(tags=list(names))


def metadata(cell_id, **entries):
    return lambda cells: cells[cell_id].metadata.update(entries)


def output(cell_id, kind, **entries):
    return lambda cells: cells[cell_id].update(outputs=[new_output(kind, **entries)])


SPOILED = [
    (rules.language_cells_come_in_pairs, lambda cells: cells.pop("en")),
    (rules.language_cells_come_in_pairs, lambda cells: cells.pop("hi")),
    (rules.language_cells_come_in_pairs, tags("hi", "english")),
    (rules.language_cells_come_in_pairs, tags("en", "english", "predict")),
    (rules.a_pair_holds_the_same_numbers, add("hi", " Yaani 3.")),
    (rules.a_pair_holds_the_same_numbers, source("en", "Of 4.0: [see](a.md): $m$, `x`.")),
    (rules.a_pair_holds_the_same_math, add("en", " $m$")),
    (rules.a_pair_holds_the_same_math, add("en", "\n\n$$y$$")),
    (rules.a_pair_holds_the_same_code, add("hi", " `y`")),
    (rules.a_pair_holds_the_same_links, add("en", " [more](b.md)")),
    (rules.a_pair_holds_lists_of_equal_length, add("list-hi", "\n- gamma")),
    (rules.a_pair_holds_lists_of_equal_length, source("list-en", "the mean, the variance")),
    (rules.headings_stand_outside_language_cells, add("hi", "\n\n### Kyun · Why")),
    (
        rules.headings_stand_outside_language_cells,
        source("hi", "Kyun · Why\n---\nSocho."),
    ),
    (rules.headings_carry_both_languages, source("title", "# Four steps")),
    (rules.headings_carry_both_languages, source("title", "# Chaar · step · Four steps")),
    (rules.headings_carry_both_languages, source("title", "# Chaar step ·  · Four")),
    (rules.hinglish_has_one_spelling_each, add("hi", " Batch me kya hai?")),
    (rules.hinglish_has_one_spelling_each, add("hi", " Agar 4 ho to kya hoga?")),
    (rules.hinglish_has_one_spelling_each, add("hi", " **Pahle** socho.")),
    (rules.hinglish_is_as_one_says_it, add("hi", " Pehle **sochiye**.")),
    (rules.hinglish_is_as_one_says_it, add("hi", " Ab aapki baari.")),
    (rules.hinglish_is_as_one_says_it, add("hi", " Kagaz par likho.")),
    (rules.nothing_sticks_to_a_list, add("hi", "\n\n- Ek.\nAur do:")),
    (rules.hinglish_has_one_spelling_each, add("hi", " Mean k baad variance.")),
    (rules.hinglish_has_one_spelling_each, add("hi", " Uske bad mein dekho.")),
    (rules.hinglish_is_in_roman_script, add("hi", " \u092e\u093e\u0927\u094d\u092f")),
    (rules.hinglish_sentences_are_short, add("hi", " Yeh" + " bahut" * 30 + " lamba hai.")),
    (rules.english_has_no_hype, add("en", " It just works.")),
    (rules.english_has_no_hype, add("en", " **Obviously** true.")),
    (rules.linked_images_have_alt_text, add("title", "\n\n![](figure.png)")),
    (rules.tags_are_known, tags("list-hi", "hinglish", "recaps")),
    (rules.tags_are_known, tags("start", "remove-output")),
    (rules.markdown_is_plain, add("title", "\n\n```{note}\nSee.\n```")),
    (rules.markdown_is_plain, add("title", "\n\n:::{note}\nSee.\n:::")),
    (rules.markdown_is_plain, add("title", "\n\nSee {ref}`there`.")),
    (rules.markdown_is_plain, source("title", "(target)=\n# Chaar · Four")),
    (rules.code_was_run_in_order, lambda cells: cells["plot"].update(execution_count=None)),
    (rules.code_was_run_in_order, lambda cells: cells["plot"].update(execution_count=7)),
    (rules.no_code_failed, output("plot", "error", ename="ValueError", evalue="")),
    (rules.code_is_short, source("plot", "x = 1\n" * 19)),
    (
        rules.the_first_code_imports_and_seeds,
        source("start", "import numpy as np\nrng.normal()"),
    ),
    (rules.the_first_code_imports_and_seeds, source("start", "np.random.default_rng(0)")),
    (rules.the_first_code_imports_and_seeds, lambda cells: cells.pop("start")),
    (rules.exercises_are_open_and_solved, source("stub", "y = ...")),
    (rules.exercises_are_open_and_solved, lambda cells: cells["stub"].update(outputs=[])),
    (rules.exercises_are_open_and_solved, lambda cells: cells.pop("solution")),
    (
        rules.exercises_are_open_and_solved,
        output("stub", "execute_result", data={"text/plain": "✘ Not right yet"}),
    ),
    (
        rules.exercises_are_open_and_solved,
        output("solution", "execute_result", data={"text/plain": "✘ Not right yet"}),
    ),
    (rules.solutions_are_folded, metadata("solution", jupyter={})),
    (rules.figures_have_alt_text, metadata("plot", mystnb={"image": {"alt": ""}})),
    (
        rules.figures_have_alt_text,
        output("start", "display_data", data={"text/html": "<img src='a.png'>"}),
    ),
    (
        rules.figures_are_light,
        output("plot", "display_data", data={"image/png": "A" * 200_004}),
    ),
    (
        rules.html_results_have_a_plain_form,
        output("start", "display_data", data={"text/html": "<p>5</p>"}),
    ),
    (
        rules.html_results_have_a_plain_form,
        output(
            "start",
            "display_data",
            data={
                "text/html": "<p>5</p>",
                "text/plain": "<IPython.core.display.HTML object>",
            },
        ),
    ),
    (rules.nothing_tells_of_the_machine, add("plot", "\nopen('/home/me/x.csv')")),
    (
        rules.nothing_tells_of_the_machine,
        output("plot", "stream", text="<object at 0x7fb1c2d3e4f5>"),
    ),
    (rules.metadata_is_clean, metadata("plot", execution={"iopub.status.idle": "12:00"})),
    (rules.metadata_is_clean, metadata("hi", editable=True)),
    (rules.cells_have_ids_of_their_own, lambda cells: cells["hi"].update(id="en")),
    (rules.cells_have_ids_of_their_own, lambda cells: cells["hi"].pop("id")),
]


def test_a_good_chapter_breaks_no_rule():
    good = chapter(good_cells())
    assert {rule.__name__: list(rule(good)) for rule in rules.NOTEBOOK_RULES} == {
        rule.__name__: [] for rule in rules.NOTEBOOK_RULES
    }


@pytest.mark.parametrize(("rule", "spoil"), SPOILED, ids=lambda x: x.__name__)
def test_the_rule_finds_a_chapter_that_breaks_it(rule, spoil):
    cells = good_cells()
    spoil(cells)
    assert list(rule(chapter(cells)))


def test_every_rule_has_a_chapter_that_breaks_it():
    assert {rule for rule, _ in SPOILED} == set(rules.NOTEBOOK_RULES)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"kernelspec": {"name": "bn-lib", "display_name": "Python 3"}},
        {**CLEAN, "widgets": {}},
        {**CLEAN, "language_info": {"name": "python", "version": "3.11.2"}},
    ],
)
def test_metadata_of_one_machine_is_found(spoiled):
    assert list(rules.metadata_is_clean(chapter(good_cells(), spoiled)))


@pytest.mark.parametrize(
    "text",
    [
        "Yeh *to be or not to be* hai.",
        "[The road to batch norm](a.md) dekho.",
        "`to` aur $n$ code aur math hain.",
        "End-to-end training hoti hai.",
        "$N$ ke alag-alag numbers par main idea wahi hai.",
        "Shape (N, C, H, W) hai.",
        "Yahan dekho:\n$$\n\\text{to} = n\n$$\nAb aage.",
        "- pehla\n  $$n \\to k$$\n- doosra",
        "Yahan:\n\\begin{align*}\nn &= k \\text{ to }\n\\end{align*}",
        "$\\text{main ya to}$ aur $$\\text{or}$$ hain.",
    ],
)
def test_a_right_spelling_is_not_called_wrong(text):
    cells = good_cells()
    cells["hi"].source = text
    assert list(rules.hinglish_has_one_spelling_each(chapter(cells))) == []


def test_no_word_is_both_right_and_wrong():
    right = {word for value in rules.SPELLING for word in value.split()}
    assert not right & set(rules.RIGHT) - {"or"}  # "ki, ka or ke"


def test_no_wrong_spelling_has_two_right_ones():
    wrong = [word for words in rules.SPELLING.values() for word in words.split()]
    assert len(wrong) == len(rules.RIGHT)


def test_a_markdown_page_is_read_as_language_cells(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Ek · One\n\n:::{lang} hinglish\nNamaste.\n:::\n\n"
        "::::{grid}\n:::{lang} english recap\nHello.\n:::\n::::\n",
        "utf-8",
    )
    cells = rules.read_chapter(page).cells
    assert [(cell.metadata.tags, cell.source) for cell in cells[:2]] == [
        ([], "# Ek · One"),
        (["hinglish"], "Namaste."),
    ]
    assert (["english", "recap"], "Hello.") in [(c.metadata.tags, c.source) for c in cells]
