"""Split titles at `` · `` into one inline a language.

This runs before Sphinx collects titles, so that the page, the sidebar, the page
contents and the previous/next links all follow the switch.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

from .languages import SEPARATOR, by_language, read_languages


def setup(app):
    """Register the transform."""
    app.add_transform(SplitTitles)


def split_title(config, text):
    """Return inlines for a title's languages; plain text when the parts do not match."""
    parts = by_language(text, read_languages(config))
    inlines = _join(nodes.inline("", part, classes=x.classes) for x, part in parts)
    return inlines or [nodes.Text(text)]


class SplitTitles(SphinxTransform):
    """Split every section title that holds as many parts as there are languages."""

    default_priority = 500

    def apply(self, **kwargs):
        """Rewrite the titles in place."""
        languages = read_languages(self.config)
        for title in self.document.findall(nodes.title):
            parts = _split_children(title.children)
            if len(parts) == len(languages):
                title.children = []
                title += _join(
                    nodes.inline("", "", *part, classes=language.classes)
                    for language, part in zip(languages, parts, strict=True)
                )


def _split_children(children):
    """Split a title's inline nodes (text, code, math) at the separator."""
    parts = [[]]
    for child in children:
        pieces = child.split(SEPARATOR) if isinstance(child, nodes.Text) else [child]
        for i, piece in enumerate(pieces):
            if i:
                parts.append([])
            if piece:
                node = nodes.Text(piece) if isinstance(child, nodes.Text) else piece
                parts[-1].append(node)
    return parts


def _join(inlines):
    joined = []
    for inline in inlines:
        if joined:
            joined.append(nodes.inline("", SEPARATOR, classes=["lang-separator"]))
        joined.append(inline)
    return joined
