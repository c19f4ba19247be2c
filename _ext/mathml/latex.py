r"""LaTeX to MathML Core, or a refusal that says what to write instead.

`math-core` converts and refuses what it does not know. Refused here is the rest: what it
would take for something else, and what JupyterLab or GitHub draw otherwise.
"""

import re
from html import escape
from itertools import pairwise

from math_core import LatexError, LatexToMathML

CONVERTER = LatexToMathML(fancy_error=False)

COLOUR = r"the words for it: a colour is hard to read in one of the two themes"
NUMBER = r"\tag{1} in the formula and (1) in the text: both languages show one number"
WRITTEN_OUT = "it out: elsewhere a definition holds for the page, here for one formula"
LIMITS = r"\operatorname*{…}, which takes limits"

# What is not to be written, and what is instead.
INSTEAD = {
    "%": r"\% for the sign: all that follows % is left out as a comment",
    "&": r"\& in a \text, or an environment such as aligned around the rows",
    "$": r"\text{…} beside the formula, without $ inside, and $$ on a line of its own",
    "`": "the formula without backticks",
    "_": r"\_ in a \text, or {…} around what belongs together",
    "^": r"{…} around what belongs together, or end the \text before it",
    "}": "as many { as }, and \\{ \\} for what is to be seen",
    "#": "№ or the word: # stands for an argument",
    r"\(": "what is in between alone: the formula has begun",
    r"\[": "what is in between alone: the formula has begun",
    r"\cancelto": r"\cancel{x} and what it becomes beside it",
    r"\cline": r"\hline",
    r"\color": COLOUR,
    r"\colorbox": COLOUR,
    r"\def": WRITTEN_OUT,
    r"\DeclareMathOperator": WRITTEN_OUT,
    r"\eqref": NUMBER,
    r"\hfill": r"\quad",
    r"\href": "a Markdown link beside the formula",
    r"\label": NUMBER,
    r"\let": WRITTEN_OUT,
    r"\mathbbm": r"\mathbb",
    r"\mathop": LIMITS,
    r"\mbox": r"\text",
    r"\multicolumn": "a Markdown table",
    r"\newcommand": WRITTEN_OUT,
    r"\providecommand": WRITTEN_OUT,
    r"\ref": NUMBER,
    r"\renewcommand": WRITTEN_OUT,
    r"\rule": r"\underline",
    r"\smash": "the formula without it",
    r"\substack": r"one condition, and the others in the text",
    r"\tag": "$$ around a formula with a number",
    r"\textcolor": COLOUR,
    r"\url": "a Markdown link beside the formula",
    r"\utilde": r"\tilde",
    r"\verb": r"\texttt",
    r"\widecheck": r"\check",
    r"\widetilde": r"\tilde",
    "alignat": "align*",
    "alignat*": "align*",
    "alignedat": "aligned",
    "eqnarray": "align*",
    "eqnarray*": "align*",
    "flalign": "align*",
    "flalign*": "align*",
    "multlined": "multline*",
    "smallmatrix": "matrix",
    "split": "aligned",
    "subarray": "array",
    "tabular": "array",
}
# What math-core draws, in its way: the others do not, or not alike.
REFUSED = {"%", "`", r"\eqref", r"\label", r"\mathop", r"\substack", COLOUR, WRITTEN_OUT}

TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.S)
ENVIRONMENT = re.compile(r"\\begin\{([^}]*)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.S)
NUMBERED = re.compile(r"\\begin\{(align|equation|gather|multline)\}")
TEXT = re.compile(r"\\text[a-z]*\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}", re.S)
ONE = r"\begin{equation}\end{equation}"


def to_mathml(latex, display):
    r"""Return MathML markup; the LaTeX stays with it as ``alttext``.

    Parameters
    ----------
    latex : str
        A formula without its dollars.
    display : bool
        If it stands on lines of its own. Only then it may have a number, ``\tag{1}``.

    Raises
    ------
    ValueError
        If the formula cannot be drawn as it is written; it says what to write.

    Examples
    --------
    >>> to_mathml("x^2", display=False)
    '<math alttext="x^2"><msup><mi>x</mi><mn>2</mn></msup></math>'
    >>> to_mathml(r"\widetilde{xy}", display=False)
    Traceback (most recent call last):
    ...
    ValueError: Unknown command "\widetilde": write \tilde
    """
    _refuse(latex)
    source = TEXT.sub(_keep_spaces, latex)
    if display and r"\tag" in latex and not NUMBERED.search(latex):
        source = rf"\begin{{equation}}{source}\end{{equation}}"
    try:
        markup = CONVERTER.convert_with_local_state(source, displaystyle=display)
    except LatexError as error:
        raise ValueError(_explain(str(error), source)) from None
    if NUMBERED.search(latex) and _counts(source):
        raise ValueError(
            "it numbers itself, otherwise in each language: write the environment with "
            rf"a star, such as align*, or {NUMBER}"
        )
    # Lines of the letters' own width: a combining one is drawn too wide, or not at all.
    markup = markup.replace("\u0332</mo></mover>", "\u203e</mo></mover>")
    markup = markup.replace("\u0332</mo></munder>", "_</mo></munder>")
    alttext = escape(" ".join(latex.split()))
    return markup.replace("<math", f'<math alttext="{alttext}"', 1)


def _refuse(latex):
    tokens = TOKEN.findall(latex)
    for token in tokens:
        if REFUSED & {token, INSTEAD.get(token)}:
            raise ValueError(f"{token}: write {INSTEAD[token]}")
    if ("\\\\", "[") in pairwise(tokens):
        raise ValueError(r"\\[…] would be drawn as text: write \\ alone")
    if option := re.search(r"\\begin\{\w+\*?\}\[.*?\]", latex):
        raise ValueError(f"{option[0]} would be drawn as text: leave out the brackets")
    while latex != (latex := ENVIRONMENT.sub("", latex)):
        pass
    if "\\\\" in TOKEN.findall(latex):
        raise ValueError(
            r"\\ does not break a line here: write \begin{gathered}…\end{gathered} "
            "around the lines"
        )


def _keep_spaces(match):
    # The converter swallows a space after \% and its like, which TeX keeps.
    return re.sub(r"(\\[^A-Za-z\s]) ", r"\1\\ ", match[0])


def _counts(latex):
    """Tell whether a formula takes a number of its own: the next one is not the first."""
    return "(1)" not in CONVERTER.convert_all([(latex, True), (ONE, True)])[1]


def _explain(problem, source):
    """Add to a message of the converter where it stopped, and what to write."""
    position, _, problem = problem.partition(": ")
    place = source[int(position) :]
    named = re.search(r'(?:command|environment) "(.+?)"', problem)
    culprit = named[1] if named else TOKEN.match(place)[0] if place else ""
    problem = problem.removesuffix(".")
    if not named and place:
        problem += f", at {place[:20]!r}"
    return problem + (f": write {INSTEAD[culprit]}" if culprit in INSTEAD else "")
