"""Math as MathML, made when the book is built: no script, no download, read aloud.

The font beside it is STIX Two Math 5.3.0 (npm ``@fontsource/stix-two-math``, SIL Open
Font License), cut by ``pyftsubset`` to Latin, Greek, the math alphabets and the usual
operators; the OpenType ``MATH`` table, which stretches brackets and roots, is kept.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


def setup(app):
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("config-inited", _add_static, priority=100)
    app.add_css_file("mathml.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def to_mathml(latex, display):
    """Return MathML markup; the LaTeX stays with it as ``alttext``.

    Raises
    ------
    ValueError
        If a command is left over that the converter does not know.
    """
    # latex2mathml knows align*, Jupyter's own renderer wants aligned inside $$.
    source = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", latex)
    markup = convert(source, display="block" if display else "inline")
    markup = re.sub(r'<mn mathvariant="bold">(\d+)<', _bold_digits, markup)
    # A root over a low letter would hang below the line: a strut lifts it.
    strut = '<mspace width="0" height="0.68em" depth="0.06em"/>'
    markup = markup.replace("<msqrt><mrow>", f"<msqrt><mrow>{strut}")
    markup = markup.replace("<mo>&#x0002F;<", '<mo lspace="0" rspace="0">&#x0002F;<')
    left_over = re.search(r">(\\[A-Za-z]+|&amp;|&)<|mathvariant=\"[^\"]*\"", markup)
    if left_over:
        raise ValueError(f"not to be shown in MathML: {left_over[0]}")
    return markup.replace(
        "<math ", f'<math alttext="{escape(" ".join(latex.split()))}" ', 1
    )


def _bold_digits(match):
    # Browsers ignore mathvariant; Unicode has the bold digits themselves.
    digits = "".join(chr(0x1D7CE + int(digit)) for digit in match[1])
    return f"<mn>{digits}<"


def _add_static(app, config):
    config.html_static_path.append(str(Path(__file__).parent / "static"))


def _convert(node, display):
    try:
        return to_mathml(node.astext(), display)
    except Exception as error:
        logger.warning("math not understood: %s (%s)", node.astext(), error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def _visit_inline(self, node):
    self.body.append(_convert(node, display=False))
    raise nodes.SkipNode


def _visit_block(self, node):
    # A long formula scrolls inside its own box, which the keyboard must reach.
    attributes = {"tabindex": "0", "role": "group", "aria-label": "formula"}
    self.body.append(self.starttag(node, "div", CLASS="math-block", **attributes))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append(_convert(node, display=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode
