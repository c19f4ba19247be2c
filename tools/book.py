"""What the book's own files say of it: its chapters, its languages, its boxes.

`_toc.yml` lists the chapters that stand, the map in `chapters/index.md` announces the
others, and nothing else lists chapters. ``python -m tools.book`` tells README.
"""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
LANGUAGES = tuple(language["tag"] for language in CONFIG["bilingual_languages"])
SEPARATOR = " · "
STATEMENT = re.compile(r"(?<=<!-- chapters -->\n).*(?=\n<!-- /chapters -->)", re.S)


def pages():
    """Return the pages that _toc.yml lists, without suffix, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [toc, *toc.get("parts", [])]
    chapters = [entry for part in parts for entry in part.get("chapters", [])]
    sections = [entry for chapter in chapters for entry in chapter.get("sections", [])]
    return [toc["root"], *(entry["file"] for entry in [*chapters, *sections])]


def chapters():
    """Return the pages that are chapters: their names begin with a number."""
    return [page for page in pages() if re.match(r"\d", Path(page).name)]


def source(page):
    """Return the file that a page is written in."""
    notebook = ROOT / f"{page}.ipynb"
    return notebook if notebook.exists() else notebook.with_suffix(".md")


def title(page):
    """Return the first heading of a page, in all languages."""
    path = source(page)
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        text = "".join(json.loads(text)["cells"][0]["source"])
    return re.search(r"^# (.+)", text, re.M)[1]


def announced():
    """Return the titles in the map of chapters, by file name without suffix."""
    index = (CHAPTERS / "index.md").read_text("utf-8")
    rows = re.search(r"^:::\{chapter-map\}\n(.*?)^:::$", index, re.M | re.S)[1]
    parts = [row.split("|") for row in rows.splitlines()]
    return {name.strip(): title.strip() for name, title, _ in parts}


def statement():
    """Say which chapters stand, and which are announced only."""
    ready = {Path(page).name: title(page) for page in chapters()}
    later = {name: text for name, text in announced().items() if name not in ready}
    lines = [f"- Ready to read: {_in_a_row(ready)}."]
    lines += [f"- In the making: {_in_a_row(later)}."] if later else []
    return "\n".join(lines)


def _in_a_row(titles):
    numbers = {name: name.partition("_")[0].lstrip("0") for name in titles}
    english = {name: text.split(SEPARATOR)[-1] for name, text in titles.items()}
    return ", ".join(f"{numbers[name]} *{english[name]}*" for name in titles)


def write_statement():
    """Put the statement into README."""
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    readme.write_text(STATEMENT.sub(lambda _: statement(), text), "utf-8")


if __name__ == "__main__":
    write_statement()
