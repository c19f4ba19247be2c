"""Nothing that a notebook holds is lost in the book: it is drawn, or it stops the build."""

import re

import pytest
from bs4 import BeautifulSoup

from tests import probe


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    run = probe.build(folder, probe.drawn())
    assert run.returncode == 0, run.stdout + run.stderr
    text = (folder / "_build/html/chapters/probe.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


@pytest.fixture(scope="module")
def warnings(tmp_path_factory):
    """What the build says of the page with all that is refused, one entry a trouble."""
    folder = tmp_path_factory.mktemp("refused")
    run = probe.build(folder, probe.refused(), page=probe.BAD_PAGE)
    assert run.returncode != 0
    said = re.sub(r"\x1b\[[\d;]*m", "", run.stdout + run.stderr)
    return [line for line in said.splitlines() if "WARNING" in line]


@pytest.fixture(scope="module")
def cells(page):
    """The cell of each construct."""
    names = [*probe.FORMULAS, *probe.MARKDOWN]
    found = page.select("article .lang-cell")
    assert len(found) == len(names)
    return dict(zip(names, found, strict=True))


@pytest.mark.parametrize("name", probe.FORMULAS)
def test_a_formula_of_the_probe_reaches_its_page(cells, name):
    latex = probe.FORMULAS[name][0]
    assert [m["alttext"] for m in cells[name].select(".math-block math")] == [latex]


@pytest.mark.parametrize("name", probe.MARKDOWN)
def test_markdown_is_drawn(cells, name):
    _, selector, text = probe.MARKDOWN[name]
    assert text in [tag.get_text().strip() for tag in cells[name].select(selector)]


@pytest.mark.parametrize("name", probe.OUTPUTS)
def test_an_output_is_drawn(page, name):
    _, selector, text = probe.OUTPUTS[name]
    shown = page.select("article .cell_output")[[*probe.OUTPUTS].index(name)]
    assert text in [tag.get_text() for tag in shown.select(selector)]


def test_a_picture_inside_the_notebook_is_drawn(page):
    (picture,) = page.select("article img")
    assert picture["alt"] == "A pixel"
    assert picture["src"].startswith("../_images/")
    assert (picture["width"], picture["height"]) == ("1", "1")


def test_a_page_is_whole_and_asks_for_nothing_outside(page):
    assert page.select("article p p, article p div") == []
    assert page.select("[src^='http'], script[type*=widget]") == []
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("latex", probe.BAD_FORMULAS)
def test_a_formula_that_cannot_be_drawn_is_refused_with_its_page(warnings, latex):
    said = [line for line in warnings if f"math not understood: {latex} (" in line]
    assert probe.BAD_FORMULAS[latex] in "".join(said)
    assert all("probe.ipynb" in line for line in said)


@pytest.mark.parametrize("name", probe.BAD_MARKDOWN | probe.BAD_OUTPUTS)
def test_what_the_book_would_lose_is_refused_with_its_cell(warnings, name):
    said = (probe.BAD_MARKDOWN | probe.BAD_OUTPUTS)[name][1]
    found = [line for line in warnings if "probe.ipynb" in line and said in line]
    assert found
    place = rf"probe\.ipynb(:\d+: WARNING|: WARNING: cell {name} \()"
    assert any(re.search(place, line) for line in found)


def test_a_raw_cell_is_refused(warnings):
    assert any("cell raw ('raw'): a raw cell is not shown" in line for line in warnings)


def test_footnotes_and_lost_formulas_are_found_in_markdown_pages_too(warnings):
    said = "".join(line for line in warnings if "page.md" in line)
    assert "the footnote [^1] would leave its language" in said
    assert "opens no formula that ends" in said
