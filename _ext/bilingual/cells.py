"""Give each tagged Markdown cell a container that carries language and box.

MyST-NB drops the tags of Markdown cells, but its tokens still hold them, so the
renderer's method is wrapped. The method is internal: a test counts the
containers in the built page, so that an update which renames it is noticed.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.sphinx_ import SphinxNbRenderer
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .languages import read_languages

logger = logging.getLogger(__name__)


def setup(app):
    """Wrap the renderer and register the directive for plain Markdown pages."""
    original = SphinxNbRenderer.render_nb_cell_markdown
    if not hasattr(original, "bilingual"):
        SphinxNbRenderer.render_nb_cell_markdown = _with_container(original)
    app.add_directive("lang", LangDirective)


def cell_container(config, tags):
    """Return the container that a cell with these tags gets, or None."""
    language = next((x for x in read_languages(config) if x.tag in tags), None)
    box = next((tag for tag in tags if tag in config.bilingual_boxes), None)
    if language is None and box is None:
        return None
    container = nodes.container(classes=["lang-cell"] if language else [])
    if language:
        container["classes"] += language.classes
        container["language"] = language.tag
    if box:
        container["box"] = box
    return container


def _with_container(original):
    def render_nb_cell_markdown(self, token):
        tags = token.meta["metadata"].get("tags", [])
        container = cell_container(self.sphinx_env.config, tags)
        if container is None:
            return original(self, token)
        if any(child.type == "heading" for child in token.children):
            logger.warning(
                "a heading stands inside a cell tagged %s: move it to a cell of its own",
                ", ".join(tags),
                location=(self.sphinx_env.docname, token.map[0] if token.map else 0),
            )
        self.add_line_and_source_path(container, token)
        with self.current_node_context(container, append=True):
            return original(self, token)

    render_nb_cell_markdown.bilingual = True
    return render_nb_cell_markdown


class LangDirective(SphinxDirective):
    """``:::{lang} TAG [BOX]`` does in a Markdown page what tags do in a notebook."""

    has_content = True
    required_arguments = 1
    optional_arguments = 1
    final_argument_whitespace = False
    option_spec = {"class": directives.class_option}  # noqa: RUF012 (docutils' own shape)

    def run(self):
        """Return the container with the parsed content."""
        container = cell_container(self.config, self.arguments)
        if container is None:
            known = [language.tag for language in read_languages(self.config)]
            raise self.error(f"lang: expected one of {known}, got {self.arguments[0]!r}")
        container["classes"] += self.options.get("class", [])
        self.state.nested_parse(self.content, self.content_offset, container)
        return [container]
