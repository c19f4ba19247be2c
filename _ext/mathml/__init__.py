"""Math as MathML, made when the book is built: no script, no download, read aloud.

The font beside it is cut from STIX Two Math (SIL Open Font License) by `tools.font`.
"""

from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from .latex import NUMBER, to_mathml

logger = logging.getLogger(__name__)


def setup(app):
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.add_transform(SplitParagraphs)
    app.connect("config-inited", _add_static, priority=100)
    app.add_css_file("mathml.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class SplitParagraphs(SphinxTransform):
    """End a paragraph before a formula of its own line, which HTML wants beside it."""

    default_priority = 400

    def apply(self, **kwargs):
        """Put the formulas between the parts of their paragraphs."""
        blocks = list(self.document.findall(nodes.math_block))
        for paragraph in {id(block.parent): block.parent for block in blocks}.values():
            if isinstance(paragraph, nodes.paragraph):
                paragraph.replace_self(list(_split(paragraph)))
            elif isinstance(paragraph, nodes.TextElement):
                text = " ".join(paragraph.astext().split())
                logger.warning("no room for $$ here, write $: %s", text, location=paragraph)


def _split(paragraph):
    part = paragraph.copy()
    for child in [*paragraph.children, None]:
        if child is not None and not isinstance(child, nodes.math_block):
            part += child
            continue
        if part.astext().strip():
            yield part
        part = nodes.paragraph()
        part.source, part.line = paragraph.source, paragraph.line
        if child is not None:
            yield child


def _add_static(app, config):
    config.html_static_path.append(str(Path(__file__).parent / "static"))


def _convert(node, display):
    latex = " ".join(node.astext().split())
    try:
        if node.get("label"):  # Sphinx would number it, and each language's on its own
            raise ValueError(f"a label or a number of Sphinx's: write $$, and {NUMBER}")
        return to_mathml(latex, display)
    except ValueError as error:
        logger.warning("math not understood: %s (%s)", latex, error, location=node)
        return f"<code>{escape(latex)}</code>"


def _visit_inline(self, node):
    self.body.append(_convert(node, display=False))
    raise nodes.SkipNode


def _visit_block(self, node):
    # A long formula scrolls inside its own box, which the keyboard must reach.
    attributes = {"tabindex": "0", "role": "group", "aria-label": "formula"}
    self.body.append(self.starttag(node, "div", CLASS="math-block", **attributes))
    self.body.append(_convert(node, display=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode
