"""The book that `make live` builds."""

import pytest

from tests.browser.practice.bench import Reader

RUNTIME = "_static/live/runtime"


@pytest.fixture(scope="session")
def live_book(book):
    """Return the folder of a book with Python on its pages."""
    if not (book / RUNTIME / "list.js").exists():
        pytest.fail("the book was built without Python: run make live first")
    return book


@pytest.fixture
def read(live_book, site, new_page):
    """Return a function that opens a page of the book: over http, or from its folder."""

    def open_page(name, folder=False, language="english", **options):
        base = live_book.as_uri() + "/" if folder else site
        return Reader(new_page(**options)).open(f"{base}{name}.html?lang={language}")

    return open_page
