"""The role ``minutes``: a number that is measured, where a writer would have to guess.

``{minutes}`sections``` in a list item is the time to read the sections that the item links
to, ``{minutes}`sections + 5``` five minutes more; ``{minutes}`reading``` and
``{minutes}`exercises``` are the times of all chapters.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from .minutes import Length, Lengths, lengths

logger = logging.getLogger(__name__)
ASKED = re.compile(r"(sections|reading|exercises)(?: \+ (\d+))?")


class Minutes(nodes.Inline, nodes.TextElement):
    """Stands for the number until all pages were read."""


class MinutesRole(SphinxRole):
    """``{minutes}`...```: see the module."""

    def run(self):
        """Return the node."""
        self.env.note_reread()  # the times are those of other pages
        asked = ASKED.fullmatch(self.text)
        if not asked:
            message = "minutes: expected sections, reading or exercises, got %r"
            logger.warning(message, self.text, location=self.get_location())
            return [], []
        return [Minutes(what=asked[1], more=int(asked[2] or 0))], []


class WriteMinutes(SphinxPostTransform):
    """Put the numbers in place while links still know the names of sections."""

    default_priority = 5

    def run(self, **kwargs):
        """Rewrite the nodes in place."""
        for node in list(self.document.findall(Minutes)):
            parts = self._linked(node) if node["what"] == "sections" else self._all()
            length = sum(parts, Length())
            minutes = length.practice if node["what"] == "exercises" else length.reading
            node.replace_self(nodes.Text(str(minutes + node["more"])))

    def _all(self):
        return [page.whole for page in lengths(self.env).values()]

    def _linked(self, node):
        item = node
        while not isinstance(item, nodes.list_item | nodes.document):
            item = item.parent
        parts = []
        for link in item.findall(pending_xref):
            page, section = link.get("reftarget"), link.get("reftargetid")
            known = lengths(self.env).get(page, Lengths()).sections
            if section not in known:
                message = "minutes: there is no section %s in %s"
                logger.warning(message, section, page, location=link)
            parts.append(known.get(section, Length()))
        if not parts:
            logger.warning("minutes: no section is linked here", location=node)
        return parts


def setup(app):
    """Register the role and what resolves it."""
    app.add_node(Minutes)
    app.add_role("minutes", MinutesRole())
    app.add_post_transform(WriteMinutes)
