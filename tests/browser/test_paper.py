"""The PDFs: printed by the same browser that shows the pages."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "_ext"))

from reading import paper


@pytest.mark.parametrize("language", sorted(paper.WORDS))
def test_the_pdf_has_pages_and_links_and_leaves_no_file_behind(
    browser, book, tmp_path, language
):
    before = sorted(book.rglob("*"))
    pdf = paper.make_paper(book, tmp_path, language).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 10
    assert len(re.findall(rb"/Subtype\s*/Link\b", pdf)) > 20
    assert sorted(book.rglob("*")) == before
