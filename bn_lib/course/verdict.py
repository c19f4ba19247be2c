"""What a check tells the learner, as text and as a small box of HTML."""

import re
from dataclasses import dataclass, field
from html import escape

__all__ = ["Verdict"]

# status -> mark, Hinglish word, English word, colour of the edge. The edge shows on
# white and on near-black pages, and blue beside orange survives colour blindness.
_LOOKS = {
    "passed": ("✔", "Sahi hai.", "Correct.", "#0f7bb8"),
    "failed": ("✘", "Abhi sahi nahi.", "Not right yet.", "#c2540a"),
    "open": ("○", "Abhi baaki hai.", "Still open.", "#737980"),
}

# Text and ground are the host's, light or dark; a grey this thin tints both.
_BOX = (
    "background:rgba(128,128,128,.1);border:1px solid {edge};"
    "border-left-width:6px;border-radius:4px;padding:.5em .8em;margin:.5em 0;"
    "max-width:46em;line-height:1.5;overflow-wrap:anywhere"
)
_PARAGRAPH = "margin:.25em 0"
_LANGUAGES = {"hinglish": "hi-Latn", "english": "en"}


@dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of one check.

    Attributes
    ----------
    exercise : str
        Id of the exercise, such as ``"math.forward"``.
    passed : bool
        Whether the answer is right.
    attempted : bool
        False while the answer is a stub.
    mistakes : tuple of str
        Short ids of the mistakes found; ``"unknown"`` stands for values that are
        wrong in a way that the check does not recognise. Empty when it passed or is
        still open.
    messages : dict of str to str
        One line under ``"hinglish"`` and one under ``"english"``.
    inputs : dict
        Inputs that the answer fails on, by the names of its own arguments:
        ``my_function(**verdict.inputs)``, or ``MyClass(**verdict.inputs)``.
    steps : dict
        For a class, what was then done with its object.
    printed : str
        What the answer printed while it was checked.
    hints : dict of str to tuple of str
        What helps, step by step, in each language; `code` stands in backticks.

    Notes
    -----
    Jupyter shows the HTML form, with both languages; a page that lets its reader
    choose hides the class ``lang-hinglish`` or ``lang-english``.

    Examples
    --------
    >>> messages = {"hinglish": "Wah!", "english": "Well done!"}
    >>> Verdict("backward.two", passed=True, attempted=True, messages=messages)
    ✔ backward.two: Sahi hai. Wah!
      backward.two: Correct. Well done!
    """

    exercise: str
    passed: bool
    attempted: bool
    mistakes: tuple[str, ...] = ()
    messages: dict[str, str] = field(default_factory=dict, hash=False)
    inputs: dict = field(default_factory=dict, hash=False, compare=False)
    steps: dict = field(default_factory=dict, hash=False, compare=False)
    printed: str = ""
    hints: dict = field(default_factory=dict, hash=False, compare=False)

    @property
    def mistake(self):
        """The first of the mistakes, or None."""
        return self.mistakes[0] if self.mistakes else None

    @property
    def looks(self):
        """How it is shown: its mark, the colour of its edge, a word for each language."""
        outcome = "failed" if self.attempted else "open"
        mark, *words, edge = _LOOKS["passed" if self.passed else outcome]
        return mark, edge, dict(zip(_LANGUAGES, words, strict=True))

    def __repr__(self):
        mark, _, words = self.looks
        said = [
            f"{self.exercise}: {word} {self.messages[language]}"
            for language, word in words.items()
        ]
        return f"{mark} " + "\n  ".join(said)

    def _repr_html_(self):
        mark, edge, words = self.looks
        said = [self._paragraph(language, mark, word) for language, word in words.items()]
        shown = "".join(said) + "".join(map(_hint, *self._hints()))
        return f'<div class="bn-verdict" style="{_BOX.format(edge=edge)}">{shown}</div>'

    def _paragraph(self, language, mark, word):
        return (
            f'<p class="lang-{language}" lang="{_LANGUAGES[language]}" '
            f'style="{_PARAGRAPH}">'
            f'<strong><span aria-hidden="true">{mark}</span> '
            f"{escape(self.exercise)}: {word}</strong> "
            f"{escape(self.messages[language])}</p>"
        )

    def _hints(self):
        """Return the numbers of the hints, and the hints of each language."""
        told = [self.hints.get(language, ()) for language in _LANGUAGES]
        return [range(1, 1 + len(told[0])), *told]


def _hint(number, *texts):
    """Return one hint, closed until it is asked for."""
    said = [
        f'<p class="lang-{language}" lang="{code}" style="{_PARAGRAPH}">'
        + re.sub("`(.+?)`", r"<code>\1</code>", escape(text))
        + "</p>"
        for (language, code), text in zip(_LANGUAGES.items(), texts, strict=True)
    ]
    return f"<details><summary>Hint {number}</summary>{''.join(said)}</details>"
