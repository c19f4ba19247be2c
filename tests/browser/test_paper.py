"""The PDFs: printed by the same browser that shows the pages."""

import re

import pytest

from tools import paper
from tools.book import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_has_pages_and_links_and_leaves_no_file_behind(
    browser, book, tmp_path, language
):
    before = sorted(book.rglob("*"))
    pdf = paper.make_paper(book, tmp_path, language).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 10
    assert len(re.findall(rb"/Subtype\s*/Link\b", pdf)) > 20
    assert sorted(book.rglob("*")) == before
