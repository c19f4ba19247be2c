"""What the ledger says of a claim, as text and as a small box of HTML."""

import tomllib
from dataclasses import dataclass
from html import escape
from importlib import resources

from bn_lib.course.claim import Claim
from bn_lib.course.ledger import claims_of, measured
from bn_lib.course.widget import both_languages

__all__ = ["Ruling", "ruling"]

_WORDS = tomllib.loads(
    resources.files(__package__).joinpath("verdicts.toml").read_text("utf-8")
)
# Verdict -> its mark, and its words in both languages; answer -> both in one.
_VERDICTS = {
    name: (mark, "{{" + " · ".join(words) + "}}")
    for name, (mark, *words) in _WORDS["verdict"].items()
}
_ANSWERS = {
    name: f"{mark} {{{{{' · '.join(words)}}}}}"
    for name, (mark, *words) in _WORDS["answer"].items()
}
# So many regimes are seen at once; more are folded.
_MOST = 8
# Text and ground are the host's, light or dark; a grey this thin tints both.
_BOX = (
    "background:rgba(128,128,128,.1);border:1px solid #737980;border-left-width:6px;"
    "border-radius:4px;padding:.5em .8em;margin:.5em 0;max-width:46em;line-height:1.5;"
    "overflow-wrap:anywhere"
)
_CELL = "padding:.15em .6em .15em 0;text-align:left;"
_NAME = _CELL + "white-space:normal;font-weight:400"
_ANSWER = _CELL + "white-space:nowrap"  # its mark stays beside it on a phone


@dataclass(frozen=True, repr=False)
class Ruling:
    """A claim of the ledger with its answers and the effects that were measured last.

    Attributes
    ----------
    claim : Claim
        What was claimed.
    effects : dict of str to list of float
        Regime to least, mean and greatest effect over the seeds.
    """

    claim: Claim
    effects: dict

    def __repr__(self):
        claim = self.claim
        width = max(map(len, claim.answers))
        return "\n".join(
            [f"{claim.id}: {claim.verdict}", f"  {claim.hinglish}", f"  {claim.english}"]
            + [
                f"    {name:{width}}  {answer:7}  {self._told(name)}"
                for name, answer in claim.answers.items()
            ]
        )

    def _repr_html_(self):
        claim = self.claim
        mark, verdict = _VERDICTS[claim.verdict]
        rows = "".join(
            f'<tr><th scope="row" style="{_NAME}">{escape(name)}</th>'
            f'<td style="{_ANSWER}">{_ANSWERS[answer]}</td></tr>'
            for name, answer in claim.answers.items()
        )
        table = f"<table><tbody>{rows}</tbody></table>"
        if len(claim.answers) > _MOST:
            counts = ", ".join(
                f"{count} {_ANSWERS[answer][2:]}"
                for answer in _ANSWERS
                if (count := list(claim.answers.values()).count(answer))
            )
            table = f"<details><summary>{counts}</summary>{table}</details>"
        return both_languages(
            f'<div class="bn-ruling" style="{_BOX}">'
            + _paragraph("hinglish", "hi-Latn", claim.hinglish)
            + _paragraph("english", "en", claim.english)
            + f'<p style="margin:.25em 0"><strong><span aria-hidden="true">{mark}</span> '
            f"{verdict}</strong></p>{table}"
            "<details><summary>{{Kaise measure hua · How it was measured}}</summary>"
            + self._measured()
            + "</details></div>"
        )

    def _measured(self):
        """Say what was measured, where, and by whom it was claimed."""
        claim = self.claim
        effects = "".join(
            f"<li>{escape(name)}: {self._told(name)}</li>" for name in claim.answers
        )
        formula = f"<p>{escape(claim.formula)}</p>" if claim.formula else ""
        return (
            f'<p lang="en">{escape(claim.effect)}; yes if {claim.bound}, '
            f"{len(claim.seeds)} seeds.</p>{formula}<ul>{effects}</ul>"
            + _paragraph("hinglish", "hi-Latn", claim.note_hinglish)
            + _paragraph("english", "en", claim.note_english)
            + f'<p lang="en">{escape(claim.source)}</p>'
            f"<p><code>{claim.id}</code>, <code>make claims</code></p>"
        )

    def _told(self, name):
        least, mean, greatest = (f"{value:.3g}" for value in self.effects[name])
        return f"{mean} ({least} to {greatest})"


def _paragraph(language, code, text):
    return f'<p class="lang-{language}" lang="{code}">{escape(text)}</p>' if text else ""


def ruling(name):
    """Look up what was measured of a claim.

    Parameters
    ----------
    name : str
        Its id, such as ``"problem.shift-exists"``.

    Returns
    -------
    Ruling
        Shows itself in a notebook: statement, verdict, and the answer in each regime.

    Raises
    ------
    ValueError
        If the ledger has no such claim.
    """
    chapter, _, _ = name.partition(".")
    known = {claim.id: claim for claim in claims_of(chapter)}
    if name not in known:
        raise ValueError(f"expected a claim of {', '.join(known)}, got {name!r}")
    return Ruling(known[name], measured()[name])
