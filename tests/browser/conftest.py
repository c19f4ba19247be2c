"""What the browser tests share: the built book, a local server, one Chromium."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib
import pytest

from tests.browser.reader import DESKTOP, PHONE
from tools import book as project
from tools.book import ROOT
from tools.chromium import find_chromium

HTML = ROOT / "_build" / "html"
# Matplotlib brings DejaVu: with it alone, text is as wide on one machine as on another.
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <selectfont>
    <rejectfont><glob>*</glob></rejectfont>
    <acceptfont><glob>*/DejaVu*.ttf</glob></acceptfont>
  </selectfont>
  <alias>
    <family>monospace</family>
    <prefer><family>DejaVu Sans Mono</family></prefer>
  </alias>
  <alias>
    <family>sans-serif</family>
    <prefer><family>DejaVu Sans</family></prefer>
  </alias>
  <match target="font">
    <edit name="hinting" mode="assign"><bool>false</bool></edit>
  </match>
</fontconfig>"""


def built_pages():
    """Return the pages a reader can open, without redirects and the search page."""
    found = [path for path in HTML.rglob("*.html") if "_static" not in path.parts]
    names = {path.relative_to(HTML).as_posix(): path for path in found}
    return sorted(
        name
        for name, path in names.items()
        if name not in ("genindex.html", "search.html")
        and 'http-equiv="refresh"' not in path.read_text("utf-8")[:2000].lower()
    )


def pytest_generate_tests(metafunc):
    # Without a book one case is left, and the `book` fixture says what to do.
    pages = built_pages() or ["no-book"]
    if "visit" in metafunc.fixturenames:
        cases = [(page, size) for page in pages for size in (PHONE, DESKTOP)]
        names = [f"{page}-{size['width']}" for page, size in cases]
        metafunc.parametrize("visit", cases, ids=names, indirect=True, scope="module")
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages)


def unavailable(reason):
    """Skip where a browser is a luxury, fail where it was promised."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def book():
    """Return the folder of the built book."""
    if not built_pages():
        pytest.fail("the book is not built: run make book first")
    return HTML


@pytest.fixture(scope="session")
def chapter(book):
    """Return the longest chapter: the one with the most to switch and to scroll."""
    chapters = [f"{page}.html" for page in project.chapters()]
    return max(chapters, key=lambda name: (book / name).stat().st_size)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Return the environment of a Chromium that has the same fonts on every machine."""
    folder = tmp_path_factory.mktemp("fonts")
    conf = folder / "fonts.conf"
    conf.write_text(FONTS_CONF.format(fonts=FONTS, cache=folder), "utf-8")
    return {**os.environ, "FONTCONFIG_FILE": str(conf)}


@pytest.fixture(scope="session")
def browser(environment):
    """Return one Chromium for all tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed: pip install -r requirements.txt")
    found = find_chromium()
    if not found:
        unavailable("no Chromium found: install one or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"], env=environment
        )
        yield browser
        browser.close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder without a line for every request."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site(book):
    """Serve the book and return its address."""
    handler = functools.partial(QuietHandler, directory=book)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def new_context(browser):
    """Return a factory of readers: each has a screen and a storage of its own."""

    def make(**options):
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(10_000)
        return context

    return make


@pytest.fixture
def new_page(new_context):
    """Return a factory of pages, each with a reader of its own."""
    pages = []

    def make(**options):
        pages.append(new_context(**options).new_page())
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()
