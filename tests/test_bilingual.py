"""The Sphinx extension for languages side by side.

A small book in three languages that are not this book's own shows that `bilingual`
takes everything from the configuration.
"""

import contextlib
import io
import re
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.cmd.build import main as sphinx_build
from sphinx.errors import ConfigError

from bilingual.languages import read_languages
from tests import book_rules
from tools import book as project

HTML = project.ROOT / "_build" / "html"
LANGUAGES = [
    {"tag": "fr", "code": "fr", "label": "Français"},
    {"tag": "german", "code": "de", "label": "Deutsch"},
    {"tag": "tamil", "code": "ta-IN", "label": "தமிழ்"},
]
TAGS = ["fr", "german", "tamil"]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CONFIG = """
project = "Test"
extensions = ["myst_nb", "bilingual", "mathml"]
html_theme = "basic"
html_sidebars = {{"**": ["globaltoc.html", "localtoc.html", "relations.html"]}}
html_math_renderer = "mathml"
myst_enable_extensions = ["colon_fence", "dollarmath"]
nb_execution_mode = "off"
smartquotes = False
bilingual_languages = {languages!r}
bilingual_boxes = {{"think": "Réfléchir · Denk nach · யோசி", "answer": "Answer"}}
bilingual_collapsed = ["answer"]
"""

INDEX = """# Accueil · Start · முகப்பு

:::{lang} fr
Bonjour.
:::

:::{lang} german
Guten Tag.
:::

:::{lang} tamil think
வணக்கம்.
:::

```{toctree}
chapter
```
"""


