"""Math as MathML: what the converter draws and refuses, and the font it is drawn in."""

import re
import unicodedata

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

from mathml.latex import to_mathml
from tests import probe
from tools.book import ROOT, pages
from tools.font import FONT, characters

HTML = ROOT / "_build" / "html"
# A browser slants single letters; these are the signs that it shows.
SLANTED = [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)]
SLANTED = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in SLANTED}
UPWARDS = "()[]{}|‖⌈⌉⌊⌋⟨⟩√∑∏∫⋃⋂"
SIDEWAYS = "‾_⏞⏟→←↔⇒⇐⇔↦\u0302\u20d7"


def tree(latex, display=True):
    return BeautifulSoup(to_mathml(latex, display), "html.parser")


def plain(tag):
    """Return the text of an element with ordinary spaces, and without what is not seen."""
    text = re.sub(r"[\u2061-\u2064]", "", tag.get_text())
    return re.sub(r"\s", " ", text)


def test_math_keeps_its_latex_as_escaped_alternative_text():
    markup = to_mathml('a <\n  b \\text{"c"}', display=False)
    assert r'alttext="a &lt; b \text{&quot;c&quot;}"' in markup
    assert 'display="block"' not in markup
    assert 'display="block"' in to_mathml("a", display=True)


@pytest.mark.parametrize("name", probe.FORMULAS)
def test_a_formula_becomes_what_it_means(name):
    latex, selector, text = probe.FORMULAS[name]
    assert text in [plain(tag) for tag in tree(latex).select(selector)]


@pytest.mark.parametrize("latex", probe.BAD_FORMULAS)
def test_what_cannot_be_drawn_is_refused_and_says_what_to_write(latex):
    with pytest.raises(ValueError, match=re.escape(probe.BAD_FORMULAS[latex])):
        to_mathml(latex, display=True)


def test_a_refusal_tells_where_the_formula_breaks():
    with pytest.raises(ValueError, match=r"at '\^3 \+ y': write"):
        to_mathml("x^2^3 + y", display=False)


def test_a_number_wants_a_line_of_its_own():
    with pytest.raises(ValueError, match=r"\$\$ around a formula"):
        to_mathml(r"x \tag{1}", display=False)


def test_limits_stand_beside_in_a_line_of_text():
    assert tree(r"\max_x f", display=False).select("msub")


def test_aligned_math_has_a_cell_on_each_side_of_the_sign():
    rows = tree(r"\begin{aligned} a &= b \\ c &= d \end{aligned}").select("mtr")
    sides = [[mtd["style"].split(";")[0] for mtd in row.select("mtd")] for row in rows]
    assert sides == [["text-align: right", "text-align: left"]] * 2


# --- the font ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def font():
    return TTFont(FONT)


def signs(math):
    """Return what a browser draws of a formula, as characters."""
    found = set()
    for text in math.find_all(string=True):
        upright = text.parent.name != "mi" or text.parent.get("mathvariant") == "normal"
        found |= set(text if upright else SLANTED.get(text, text))
    return found


def lacking(font, formulas):
    held = font.getBestCmap().keys() | {0xFE00, 0xFE01}  # these only choose a form
    return {c for math in formulas for c in signs(math) if ord(c) not in held}


@pytest.mark.parametrize("name", pages())
def test_the_font_holds_every_sign_of_the_book(font, name):
    page = HTML / f"{name}.html"
    if not page.exists():
        pytest.fail(f"{page.name} is not built: run make book first")
    formulas = BeautifulSoup(page.read_text("utf-8"), "html.parser").select("article math")
    assert lacking(font, formulas) == set(), "add them to tools/font.py and cut it again"


def test_the_font_holds_every_sign_of_the_probe(font):
    assert (
        lacking(font, [tree(latex).math for latex, *_ in probe.FORMULAS.values()]) == set()
    )


def test_a_sign_that_the_font_lacks_is_found(font):
    assert lacking(font, [tree(r"\mathfrak{g} + h").math]) == {"𝔤"}


def test_the_font_is_the_one_that_the_list_describes(font):
    assert characters() - {0xFE00} <= set(font.getBestCmap()), "cut it again"


@pytest.mark.parametrize(
    ("direction", "sign"),
    [("Vert", sign) for sign in UPWARDS] + [("Horiz", sign) for sign in SIDEWAYS],
)
def test_the_font_holds_what_a_sign_grows_to(font, direction, sign):
    variants = font["MATH"].table.MathVariants
    coverage = getattr(variants, f"{direction}GlyphCoverage").glyphs
    name = font.getBestCmap()[ord(sign)]
    assert name in coverage
    grown = getattr(variants, f"{direction}GlyphConstruction")[coverage.index(name)]
    assert grown.GlyphAssembly or len(grown.MathGlyphVariantRecord) > 1
    # Pieces that overlap less than this are not put together by any browser.
    parts = grown.GlyphAssembly.PartRecords if grown.GlyphAssembly else []
    inner = [part.StartConnectorLength for part in parts[1:]]
    inner += [part.EndConnectorLength for part in parts[:-1]]
    assert min(inner, default=variants.MinConnectorOverlap) >= variants.MinConnectorOverlap


def test_the_font_is_light():
    assert FONT.stat().st_size < 80_000
