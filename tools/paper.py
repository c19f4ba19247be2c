"""One PDF for each language, printed by Chromium from the pages of the built book.

``python -m tools.paper`` reads ``_build/html`` and writes ``_build/pdf``. The pages are
joined in the order of the contents, in one language, without scripts, with the
solutions at the end and all other boxes open; links between pages become links inside
the document.
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urldefrag

from bs4 import BeautifulSoup

from tools.book import LANGUAGES, ROOT, SEPARATOR, pages
from tools.chromium import find_chromium

CONTENTS = "Contents · Contents"
SOLUTIONS = "Solutions · Solutions"
AT_THE_END = "Solution end mein hai · The solution is at the end"


def make_paper(html, out, language):
    """Write one PDF.

    Parameters
    ----------
    html : Path
        The built book.
    out : Path
        Folder for the PDF.
    language : str
        A tag of `LANGUAGES`.

    Returns
    -------
    Path
        The PDF.
    """
    browser = find_chromium()
    if browser is None:
        sys.exit("No Chromium found: install one, or name it in CHROMIUM.")
    out.mkdir(parents=True, exist_ok=True)
    pdf = out / f"bn-samjho-{language}.pdf"
    # Beside the pages, so that style sheet and images are found.
    sheet = html / "chapters" / f"paper-{language}.html"
    sheet.write_text(join_pages(html, language), "utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    options += ["--generate-pdf-document-outline", f"--print-to-pdf={pdf}"]
    try:
        subprocess.run(
            [browser, *options, sheet.as_uri()], check=True, capture_output=True, text=True
        )
    finally:
        sheet.unlink()
    return pdf


def join_pages(html, language):
    """Return all pages as one HTML document in one language."""
    first = _read(html / "chapters" / "index.html")
    code = first.select_one(f'.language-switch [value="{language}"]')["data-code"]
    names = [f"{Path(page).name}.html" for page in pages()]
    document = BeautifulSoup(
        f'<!doctype html><html lang="{code}" data-lang="{language}">'
        '<head><meta charset="utf-8"></head>'
        '<body data-theme="light" class="paper"></body></html>',
        "html.parser",
    )
    document.head.append(first.select_one('link[rel="stylesheet"]'))
    for style in first.select("head style"):
        document.head.append(style)
    articles = [_article(_read(html / "chapters" / name), name, language) for name in names]
    appendix = _move_solutions(articles, _say(AT_THE_END, language))
    title, *chapters = articles
    document.head.append(_tag("title", title.h1.get_text()))
    document.body.extend([title, _contents(_say(CONTENTS, language), chapters), *chapters])
    if appendix:
        section = _tag("article", "")
        heading = _tag("h1", _say(SOLUTIONS, language), id="paper-solutions")
        section.extend([heading, *appendix])
        document.body.append(section)
    return str(document)


def _say(text, language):
    return text.split(SEPARATOR)[LANGUAGES.index(language)]


def _read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def _tag(name, text, **attributes):
    tag = BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)
    tag.string = text
    return tag


def _article(page, name, language):
    """Take the text of one page: one language, all ids its own."""
    article = page.article.extract()
    others = [f".lang-{other}" for other in LANGUAGES if other != language]
    unprinted = [".lang-separator", ".headerlink", "script", "button", "form"]
    # On paper the ledger is a list of verdicts; the screen has the numbers.
    unprinted += [".ledger :is(fieldset, details)"]
    unprinted += [".bn-verdict details"]  # an open hint is none
    for part in article.select(", ".join([*others, *unprinted])):
        part.decompose()
    prefix = name.removesuffix(".html") + "--"
    for part in article.select("[id]"):
        part["id"] = prefix + part["id"]
    for link in article.select("a[href]"):
        link["href"] = _inner_link(link["href"], name)
    for image in article.select("img[loading]"):
        del image["loading"]
    for folded in article.select("details.folded"):
        folded.summary.decompose()
        folded.unwrap()
    for box in article.select("details.box:not(.box-solution), .bn-ruling details"):
        box.name, box.summary.name = "div", "p"
    article["id"] = prefix
    return article


def _inner_link(address, name):
    """Turn a link to a page of the book into one to its place in the document."""
    page, fragment = urldefrag(address)
    if re.match(r"[a-z]+:", page) or (page and not page.endswith(".html")):
        return address
    prefix = Path(page or name).name.removesuffix(".html") + "--"
    return f"#{prefix}{fragment}"


def _move_solutions(articles, see_end):
    """Put a link where each solution was; return them with their headings."""
    appendix = []
    for article in articles:
        for box in article.select("details.box-solution"):
            number = len(appendix) + 1
            box.replace_with(
                link := _tag("a", f"{see_end} ({number})", href=f"#paper-solution-{number}")
            )
            link["class"] = "to-solution"
            heading = link.find_previous(["h3", "h2"])
            box.name = "section"
            box["id"] = f"paper-solution-{number}"
            box.summary.replace_with(_tag("h2", heading.get_text()))
            appendix.append(box)
    return appendix


def _contents(title, chapters):
    """Make a list of links to chapters and their sections."""
    nav = _tag("nav", "")
    nav.append(_tag("h1", title))
    for chapter in chapters:
        nav.append(entry := _tag("p", ""))
        entry.append(_tag("a", chapter.h1.get_text(), href=f"#{chapter['id']}"))
        nav.append(sections := _tag("ol", ""))
        for heading in chapter.select("h2"):
            sections.append(item := _tag("li", ""))
            place = heading.find_parent("section")["id"]
            item.append(_tag("a", heading.get_text(), href=f"#{place}"))
    return nav


if __name__ == "__main__":
    build = ROOT / "_build"
    for tongue in LANGUAGES:
        print(make_paper(build / "html", build / "pdf", tongue).relative_to(build.parent))
