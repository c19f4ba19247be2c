"""What must hold on each page, for each way to look at it."""

import base64
import io
import itertools
import re

import numpy as np
import pytest
from matplotlib import image
from matplotlib.colors import to_rgb

from bn_lib.course import figure
from tests.browser.reader import COLOURS, DESKTOP, LAYOUT, PHONE, WCAG, Visit, axe
from tools.book import LANGUAGES

STILL = """
  *, *::before, *::after { transition: none !important; animation: none !important }
  article section { content-visibility: visible !important }"""

# All that the page asks for has come: images below the fold and fonts, too.
SETTLED = """() => {
  for (const image of document.images) image.loading = "eager";
  const images = [...document.images].map((image) => image.decode());
  return Promise.allSettled([document.fonts.ready, ...images]);
}"""

# Drawn text and boxes that stick out of the screen and lie in nothing that scrolls.
SIDEWAYS = """() => {
  const root = document.documentElement, width = root.clientWidth;
  const scrolls = (e) => e && e !== document.body &&
    (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const cut = [...document.querySelectorAll("article *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.right > width + 1 && !scrolls(e);
  });
  const names = cut.map((e) => e.tagName.toLowerCase() + "." + e.className);
  return { excess: root.scrollWidth - width, cut: names.slice(0, 5) };
}"""

# Each picture that is shown: its name, height over width on the screen, and in the file.
PICTURES = """() => [...document.querySelectorAll("article img[width]")]
  .map((image) => [image, image.getBoundingClientRect()])
  .filter(([image, box]) => box.width > 0)
  .map(([image, box]) => [image.alt, box.height / box.width,
    image.getAttribute("height") / image.getAttribute("width")])"""

MATH = """async () => {
  await document.fonts.ready;
  const box = (e) => e.getBoundingClientRect();
  const source = (e) => e.closest("math").getAttribute("alttext");
  const all = [...document.querySelectorAll("article math")];
  const stix = [...document.fonts].filter((f) => f.family.includes("STIX Two Math"));
  return {
    count: all.length,
    tiny: all.filter((e) => box(e).width < 3 || box(e).height < 5).map(source),
    flat: [...document.querySelectorAll("article mfrac")].filter((e) =>
      box(e.children[0]).bottom > box(e.children[1]).top + 2).map(source),
    font: stix.map((f) => f.status),
  };
}"""


class Look(Visit):
    """A visit of a page that has come to rest."""

    def open(self, address):
        super().open(address)
        self.page.evaluate(SETTLED)
        self.page.add_style_tag(content=STILL)
        return self

    def look(self, language, theme="light"):
        """Set language and theme, and open every closed box."""
        page = self.page
        page.emulate_media(color_scheme=theme)
        page.evaluate(
            "tag => document.querySelector(`input[name=bilingual][value=${tag}]`).click()",
            language,
        )
        page.evaluate(
            "document.querySelectorAll('details').forEach((e) => (e.open = true))"
        )
        assert page.evaluate("document.documentElement.dataset.lang") == language
        return page


@pytest.fixture(scope="module")
def visit(request, new_context, site):
    """Return a visit of each page at each size; the tests of one share it."""
    name, size = request.param
    with new_context(viewport=size) as context:
        yield Look(context.new_page()).open(site + name)


@pytest.fixture(scope="module")
def phone(new_context):
    with new_context(viewport=PHONE) as context:
        yield context.new_page()


def test_over_http_nothing_comes_from_elsewhere_and_nothing_fails(visit, site):
    assert visit.outside(site) == []
    assert not visit.trouble, "\n".join(visit.trouble)


def test_from_a_folder_nothing_comes_from_elsewhere_and_nothing_fails(
    page_name, book, new_page
):
    visit = Look(new_page()).open((book / page_name).as_uri())
    assert visit.outside(book.as_uri()) == []
    assert not visit.trouble, "\n".join(visit.trouble)
    assert visit.page.locator(".language-switch").is_visible()


