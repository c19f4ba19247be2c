"""The page around the text: one file of each kind, what it says, what can be taken along.

Most of it is checked on the built book.
"""

import gzip
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import nbformat
import pytest
from bs4 import BeautifulSoup

from bilingual.languages import read_languages, spans
from bn_lib.course import figure
from bn_lib.course.playground import playground
from reading import assets, page
from tests import book_rules
from tools import book as project
from tools import paper
from tools.notebooks import notebooks

ROOT = project.ROOT
HTML = ROOT / "_build" / "html"

LANGUAGES = [
    {"tag": "fr", "code": "fr", "label": "Français"},
    {"tag": "german", "code": "de", "label": "Deutsch"},
]
PAGES = [f"{path}.html" for path in project.pages()]
EVERY_PAGE = pytest.mark.parametrize("name", [*PAGES, "search.html"])
CHAPTER = pytest.mark.parametrize("name", PAGES)
NOTEBOOK = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
PHONE_LIMIT = 600_000  # bytes over the wire


@cache
def read(name):
    if not HTML.is_dir():
        pytest.fail("the book is not built: run make book first")
    return BeautifulSoup((HTML / name).read_text("utf-8"), "html.parser")


@cache
def ids(name):
    """The ids on a page, each as often as it is there."""
    return [tag["id"] for tag in read(name).find_all(id=True)]


def asked_for(document, name):
    """The files of the book that a page asks for."""
    tags = document.select("link[rel=stylesheet], script[src], link[rel~=icon]")
    tags += document.select('img[src]:not([src^="data:"])')
    addresses = [tag.get("href") or tag.get("src") for tag in tags]
    places = [(HTML / name).parent / address.partition("?")[0] for address in addresses]
    return {place.resolve() for place in places}


@EVERY_PAGE
def test_a_page_loads_one_style_sheet_and_one_script(name):
    document = read(name)
    scripts = [tag["src"] for tag in document.select("script[src]")]
    assert all(tag.has_attr("defer") for tag in document.select("script[src]"))
    assert len(document.select("link[rel=stylesheet]")) == 1
    own = [script for script in scripts if "bundle.js" in script]
    assert len(own) == 1
    assert len(scripts) == (5 if name == "search.html" else 1)


def test_no_file_is_carried_along_that_no_page_asks_for():
    asked = set().union(*(asked_for(read(name), name) for name in [*PAGES, "search.html"]))
    style = (HTML / "_static" / "bundle.css").read_text("utf-8")
    fonts = {HTML / "_static" / url for url in re.findall(r'url\("?([\w.-]+)"?\)', style)}
    named = {"stix-two-math-OFL.txt", "social.png"}  # a licence; previews ask for the other
    left = [
        path.name
        for path in (HTML / "_static").rglob("*")
        if path.is_file() and path.resolve() not in asked | fonts and path.name not in named
    ]
    assert left == []


@CHAPTER
def test_a_page_is_light_enough_for_a_phone(name):
    files = {
        HTML / name,
        *asked_for(read(name), name),
        HTML / "_static/stix-two-math.woff2",
    }
    weight = 0
    for path in files:
        packed = path.suffix in (".html", ".css", ".js", ".svg")
        weight += len(gzip.compress(path.read_bytes()) if packed else path.read_bytes())
    assert weight <= PHONE_LIMIT


@CHAPTER
def test_images_tell_their_size_and_wait_until_they_are_seen(name):
    for image in read(name).select("article img"):
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0
        carried = image["src"].startswith("data:")
        assert carried or image["loading"] == "lazy"


@CHAPTER
def test_every_link_inside_the_book_leads_somewhere(name):
    for link in read(name).select("a[href]"):
        address, _, fragment = link["href"].partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        target = ((HTML / name).parent / address.partition("?")[0]).resolve()
        target = HTML / name if not address else target
        assert target.is_file(), link["href"]
        if fragment and target.suffix == ".html":
            page_name = target.relative_to(HTML).as_posix()
            assert ids(page_name).count(fragment) == 1, link["href"]


