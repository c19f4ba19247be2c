"""The map of the course: a directive that lists chapters, with their times.

Each line of its content is one chapter: ``file | title | question``, title and question
in all languages, the file without its suffix. What the table of contents lists is linked
and shows its own title, also if it has no line here; the others are announced.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from bilingual.languages import read_languages, spans

from .minutes import in_words, lengths


class ChapterMap(nodes.General, nodes.Element):
    """The map; ``chapters`` holds title and question by document."""


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
        chapters = {}
        for line in filter(None, self.content):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3:
                raise self.error(f"chapter-map: expected file | title | question: {line}")
            name, title, question = parts
            chapters[self.env.relfn2path(name)[0]] = title, question
        return [ChapterMap(chapters=chapters)]


def _visit(self, node):
    toc = self.builder.env.toctree_includes.get(self.builder.config.root_doc, [])
    # An appendix has no number, and no place on the map.
    listed = [document for document in toc if document.rpartition("/")[2][:1].isdigit()]
    chapters = dict.fromkeys([*node["chapters"], *listed], ("", "")) | node["chapters"]
    rows = (_row(self.builder, document, *said) for document, said in chapters.items())
    self.body.append(f'<ol class="chapter-map">{"".join(rows)}</ol>')
    raise nodes.SkipNode


def _row(builder, document, title, question):
    languages = read_languages(builder.config)
    practice = 0
    title, time = spans(title, languages), spans("ban raha hai · in the making", languages)
    ready = document in builder.env.found_docs
    if ready:
        link = builder.get_relative_uri(builder.current_docname, document)
        own = builder.render_partial(builder.env.titles[document])["title"]
        title = f'<a href="{link}">{own}</a>'
        known = lengths(builder.env).get(document)
        time = in_words(known.whole, builder.config) if known else ""
        practice = known.whole.exercises if known else 0
    number, _, name = document.rpartition("/")[2].partition("_")
    number = number.lstrip("0")
    of = f' data-chapter="{name}" data-exercises="{practice}"' if practice else ""
    return (
        f'<li class="{"ready" if ready else "later"}"{of}>'
        f'<span class="number">{number}</span><div>'
        f'<p class="title">{title} <span class="time">{time}</span></p>'
        f"<p>{spans(question, languages)}</p></div></li>"
    )
