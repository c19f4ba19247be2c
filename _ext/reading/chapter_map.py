"""The map of the course: a directive that lists chapters, with their time to read.

Each line of its content is one chapter: ``page | title | question``, title and question
in all languages. A chapter without a page yet is announced, not linked.
"""

from bilingual.languages import read_languages
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .page import measurements, spans


class ChapterMap(nodes.General, nodes.Element):
    """The map; ``chapters`` holds (number, document or None, title, question)."""


def setup(app):
    """Register the directive and its node."""
    app.add_directive("chapter-map", ChapterMapDirective)
    app.add_node(ChapterMap, html=(_visit, None))


class ChapterMapDirective(SphinxDirective):
    """``:::{chapter-map}``: see the module."""

    has_content = True

    def run(self):
        """Return the node; times are known only when all pages were read."""
        self.env.note_reread()  # the times are those of other pages
        chapters = []
        for number, line in enumerate(filter(None, self.content), start=1):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3:
                raise self.error(f"chapter-map: expected page | title | question: {line}")
            page, title, question = parts
            document = self.env.relfn2path(page)[0].rsplit(".", 1)[0] if page else None
            chapters.append((number, document, title, question))
        return [ChapterMap(chapters=chapters)]


def _visit(self, node):
    rows = "".join(_row(self.builder, *chapter) for chapter in node["chapters"])
    self.body.append(f'<ol class="chapter-map">{rows}</ol>')
    raise nodes.SkipNode


def _row(builder, number, document, title, question):
    languages = read_languages(builder.config)
    title, question = spans(title, languages), spans(question, languages)
    measured = measurements(builder.env).get(document)
    if measured:
        link = builder.get_relative_uri(builder.current_docname, document)
        title = f'<a href="{link}">{title}</a>'
        time = f"{measured['minutes']} min, {measured['exercises']} exercises"
    else:
        time = spans("ban raha hai · in the making", languages)
    return (
        f'<li class="{"ready" if measured else "later"}">'
        f'<span class="number">{number}</span><div>'
        f'<p class="title">{title} <span class="time">{time}</span></p>'
        f"<p>{question}</p></div></li>"
    )