@CHAPTER
def test_previews_and_search_engines_are_told_what_the_book_is(name):
    head = read(name).head
    for selector in ("meta[name=description]", 'meta[property="og:title"]'):
        assert len(head.select_one(selector)["content"]) > 10
    assert "·" in head.title.string
    assert (HTML / "_static" / "social.png").is_file()


def exercises(path):
    """Count the stubs of a notebook: each exercise has one."""
    cells = book_rules.read_chapter(path).cells
    return sum(book_rules.is_code(c) and book_rules.tagged(c, "exercise") for c in cells)


@NOTEBOOK
def test_a_chapter_tells_its_time_and_offers_its_notebook(path):
    about = read(f"chapters/{path.stem}.html").select_one(".about-page")
    count = exercises(path)
    time = {
        language: about.select_one(f".lang-{language}").get_text()
        for language in project.LANGUAGES
    }
    minutes = int(re.search(r"About (\d+) min to read", time["english"])[1])
    assert 10 <= minutes <= 90
    assert time == {
        "hinglish": f"Padhne mein lagbhag {minutes} min, "
        f"{count} exercises ke liye {8 * count} min",
        "english": f"About {minutes} min to read, {8 * count} min for {count} exercises",
    }
    download = about.select_one("a[download]")
    assert download["download"] == path.name
    place = HTML / "chapters" / download["href"]
    nbformat.validate(nbformat.read(place.resolve(), as_version=4))


def test_the_map_announces_what_is_in_the_making_and_links_what_is_ready():
    rows = read("chapters/index.html").select(".chapter-map li")
    ready = {row.a["href"]: row for row in rows if "ready" in row["class"]}
    assert list(ready) == [f"{Path(page).name}.html" for page in project.chapters()]
    for name, row in ready.items():
        heading = read(f"chapters/{name}").select_one("article h1 .lang-english")
        assert row.a.select_one(".lang-english").get_text() == heading.get_text()
        time = row.select_one(".time").decode_contents()
        assert time in read(f"chapters/{name}").select_one(".about-page").decode_contents()
    later = [row for row in rows if "later" in row["class"]]
    assert len(later) == len(set(project.announced()) - {Path(x).stem for x in PAGES})
    assert all(row.a is None for row in later)


def test_the_landing_page_has_the_colours_of_the_figures():
    style = (ROOT / "_static" / "book.css").read_text("utf-8")
    shown = re.findall(r"\.hero \.c\d \{ fill: (#\w+)", style)
    palette = [figure.BLUE, figure.ORANGE, figure.GREEN, figure.PINK]
    assert shown == [colour.lower() for colour in palette]


def test_what_stands_around_the_text_speaks_as_the_book_does():
    text = ".lang-cell, .lang-cell *, .bn-playground *, .toc-tree *, :is(h1, h2, h3) *"
    outside = [
        words.get_text()
        for name in [*PAGES, "search.html"]
        for words in read(name).select(f".lang-hinglish:not({text})")
    ]
    outside += BeautifulSoup(playground()._repr_html_(), "html.parser").stripped_strings
    outside += re.findall(r"\{\{(.+?) · ", playground()._repr_html_())
    script = (ROOT / "_ext/reading/static/search.js").read_text("utf-8")
    outside += re.findall(r'\["(.+?)"', script)
    outside += [paper.CONTENTS, paper.SOLUTIONS, paper.AT_THE_END]
    assert len(set(outside)) > 40
    assert list(book_rules.unsaid(" ".join(outside))) == []


def test_words_around_the_text_are_in_every_language_and_escaped():
    languages = read_languages(SimpleNamespace(bilingual_languages=LANGUAGES))
    both = BeautifulSoup(spans("Un <a> · Zwei", languages), "html.parser")
    assert [tag.get_text() for tag in both.select("[lang]")] == ["Un <a>", "Zwei"]
    assert spans("<b>", languages) == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ("", []),
        ("https://git.example.org/owner/name", ["Source"]),
        ("https://github.com/owner/name", ["Source", "Colab", "Binder"]),
    ],
)
def test_links_to_the_repository_appear_where_its_address_is_known(address, places):
    links = page.repository_links(address, "chapters/02_math")
    assert list(links) == places
    assert all("chapters/02_math.ipynb" in link for link in links.values())


