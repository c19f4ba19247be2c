"""The page of the ledger: every claim of the book, and what was measured of it.

The words are those of ``claims.toml`` in the folder of each chapter; the numbers and the
answers are those that ``make claims`` wrote last. A chapter tells a claim in a box that
`bn_lib.course.ruling` makes; the page links to the section of that box, and the box to
the page.
"""

from pathlib import Path

from . import page, told

HERE = Path(__file__).parent


def setup(app):
    """Register the directive, and the links between boxes and page."""
    app.connect("config-inited", _configure)
    app.add_css_file("ledger.css")
    told.setup(app)
    page.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _configure(app, config):
    config.html_static_path.append(str(HERE / "static"))
