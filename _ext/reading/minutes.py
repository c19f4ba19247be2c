"""How long a notebook takes: its reading, section by section, and its exercises apart.

Counted is what a reader of one language meets on the way: words, and code and figures
to look at. What stands in a closed box or in an exercise is not on the way, nor is code
that waits behind a button.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from bilingual.languages import read_languages, spans

# Technical prose at a slow reader's pace, perhaps in a second language.
WORDS_A_MINUTE = 100
MINUTES_A_LOOK = 0.5  # at a code cell or a figure
# Slow readers needed nearly an hour for six exercises, trying before looking.
MINUTES_AN_EXERCISE = 8
EXERCISE = "exercise"

NOT_PROSE = re.compile(r"\$\$.*?\$\$|```.*?```", re.S)
ONE_WORD = re.compile(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)")  # math, code, a link's address


@dataclass
class Length:
    """What a reader meets: words, looks at code and figures, and exercises."""

    words: int = 0
    looks: int = 0
    exercises: int = 0

    def __add__(self, other):
        return Length(
            self.words + other.words,
            self.looks + other.looks,
            self.exercises + other.exercises,
        )

    @property
    def reading(self):
        """Whole minutes of reading."""
        return round(self.words / WORDS_A_MINUTE + self.looks * MINUTES_A_LOOK)

    @property
    def practice(self):
        """Whole minutes of exercises."""
        return self.exercises * MINUTES_AN_EXERCISE


@dataclass
class Lengths:
    """The length of a page, and of each of its sections by the name that links use."""

    whole: Length = field(default_factory=Length)
    sections: dict = field(default_factory=dict)


def setup(app):
    """Register the hooks."""
    app.connect("doctree-read", _measure)
    app.connect("env-merge-info", _merge)
    app.connect("env-purge-doc", lambda app, env, name: lengths(env).pop(name, None))


def lengths(env):
    """Return the `Lengths` of each notebook by the name of its page."""
    if not hasattr(env, "reading"):
        env.reading = {}
    return env.reading


def _merge(app, env, docnames, other):
    known = lengths(other)
    lengths(env).update({name: known[name] for name in docnames if name in known})


def _measure(app, doctree):
    name = app.env.docname
    path = Path(app.env.doc2path(name))
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text("utf-8"))["cells"]
        headings = app.env.metadata[name].get("myst_slugs", ())
        lengths(app.env)[name] = measure(cells, app.config, headings)


def measure(cells, config, headings=()):
    """Measure the first language of a notebook.

    Parameters
    ----------
    cells : list of dict
        As in its file.
    config : sphinx.config.Config
        Knows the languages, and which boxes are closed.
    headings : iterable of str
        The names that links use for its headings, from the first on.

    Returns
    -------
    Lengths
    """
    others = {language.tag for language in read_languages(config)[1:]}
    apart = {EXERCISE, *config.bilingual_collapsed, *others}
    heading = re.compile(rf"^#{{1,{config.myst_heading_anchors}}} ", re.M)
    found, headings, section, before = Lengths(), iter(headings), "", set()
    for cell in cells:
        tags = _tags(cell)
        length = Length(exercises=EXERCISE in tags and EXERCISE not in before)
        if not tags & apart:
            length += _length(cell)
        if cell["cell_type"] == "markdown":
            for _ in heading.findall(NOT_PROSE.sub(" ", _source(cell))):
                section = next(headings, section)
        found.sections[section] = found.sections.get(section, Length()) + length
        found.whole += length
        before = tags
    return found


def _length(cell):
    if cell["cell_type"] == "markdown":
        text = NOT_PROSE.sub(" ", _source(cell))
        return Length(words=len(ONE_WORD.sub(" x ", text).split()))
    figure = any("image/png" in out.get("data", {}) for out in cell.get("outputs", []))
    return Length(looks=("hide-input" not in _tags(cell)) + figure)


def _source(cell):
    return "".join(cell["source"])


def _tags(cell):
    return set(cell["metadata"].get("tags", []))


def in_words(length, config):
    """Say how long something takes, in all languages."""
    times = f"{length.reading} min"
    if not length.exercises:
        text = f"Padhne mein lagbhag {times} · About {times} to read"
    else:
        what = f"{length.exercises} exercise{'s' if length.exercises > 1 else ''}"
        practice = f"{length.practice} min"
        text = (
            f"Padhne mein lagbhag {times}, {what} ke liye {practice}"
            f" · About {times} to read, {practice} for {what}"
        )
    return spans(text, read_languages(config))
