"""Code that waits behind a button: valid markup, named by the word that is seen."""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode


def setup(app):
    """Replace MyST-NB's markup."""
    app.setup_extension("myst_nb")  # which registers its own
    app.add_node(HideCodeCellNode, html=(_visit, _depart), override=True)


def _visit(self, node):
    prompt = escape(node["prompt_show"])
    self.body.append(f'<details class="folded">\n<summary>{prompt}</summary>\n')


def _depart(self, node):
    self.body.append("</details>\n")
