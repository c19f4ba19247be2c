"""The page with every construct, as Chromium draws it."""

import io

import matplotlib.pyplot as plt
import pytest

from tests import probe
from tests.browser.reader import COLOURS, DESKTOP, LAYOUT, PHONE, WCAG, axe

# Where a formula is on the screen, with room for what sticks out, and a part's size.
BOX = """([latex, part]) => {
  const math = [...document.querySelectorAll("math")]
    .find((e) => e.getAttribute("alttext") === latex);
  math.scrollIntoView({ block: "center" });
  const box = math.getBoundingClientRect(), inner = math.querySelector(part);
  const { width, height } = inner.getBoundingClientRect();
  const [x, y] = [box.x - 5, box.y - 5];
  const clip = { x, y, width: box.width + 10, height: box.height + 10 };
  return { clip, width, height };
}"""
# The line that must span the part: along a row of the picture, or down a column.
LINES = {
    "overline": ("mover > mrow", "width"),
    "underline": ("munder > mrow", "width"),
    "arrow": ("mover mover", "width"),
    "vector": ("mover > mrow", "width"),
    "fence": ("mfrac", "height"),
    "matrix": ("mtable", "height"),
}


def longest_line(png, direction):
    """Return the length of the longest straight line of ink in a picture."""
    ink = plt.imread(io.BytesIO(png))[..., :3].mean(-1) < 0.6
    lines = ink if direction == "width" else ink.T
    runs = ["".join("x" if dark else " " for dark in line).split() for line in lines]
    return max((len(run) for line in runs for run in line), default=0)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    run = probe.build(folder, probe.drawn())
    assert run.returncode == 0, run.stdout + run.stderr
    return (folder / "_build/html/chapters/probe.html").as_uri()


@pytest.fixture(scope="module", params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request, address, new_context):
    with new_context(viewport=request.param) as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate("document.querySelector('input[value=english]').click()")
        page.evaluate("document.fonts.ready")
        yield page


def test_every_sign_comes_from_the_books_font(page):
    client = page.context.new_cdp_session(page)
    client.send("DOM.enable")
    client.send("CSS.enable")
    root = client.send("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "selector": "article math"}
    nodes = client.send("DOM.querySelectorAll", asked)["nodeIds"]
    assert len(nodes) > len(probe.FORMULAS)
    for node in nodes:
        fonts = client.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert {font["familyName"] for font in fonts} <= {"STIX Two Math"}, node


@pytest.mark.parametrize("name", LINES)
def test_a_sign_grows_with_what_it_belongs_to(page, name):
    part, direction = LINES[name]
    found = page.evaluate(BOX, [probe.FORMULAS[name][0], part])
    line = longest_line(page.screenshot(clip=found["clip"]), direction)
    # The bow of a bracket is straight in its middle only.
    assert line > (0.5 if name == "fence" else 0.9) * found[direction]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(page, theme):
    page.emulate_media(color_scheme=theme)
    rules = [WCAG, LAYOUT, COLOURS]
    problems = [problem for rule in rules for problem in axe(page, rule)]
    assert not problems, "\n".join(problems)


def test_nothing_scrolls_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