def cell(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def notebook():
    image = new_output("display_data", {"image/png": PIXEL, "text/plain": "Figure"})
    alt = {"mystnb": {"image": {"alt": 'One "red" pixel'}}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        metadata={"kernelspec": kernel},
        cells=[
            cell("# Maths `x` · Mathe `x` · கணிதம் `x`"),
            cell("Un $x_i$.", "fr"),
            cell("Zwei.", "german"),
            cell("மூன்று.", "tamil"),
            cell("## Only · two"),
            cell("Encore.", "fr"),
            cell("Noch einmal.", "german", "think"),
            cell("Noch etwas.", "german", "think"),
            new_code_cell("x = 1", metadata={"tags": ["think"]}),
            cell("Shared.\n\n$$a < b$$"),
            cell("La solution.", "fr", "answer"),
            cell("Die Lösung.", "german", "answer"),
            cell("$$c = d$$", "answer"),
            new_code_cell("x = 2", metadata={"tags": ["answer"], **alt}, outputs=[image]),
            new_code_cell("x = 3", metadata={"tags": ["answer", "hide-input"]}),
            cell("Shared again."),
            cell("Plus loin.", "fr", "answer"),
        ],
    )


def build(folder, languages=LANGUAGES, cells=(), index=INDEX):
    """Build a book; return Sphinx's exit status and what it warned of."""
    book = notebook()
    book.cells += cells
    nbformat.write(book, folder / "chapter.ipynb")
    (folder / "index.md").write_text(index, "utf-8")
    (folder / "conf.py").write_text(CONFIG.format(languages=languages), "utf-8")
    with contextlib.redirect_stderr(io.StringIO()) as warnings:
        status = sphinx_build(["-nq", "--no-color", str(folder), str(folder / "html")])
    return status, warnings.getvalue()


def read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    assert build(folder) == (0, "")
    return folder / "html"


@pytest.fixture(scope="module")
def page(book):
    return read(book / "chapter.html")


def test_each_language_cell_has_its_class_and_its_lang(page):
    cells = page.select("div.lang-cell")
    wanted = ["fr", "german", "tamil", "fr", "german", "german", "fr", "german", "fr"]
    codes = {"fr": "fr", "german": "de", "tamil": "ta-in"}
    assert [x for c in cells for x in TAGS if f"lang-{x}" in c["class"]] == wanted
    assert [c["lang"].lower() for c in cells] == [codes[tag] for tag in wanted]
    assert [c.get_text(strip=True) for c in cells][1:3] == ["Zwei.", "மூன்று."]


def test_cells_of_one_idea_make_one_pair_and_repeated_languages_the_next(page):
    pairs = [
        [x for c in pair.select("div.lang-cell") for x in TAGS if f"lang-{x}" in c["class"]]
        for pair in page.select("div.lang-pair")
    ]
    assert pairs == [TAGS, ["fr"], ["german"], ["german"], ["fr", "german"], ["fr"]]


def test_neighbours_with_one_box_tag_share_a_box(page):
    (box,) = page.select("div.box-think")
    assert box["role"] == "group"
    assert [p.get_text(strip=True) for p in box.select(".lang-cell")] == [
        "Noch einmal.",
        "Noch etwas.",
    ]
    assert len(box.select("div.cell")) == 1
    assert "Shared." not in box.get_text()


def test_a_box_title_has_a_part_for_each_language(page):
    title = page.select_one("div.box-think > .box-title")
    assert [title.select_one(f".lang-{tag}").get_text() for tag in TAGS] == [
        "Réfléchir",
        "Denk nach",
        "யோசி",
    ]


def test_a_collapsed_box_is_closed_details_with_a_summary(page):
    box = page.select("details.box-answer")[0]
    assert not box.has_attr("open")
    assert box.find().name == "summary"
    assert box.find().get_text(strip=True) == "Answer"


def test_one_box_holds_text_shared_math_code_figures_and_folded_code(page):
    box, later = page.select("details.box-answer")
    assert [cell.get_text(strip=True) for cell in box.select(".lang-cell")] == [
        "La solution.",
        "Die Lösung.",
    ]
    assert [math["alttext"] for math in box.select("math")] == ["c = d"]
    assert len(box.select("div.cell")) == 2
    assert len(box.select(".cell_output img")) == 1
    assert "x = 3" in box.select_one("div.cell details").get_text()
    assert later.select_one(".lang-cell").get_text(strip=True) == "Plus loin."


def test_the_directive_does_for_a_page_what_tags_do_for_a_notebook(book):
    index = read(book / "index.html")
    cells = index.select("div.lang-cell")
    assert [c["lang"].lower() for c in cells] == ["fr", "de", "ta-in"]
    assert index.select_one("div.box-think div.lang-tamil").get_text(strip=True) == "வணக்கம்."


def test_titles_are_split_in_the_page_and_in_every_list_of_contents(book, page):
    index = read(book / "index.html")
    places = [
        page.select_one("h1"),
        page.select_one(".sphinxsidebar a[href='#']"),
        index.select_one(".toctree-wrapper a"),
        index.select_one(".sphinxsidebar a[href='chapter.html']"),
    ]
    for place in places:
        parts = [place.select_one(f".lang-{tag}") for tag in TAGS]
        assert [part.get_text() for part in parts] == ["Maths x", "Mathe x", "கணிதம் x"]
        assert [part["lang"].lower() for part in parts] == ["fr", "de", "ta-in"]
        assert len(place.select(".lang-separator")) == 2
    assert page.select_one("h1 .lang-german code").get_text() == "x"


def test_a_title_with_fewer_parts_is_left_alone(page):
    assert page.select_one("h2").get_text().startswith("Only · two")
    assert page.select("h2 span") == []


def test_each_choice_hides_the_other_languages_and_both_hides_none(page):
    style = page.select_one("head style").get_text()
    hidden = re.findall(r'html\[data-lang="(\w+)"\] \.lang-(\w+)', style)
    assert sorted(hidden) == sorted(
        (shown, other) for shown in TAGS for other in [*TAGS, "separator"] if other != shown
    )
    assert style.endswith("{display:none!important}")


def test_the_language_is_chosen_before_any_style_or_body(page):
    head = page.head.find_all(["script", "style", "link"])
    assert head[0].name == "style"
    assert "root.dataset.lang" in head[1].get_text()
    assert not head[1].has_attr("src")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Return a folder and what Sphinx said about a book with three faults."""
    folder = tmp_path_factory.mktemp("faulty")
    cells = [cell("## Titre · Titel · தலைப்பு", "fr"), cell(r"Shared $\nonsense{x}$.")]
    index = INDEX + "\n:::{lang} welsh\nBore da.\n:::\n"
    _, warnings = build(folder, cells=cells, index=index)
    return folder, warnings


def test_a_heading_in_a_language_cell_warns(faulty):
    assert "a heading stands inside a cell tagged fr" in faulty[1]


def test_an_unknown_language_in_the_directive_is_told_the_known(faulty):
    assert "expected one of ['fr', 'german', 'tamil'], got 'welsh'" in faulty[1]


def test_unknown_math_warns_and_shows_its_source(faulty):
    folder, warnings = faulty
    assert r"math not understood: \nonsense{x}" in warnings
    assert r"<code>\nonsense{x}</code>" in (folder / "html/chapter.html").read_text("utf-8")


def test_a_bad_configuration_stops_the_build(tmp_path):
    status, warnings = build(tmp_path, languages=[{"tag": "fr"}])
    assert status != 0
    assert "expected entries with tag, code and label" in warnings


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (["fr"], "expected entries with tag, code and label, got 'fr'"),
        ([{**LANGUAGES[0], "name": "x"}], "expected entries with tag, code and label"),
        ([{**LANGUAGES[0], "tag": "both"}], "other than 'both', got 'both'"),
        ([{**LANGUAGES[0], "tag": "Fr x"}], "a tag is a lower-case word"),
        (LANGUAGES + LANGUAGES[:1], "each tag once"),
    ],
)
def test_bad_languages_say_what_was_expected(languages, message):
    with pytest.raises(ConfigError, match=message):
        read_languages(SimpleNamespace(bilingual_languages=languages))


def test_a_figure_takes_its_alt_text_from_the_metadata(page):
    assert [image["alt"] for image in page.select("div.cell_output img")] == [
        'One "red" pixel'
    ]


@pytest.mark.parametrize("path", project.pages())
def test_every_language_cell_reached_the_built_page(path):
    page = HTML / f"{path}.html"
    if not page.exists():
        pytest.fail(f"{page.name} is not built: run make book first")
    built = read(page)
    cells = book_rules.read_chapter(project.source(path)).cells
    for language in project.LANGUAGES:
        count = sum(book_rules.language(cell) == language for cell in cells)
        assert count > 0
        assert len(built.select(f"div.lang-cell.lang-{language}")) == count
    for figure in built.select("article div.cell_output img"):
        assert len(figure.get("alt", "")) >= 20, figure


def test_display_math_can_be_reached_by_keyboard(page):
    block = page.select("div.math-block")[0]
    assert block["tabindex"] == "0"
    assert block["aria-label"]
    assert block.math["alttext"] == "a < b"
