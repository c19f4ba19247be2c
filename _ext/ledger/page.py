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

CHAPTERS = Path("bn_lib/chapters")
# What `make claims` says -> its mark, and the words of both languages.
VERDICTS = {
    "holds": ("✔", "sahi nikla · it holds"),
    "depends": ("◐", "depend karta hai · it depends"),
    "does not hold": ("✘", "sahi nahi nikla · it does not hold"),
    "unclear": ("○", "saaf nahi · unclear"),
    "identity": ("✔", "algebra se sahi · true by algebra"),
    "law": ("✔", "formula sahi nikla · the formula holds"),
}
ANSWERS = {"yes": "✔", "no": "✘", "unclear": "○"}
ALL = "sab · all"


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
        for path in [*_words(self.env), _numbers(self.env)]:
            self.env.note_dependency(str(path))
        return [Ledger()]


def _words(env):
    return sorted((Path(env.srcdir) / CHAPTERS).glob("*/claims.toml"))


def _numbers(env):
    return Path(env.srcdir) / CHAPTERS / "measured.json"


def _visit(self, node):
    env = self.builder.env
    numbers = json.loads(_numbers(env).read_text("utf-8"))
    said = {
        f"{path.parent.name}.{short}": words
        for path in _words(env)
        for short, words in tomllib.loads(path.read_text("utf-8")).items()
    }
    chapters = _in_order(env, {name.partition(".")[0] for name in said})
    claims = sorted(said, key=lambda name: list(chapters).index(name.partition(".")[0]))
    languages = read_languages(self.builder.config)

    def both(text):
        return spans(text, languages)

    given = {found["verdict"] for found in numbers.values()}
    used = [verdict for verdict in VERDICTS if verdict in given]
    marks = {_name(v): f"{VERDICTS[v][0]} {both(VERDICTS[v][1])}" for v in used}
    parts = [
        _choice("chapter", "Chapter · Chapter", chapters, both),
        _choice("verdict", "Faisla · Verdict", marks, both),
        f"<style>{_rules(chapters, used)}</style>",
        *(
            _claim(name, said[name], numbers[name], _place(self.builder, name), languages)
            for name in claims
        ),
    ]
    self.body.append(f'<div class="ledger">{"".join(parts)}</div>')
    raise nodes.SkipNode


def _in_order(env, names):
    """Return the folders of chapters in the order of the book, with their names."""
    listed = env.toctree_includes.get(env.config.root_doc, [])
    order = {document.rpartition("_")[2]: document for document in listed}
    known = {name: name for name in order if name in names}
    return known | {name: name for name in sorted(names) if name not in known}


def _name(verdict):
    return verdict.replace(" ", "-")


def _choice(group, legend, options, both):
    buttons = "".join(
        f'<label><input type="radio" name="{group}" id="{group}-{value}"'
        f"{' checked' if value == 'all' else ''}> {text}</label>"
        for value, text in {"all": both(ALL), **options}.items()
    )
    return f"<fieldset><legend>{both(legend)}</legend>{buttons}</fieldset>"


def _rules(chapters, verdicts):
    """Hide what was not chosen."""
    groups = {"chapter": chapters, "verdict": map(_name, verdicts)}
    return "".join(
        f".ledger:has(#{group}-{value}:checked) .claim:not(.{value}){{display:none}}"
        for group, values in groups.items()
        for value in values
    )


def _place(builder, name):
    """Return the link to the section that tells a claim first, or None."""
    env = builder.env
    listed = env.toctree_includes.get(env.config.root_doc, [])
    for document in listed:
        if name in told(env).get(document, {}):
            section = told(env)[document][name]
            title = builder.render_partial(env.titles[document])["title"]
            page = builder.get_relative_uri(builder.current_docname, document)
            return page, section, title
    return None


def _claim(name, words, found, place, languages):
    def both(text):
        return spans(text, languages)

    mark, verdict = VERDICTS[found["verdict"]]
    chapter = name.partition(".")[0]
    where = both("chapter abhi ban raha hai · its chapter is in the making")
    if place:
        page, section, title = place
        where = f'<a href="{page}#{section}">{title}</a>'
    rows = "".join(
        f"<tr><th scope=row>{escape(regime)}</th><td>{ANSWERS[one['answer']]}</td>"
        f"<td>{_effect(*one['effect'])}</td></tr>"
        for regime, one in found["regimes"].items()
    )
    formula = f"<p>{escape(words['formula'])}</p>" if "formula" in words else ""
    notes = "".join(
        f'<p class="lang-{one.tag}" lang="{one.code}">{escape(note)}</p>'
        for one in languages
        if (note := words.get(f"note_{one.tag}"))
    )
    statement = spans_of((one, words[one.tag]) for one in languages)
    return (
        f'<article class="claim {chapter} {_name(found["verdict"])}" id="{name}">'
        f"<p class=statement>{statement}</p>"
        f"<p class=verdict><strong>{mark} {both(verdict)}</strong> {where}</p>"
        f"<details><summary>{both('Kaise measure hua · How it was measured')}</summary>"
        f'<p lang="en">{escape(words["effect"])}; yes if {escape(found["bound"])}, '
        f"{found['seeds']} seeds.</p>{formula}<table><tbody>{rows}</tbody></table>{notes}"
        f'<p lang="en">{escape(words["source"])}</p>'
        f"<p><code>{name}</code>, <code>make claims CHAPTER={chapter}</code>"
        "</p></details></article>"
    )


def _effect(least, mean, greatest):
    return f"{mean:.3g} ({least:.3g} to {greatest:.3g})".replace("-", "−")
