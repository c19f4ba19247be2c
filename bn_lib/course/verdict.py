"""What a check tells the learner, as text and as a small box of HTML."""

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

    @property
    def mistake(self):
        """The first of the mistakes, or None."""
        return self.mistakes[0] if self.mistakes else None

    def __repr__(self):
        mark, hinglish, english, _ = self._look()
        return (
            f"{mark} {self.exercise}: {hinglish} {self.messages['hinglish']}\n"
            f"  {self.exercise}: {english} {self.messages['english']}"
        )

    def _repr_html_(self):
        mark, hinglish, english, edge = self._look()
        return (
            f'<div class="bn-verdict" style="{_BOX.format(edge=edge)}">'
            + self._paragraph("hinglish", "hi-Latn", mark, hinglish)
            + self._paragraph("english", "en", mark, english)
            + "</div>"
        )

    def _look(self):
        if not self.attempted:
            return _LOOKS["open"]
        return _LOOKS["passed" if self.passed else "failed"]

    def _paragraph(self, language, code, mark, word):
        return (
            f'<p class="lang-{language}" lang="{code}" style="{_PARAGRAPH}">'
            f'<strong><span aria-hidden="true">{mark}</span> '
            f"{escape(self.exercise)}: {word}</strong> "
            f"{escape(self.messages[language])}</p>"
        )
