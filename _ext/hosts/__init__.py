"""What JupyterLab or GitHub show of a notebook, and the book would not, stops the build.

Each cell is read before the book is made of it: `markdown` looks at what is written,
`outputs` at what was computed, and `attachments` gives pictures inside a notebook a place.
A trouble is a warning that tells page, cell and what to write instead.
"""

import nbformat
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.mdit import create_md_parser
from sphinx.util import logging

from . import attachments, checkboxes, markdown, outputs

logger = logging.getLogger(__name__)


def setup(app):
    """Read every page before it is parsed."""
    app.connect("source-read", _read)
    checkboxes.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _read(app, docname, content):
    # The book's own parser with its settings; escapes stay told from what they escape.
    parser = create_md_parser(app.env.myst_config, RendererHTML).disable("text_join")
    if not app.env.doc2path(docname).endswith(".ipynb"):
        _tell(docname, "", markdown.troubles(parser, content[0]))
        return
    notebook = nbformat.v4.reads(content[0])
    for cell in notebook.cells:
        place = f"cell {cell.get('id', 'without an id')} ({cell.source[:40]!r}): "
        _tell(docname, place, attachments.place(app, docname, cell))
        _tell(docname, place, _troubles(parser, cell))
        parser.disable("front_matter")  # which only the first cell can hold
    if any("attachments" in cell for cell in notebook.cells):
        content[0] = nbformat.v4.writes(notebook)


def _troubles(parser, cell):
    if cell.cell_type == "raw":
        yield "a raw cell is not shown: make it Markdown or code"
    if cell.cell_type == "markdown":
        yield from markdown.troubles(parser, cell.source, plain=True)
    if cell.cell_type == "code":
        yield from outputs.troubles(parser, cell.outputs)


def _tell(docname, place, troubles):
    for trouble in troubles:
        logger.warning("%s%s", place, trouble, location=docname, type="hosts")