def test_the_address_comes_from_the_configuration_or_the_environment(monkeypatch):
    monkeypatch.setenv("BOOK_REPOSITORY", "https://github.com/owner/name.git")
    silent = SimpleNamespace(reading_repository="")
    assert page.repository(silent) == "https://github.com/owner/name"
    configured = SimpleNamespace(reading_repository="https://example.org/a/b/")
    assert page.repository(configured) == "https://example.org/a/b"


def test_style_sheets_are_joined_without_comments():
    joined = assets.minified(["/* one\n */a {\n  b: c;\n}\n", "d{}"])
    assert joined == "a {\nb: c;\n}\nd{}"


# To take along


def test_the_zip_holds_the_whole_book_and_opens_from_its_folder(tmp_path):
    with ZipFile(HTML / "bn-samjho.zip") as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path)
    assert {f"bn-samjho/{name}" for name in [*PAGES, "index.html", "search.html"]} <= names
    start = (tmp_path / "bn-samjho" / "index.html").read_text("utf-8")
    target = re.search(r"url=([\w/.]+)", start)[1]
    assert (tmp_path / "bn-samjho" / target).is_file()
    for name in PAGES:
        packed_page = (tmp_path / "bn-samjho" / name).read_bytes()
        assert packed_page == (HTML / name).read_bytes()


def test_the_code_to_take_along_holds_what_make_needs_and_nothing_built():
    with ZipFile(HTML / "bn-samjho-code.zip") as packed:
        names = {name.partition("/")[2] for name in packed.namelist()}
    needed = {"Makefile", "README.md", "constraints.txt", "bn_lib/digits.npz"}
    needed |= {f"chapters/text/{Path(page).name}.md" for page in project.chapters()}
    assert needed <= names
    assert {f"chapters/{project.source(page).name}" for page in project.pages()} <= names
    assert not any(re.search(r"(^|/)(\.|_build|__pycache__)", name) for name in names)


@pytest.fixture(scope="module", params=project.LANGUAGES)
def printed(request):
    """The pages joined for print, in one language."""
    text = paper.join_pages(HTML, request.param)
    return request.param, BeautifulSoup(text, "html.parser")


def test_paper_is_in_one_language_and_without_scripts(printed):
    language, document = printed
    others = [f".lang-{tag}" for tag in project.LANGUAGES if tag != language]
    assert document.select(", ".join([*others, "script", "form", "button"])) == []
    assert document.select(f".lang-{language}")


def test_on_paper_every_link_inside_leads_to_one_place(printed):
    _, document = printed
    ids = [tag["id"] for tag in document.select("[id]")]
    assert len(ids) == len(set(ids))
    inner = [a["href"][1:] for a in document.select("a[href]") if a["href"][0] == "#"]
    assert len(inner) > 20
    assert set(inner) <= set(ids)


def test_on_paper_the_solutions_stand_at_the_end(printed):
    _, document = printed
    solutions = document.select("section.box-solution")
    appendix = document.find(id="paper-solutions").find_parent("article")
    folded = [read(name).select("article details.box-solution") for name in PAGES]
    assert len(solutions) == sum(map(len, folded)) >= 6
    assert all(box.find_parent("article") is appendix for box in solutions)
    assert appendix is document.select("article")[-1]
    assert len(document.select("a.to-solution")) == len(solutions)


def test_on_paper_what_is_in_depth_stands_open_in_its_place(printed):
    _, document = printed
    boxes = document.select(".box-depth")
    closed = [read(name).select("article details.box-depth") for name in PAGES]
    assert len(boxes) == sum(map(len, closed)) > 0
    assert {box.name for box in boxes} == {"div"}
    assert document.select("details, summary") == []
    appendix = document.select("article")[-1]
    assert not any(box in appendix.descendants for box in boxes)


def test_on_paper_the_images_are_found(printed):
    _, document = printed
    images = document.select('img:not([src^="data:"])')
    assert len(images) >= 5
    for image in images:
        assert (HTML / "chapters" / image["src"]).is_file()
        assert not image.has_attr("loading")
