"""A reader who works on the pages of a book with Python in it."""

import json
from dataclasses import dataclass

from tests.browser.reader import Visit
from tools import book

HANG = "while True:\n    pass"


def cells(page, tag):
    """Return the code of a chapter's cells with this tag."""
    notebook = json.loads(book.source(page).read_text("utf-8"))
    return [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and tag in cell["metadata"].get("tags", [])
    ]


class Reader(Visit):
    """A reader at one page, who opens the editor of a cell."""

    def open(self, address):
        super().open(address)
        # The first scroll lays out the whole page: a click must not fall into that.
        self.page.evaluate("document.documentElement.classList.remove('in-parts')")
        return self

    def cell(self, number=0, tag="exercise"):
        """Open the editor of a cell by its button; it runs at once."""
        place = self.page.locator(f"article .cell.tag_{tag}").nth(number)
        place.evaluate("e => e.closest('details')?.setAttribute('open', '')")
        place.locator(".live-offer button").click()
        cell = Cell(self.page, place)
        cell.wait()
        return cell


@dataclass
class Cell:
    """One cell whose editor is open: one writes code, runs it, reads what is said."""

    page: object
    place: object

    def wait(self, seconds=60):
        """Wait until nothing runs here."""
        self.place.locator(".live:not(.busy)").wait_for(timeout=1000 * seconds)
        return self

    def run(self, code=None):
        """Write code, if any, and run it with the keys."""
        area = self.place.locator("textarea")
        if code is not None:
            area.fill(code)
        area.press("Control+Enter")
        return self.wait()

    def hang(self):
        """Run a loop that never ends, and wait until it runs."""
        area = self.place.locator("textarea")
        area.fill(HANG)
        area.press("Control+Enter")
        self.place.get_by_text("Running…").wait_for()
        return self

    def click(self, name):
        self.place.locator(f"[data-does={name}]").click()
        return self

    def text(self, part):
        return self.place.locator(f".live-{part}").inner_text().strip()

    @property
    def code(self):
        return self.place.locator("textarea").input_value()

    @property
    def verdict(self):
        """What check says, in the language that is shown."""
        said = self.place.locator(".bn-verdict [role=status]")
        return " ".join(said.inner_text().split())
