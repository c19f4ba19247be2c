"""A Sphinx extension for a book that stands in several languages at once.

Cells are tagged with their language, titles hold all languages split by `` · ``,
and a switch in the page's header shows one language or all of them. Without
scripts everything is shown. Nothing here knows which languages a book has: they
come from the configuration.

Configuration values
--------------------
bilingual_languages : list of dict
    One entry a language, in reading order: ``tag`` (the cell tag), ``code``
    (BCP 47) and ``label`` (what the switch says). A first-time reader gets the first.
bilingual_legend, bilingual_both : str
    The switch's name for screen readers, and the label of "all languages".
bilingual_boxes : dict
    Cell tag to the title of the box that it draws.
bilingual_collapsed : list of str
    The boxes that start closed.
"""

from pathlib import Path

from . import boxes, cells, page, titles
from .languages import read_languages

HERE = Path(__file__).parent


def setup(app):
    """Register the extension."""
    app.add_config_value("bilingual_languages", [], "env", [list])
    app.add_config_value("bilingual_legend", "Language", "env", [str])
    app.add_config_value("bilingual_both", "Both", "env", [str])
    app.add_config_value("bilingual_boxes", {}, "env", [dict])
    app.add_config_value("bilingual_collapsed", [], "env", [list])
    app.connect("config-inited", _configure, priority=100)
    cells.setup(app)
    boxes.setup(app)
    titles.setup(app)
    page.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _configure(app, config):
    read_languages(config)  # fails early, with a message, on a bad configuration
    config.html_static_path.append(str(HERE / "static"))
    config.templates_path.append(str(HERE / "templates"))