def test_math_is_drawn_in_the_books_own_font(visit):
    math = visit.look("both").evaluate(MATH)
    assert math["tiny"] == []
    assert math["flat"] == [], "numerator and denominator overlap"
    if math["count"]:
        assert math["font"] == ["loaded"]


def test_no_picture_is_stretched(visit):
    for name, shown, size in visit.look("both").evaluate(PICTURES):
        assert shown == pytest.approx(size, rel=0.02), name


def contrast(one, other):
    """Contrast of two colours, as WCAG 2.2 defines it."""
    parts = np.array([one, other]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


def swatches():
    """Return a figure of stripes: paper, and the colours of lines and of words."""
    names = ("BLUE", "ORANGE", "GREEN", "GREY", "PINK", "INK")
    lines = [getattr(figure, name) for name in names]
    colours = ["#FFFFFF", *lines, *map(figure.in_words, lines)]
    stripes = np.array([[to_rgb(colour) for colour in colours]])
    file = io.BytesIO()
    image.imsave(file, stripes.repeat(20, axis=0).repeat(20, axis=1), format="png")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_do_not_glare_and_their_colours_hold(new_page, site, chapter, theme):
    page = Look(new_page(color_scheme=theme)).open(site + chapter).page
    shown = page.locator("article section > .cell .cell_output img").first
    shown.evaluate(
        """(e, data) => {
          e.src = "data:image/png;base64," + data;
          e.style.cssText = "width: 260px; height: 20px; image-rendering: pixelated";
          return e.decode();
        }""",
        swatches(),
    )
    pixels = image.imread(io.BytesIO(shown.screenshot()), format="png")[10, 10::20, :3]
    paper, *colours = np.rint(pixels * 255)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ground = [int(part) for part in re.findall(r"\d+", ground)]
    np.testing.assert_allclose(paper, ground, atol=3)
    assert len(colours) == 12
    for line in colours[:6]:
        assert contrast(line, paper) >= 3
    for word in colours[6:]:
        assert contrast(word, paper) >= 4.5
    for one, other in itertools.combinations(colours[:5], 2):  # ink is no line
        assert np.abs(one - other).max() >= 40, "two lines of one colour"


@pytest.mark.parametrize("language", [*LANGUAGES, "both"])
def test_nothing_scrolls_sideways(visit, language):
    for theme in ("light", "dark"):
        page = visit.look(language, theme)
        assert page.evaluate(SIDEWAYS) == {"excess": 0, "cut": []}, theme


def test_no_accessibility_rule_is_broken(visit):
    # On a desktop more is on the screen; the theme changes nothing but colours.
    page = visit.look("both")
    desktop = page.viewport_size == DESKTOP
    problems = axe(page, WCAG if desktop else LAYOUT)
    if desktop:
        problems += axe(visit.look("both", "dark"), COLOURS)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("opener", "drawer"), [("nav", "sidebar"), ("toc", "toc")])
def test_no_accessibility_rule_is_broken_in_what_opens(
    phone, site, chapter, opener, drawer
):
    phone.goto(site + chapter)
    phone.add_style_tag(content=STILL)
    assert not phone.locator(f".{drawer}-drawer").is_visible()
    phone.locator(f".topbar .{opener}-overlay-icon").click()
    assert phone.locator(f".{drawer}-drawer a").last.is_visible()
    problems = axe(phone)
    assert not problems, "\n".join(problems)


def test_search_finds_a_word_of_the_book_and_breaks_no_rule(new_page, site):
    visit = Look(new_page()).open(site + "search.html?q=batch&lang=both")
    # The summary is written when the last result is there.
    summary = visit.page.locator("#search-results .search-summary:not(:empty)")
    found = summary.inner_text()
    assert visit.page.locator("#search-results li a").count() > 0
    assert re.fullmatch(r"Pages mile · Pages found: \d+\.", found)
    assert visit.outside(site) == []
    assert not visit.trouble, "\n".join(visit.trouble)
    problems = axe(visit.look("both")) + axe(visit.look("both", "dark"), COLOURS)
    assert not problems, "\n".join(problems)
