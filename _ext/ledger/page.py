"""The directive that lists the claims, to be narrowed by chapter and verdict.

The choice is made of radio buttons and CSS, so that it works without scripts; where a
browser does not know ``:has``, all claims are shown.
"""

import json
import tomllib
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from bilingual.languages import read_languages, spans, spans_of

from .told import told

LIBRARY = Path("bn_lib")
NUMBERS = LIBRARY / "chapters" / "measured.json"
VERDICTS = LIBRARY / "course" / "verdicts.toml"


class Ledger(nodes.General, nodes.Element):
    """The claims; what they hold is read when the page is written."""


def setup(app):
    """Register the directive and its node."""
    app.add_directive("ledger", LedgerDirective)
    app.add_node(Ledger, html=(_visit, None))


class LedgerDirective(SphinxDirective):
    """``:::{ledger}``: see the module."""

    def run(self):
        """Return the node; where claims are told is known when all pages were read."""
        self.env.note_reread()
        root = Path(self.env.srcdir)
        for path in (root / NUMBERS, root / VERDICTS, *_claim_files(root)):
            self.env.note_dependency(str(path))
        return [Ledger()]


def _claim_files(root):
    return sorted((root / LIBRARY / "chapters").glob("*/claims.toml"))


def _visit(self, node):
    root = Path(self.builder.srcdir)
    numbers = json.loads((root / NUMBERS).read_text("utf-8"))
    verdicts = _read(root / VERDICTS)
    listed = self.builder.env.toctree_includes.get(self.builder.config.root_doc, [])
    said = {path.parent.name: _read(path) for path in _claim_files(root)}
    languages = read_languages(self.builder.config)
    # In the order of the book; then the chapters that are in the making.
    stand = [name.rpartition("_")[2] for name in listed]
    chapters = sorted(said, key=lambda name: (stand + sorted(said)).index(name))
    claims = [
        (chapter, f"{chapter}.{short}", words)
        for chapter in chapters
        for short, words in said[chapter].items()
    ]
    kinds = {(chapter, numbers[name]["verdict"]) for chapter, name, _ in claims}
    used = [name for name in verdicts["verdict"] if name in {kind for _, kind in kinds}]
    marks = {
        _id(name): f"{mark} {spans_of(zip(languages, words, strict=True))}"
        for name in used
        for mark, *words in [verdicts["verdict"][name]]
    }
    both = _Both(languages)
    parts = [
        both.choice("chapter", "Chapter · Chapter", {name: name for name in chapters}),
        both.choice("verdict", "Faisla · Verdict", marks),
        f'<p class="none">{both("Aisa koi claim nahi · There is no such claim")}</p>',
        f"<style>{_rules(chapters, used, kinds)}</style>",
    ]
    for chapter, name, words in claims:
        found = numbers[name]
        parts.append(
            f'<article class="claim {chapter} {_id(found["verdict"])}" id="{name}">'
            f"<p class=statement>{both.statement(words)}</p>"
            f"<p class=verdict><strong>{marks[_id(found['verdict'])]}</strong> "
            f"{_place(self.builder, name, both)}</p>"
            f"{both.measured(name, words, found, verdicts['answer'])}</article>"
        )
    self.body.append(f'<div class="ledger">{"".join(parts)}</div>')
    raise nodes.SkipNode


def _read(path):
    return tomllib.loads(path.read_text("utf-8"))


def _id(verdict):
    return verdict.replace(" ", "-")


def _rules(chapters, verdicts, kinds):
    """Hide what was not chosen; say so where nothing is left."""
    choices = [("chapter", name) for name in chapters]
    choices += [("verdict", _id(name)) for name in verdicts]
    hidden = "".join(
        f".ledger:has(#{group}-{name}:checked) .claim:not(.{name}){{display:none}}"
        for group, name in choices
    )
    empty = ",".join(
        f".ledger:has(#chapter-{chapter}:checked):has(#verdict-{_id(verdict)}:checked)"
        " .none"
        for chapter in chapters
        for verdict in verdicts
        if (chapter, verdict) not in kinds
    )
    return f".ledger .none{{display:none}}{hidden}{empty}{{display:block}}"


def _place(builder, name, both):
    """Return a link to the section that tells a claim first."""
    env = builder.env
    for document in env.toctree_includes.get(env.config.root_doc, []):
        section = told(env).get(document, {}).get(name)
        if section:
            page = builder.get_relative_uri(builder.current_docname, document)
            title = builder.render_partial(env.titles[document])["title"]
            return f'<a href="{page}#{section}">{title}</a>'
    return both("chapter abhi ban raha hai · its chapter is in the making")


class _Both:
    """Writes the parts of the page in all languages."""

    def __init__(self, languages):
        self.languages = languages

    def __call__(self, text):
        return spans(text, self.languages)

    def choice(self, group, legend, options):
        """Return radio buttons, the first of them for all."""
        buttons = "".join(
            f'<label><input type="radio" name="{group}" id="{group}-{value}"'
            f"{' checked' if value == 'all' else ''}> {text}</label>"
            for value, text in {"all": self("sab · all"), **options}.items()
        )
        return f"<fieldset><legend>{self(legend)}</legend>{buttons}</fieldset>"

    def statement(self, words):
        """Return the sentence that was claimed."""
        return spans_of((one, words[one.tag]) for one in self.languages)

    def measured(self, name, words, found, answers):
        """Return, folded, what was measured, who claimed it, and how to repeat it."""
        rows = "".join(
            f"<tr><th scope=row>{escape(regime)}</th><td>{answers[one['answer']][0]}</td>"
            f"<td>{_effect(*one['effect'])}</td></tr>"
            for regime, one in found["regimes"].items()
        )
        formula = f"<p>{escape(words['formula'])}</p>" if "formula" in words else ""
        notes = "".join(
            f'<p class="lang-{one.tag}" lang="{one.code}">{escape(note)}</p>'
            for one in self.languages
            if (note := words.get(f"note_{one.tag}"))
        )
        return (
            f"<details><summary>{self('Kaise measure hua · How it was measured')}</summary>"
            f'<p lang="en">{escape(words["effect"])}; yes if {escape(found["bound"])}, '
            f"{found['seeds']} seeds.</p>{formula}<table><tbody>{rows}</tbody></table>"
            f'{notes}<p lang="en">{escape(words["source"])}</p><p><code>{name}</code>, '
            f"<code>make claims CHAPTER={name.partition('.')[0]}</code></p></details>"
        )


def _effect(least, mean, greatest):
    return f"{mean:.3g} ({least:.3g} to {greatest:.3g})".replace("-", "−")
