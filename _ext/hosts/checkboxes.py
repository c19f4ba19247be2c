"""Task lists: a sign that is read aloud, in place of a box without a name."""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

CHECKBOX = re.compile(r'<input class="task-list-item-checkbox"([^>]*)>')
OPEN, DONE = "☐", "☑"


def setup(app):
    """Register the transform."""
    app.add_transform(Checkboxes)


class Checkboxes(SphinxTransform):
    """Replace the ``input`` elements that MyST writes for ``- [ ]``."""

    default_priority = 400

    def apply(self, **kwargs):
        """Put the signs in their place."""
        for raw in list(self.document.findall(nodes.raw)):
            if match := CHECKBOX.fullmatch(raw.astext()):
                raw.replace_self(nodes.Text(DONE if "checked=" in match[1] else OPEN))
