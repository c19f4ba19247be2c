"""A claim: a statement, how it is measured in each regime, and what was answered there.

The answer of a regime is data; the verdict follows from the answers:

>>> words = {"hinglish": "Seed bada hai.", "english": "The seed is large."}
>>> @claim(
...     at_least=1.0,
...     yes={"shifted by ten": {"shift": 10}},
...     no={"as it is": {"shift": 0}},
...     seeds=(0, 1),
...     words=words | {"source": "here", "effect": "the seed, in tens"},
... )
... def seed_is_large(seeds, shift):
...     return [(seed + shift) / 10 for seed in seeds]
>>> seed_is_large.verdict
'depends'
>>> measure(seed_is_large).answers
{'shifted by ten': 'yes', 'as it is': 'no'}
"""

import functools
import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

__all__ = ["Claim", "Measurement", "answer", "claim", "measure", "verdict"]

ANSWERS = ("yes", "no", "unclear")
KINDS = ("experiment", "identity", "law")
WORDS = {"hinglish", "english", "source", "effect"}
MORE_WORDS = {"formula", "note_hinglish", "note_english"}


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement about batch norm that an experiment can contradict.

    Attributes
    ----------
    id : str
        Chapter and name, such as ``"problem.shift-exists"``.
    measure : callable
        ``measure(seeds, **options)`` returns one number for each seed.
    regimes : dict of str to dict
        Name of each regime that was tried, and its options.
    answers : dict of str to str
        Regime to ``"yes"``, ``"no"`` or ``"unclear"``, as written after measuring.
    bounds : tuple of float
        Least and greatest effect that counts as yes; infinite where there is none.
    seeds : tuple of int
        At least three; at least five where the sides are close.
    kind : str
        ``"experiment"``; ``"identity"``, true by algebra up to rounding; or ``"law"``,
        a predicted number that is measured.
    hinglish, english : str
        The statement, one sentence in each language.
    source : str
        Who says so: a paper with figure or section, or a row of the author's notes.
    effect : str
        What the measured numbers are, with units.
    formula : str
        Of an identity or a law, as text.
    note_hinglish, note_english : str
        What the regimes do not say: a control, a limit, an explanation.
    """

    id: str
    measure: Callable
    regimes: dict[str, dict]
    answers: dict[str, str]
    bounds: tuple[float, float]
    seeds: tuple[int, ...]
    kind: str
    hinglish: str
    english: str
    source: str
    effect: str
    formula: str = ""
    note_hinglish: str = ""
    note_english: str = ""

    @property
    def bound(self):
        """What the effect must be for a yes, in words."""
        least, greatest = self.bounds
        if least == -np.inf:
            return f"at most {greatest:g}"
        if greatest == np.inf:
            return f"at least {least:g}"
        return f"within {least:g} and {greatest:g}"

    @property
    def verdict(self):
        """The verdict that follows from the answers, as written."""
        return verdict(self.answers.values(), self.kind)


def claim(
    *,
    at_least=-np.inf,
    at_most=np.inf,
    within=None,
    yes=MappingProxyType({}),
    no=MappingProxyType({}),
    unclear=MappingProxyType({}),
    seeds=(0, 1, 2),
    kind="experiment",
    words=None,
):
    """Decorate the function that measures one regime, and give the `Claim`.

    Parameters
    ----------
    at_least, at_most : float
        The bounds of the effect.
    within : tuple of float, optional
        Both bounds at once.
    yes, no, unclear : dict of str to dict
        The regimes with that answer, and the options that the function gets there.
    seeds, kind
        As in `Claim`.
    words : dict of str to str, optional
        What is told of the claim, under the names that `Claim` gives it. By default the
        table in ``claims.toml``, beside the file of the function, that has its name.

    Returns
    -------
    callable
        Turns ``f(seeds, **options)``, which returns one effect for each seed, into a
        `Claim`. Its id is the folder of the chapter and the name of the function.

    Raises
    ------
    ValueError
        If no bound is given, a regime stands under two answers, the kind is unknown,
        words are missing or unknown, or an identity or a law has no formula.
    """
    bounds = (at_least, at_most) if within is None else tuple(within)
    given = dict(zip(ANSWERS, (yes, no, unclear), strict=True))
    answers = {name: answer for answer, names in given.items() for name in names}

    def decorate(function):
        chapter = function.__module__.split(".")[-2]
        short = function.__name__.replace("_", "-")
        name = f"{chapter}.{short}"
        if bounds == (-np.inf, np.inf):
            raise ValueError(f"{name}: expected at_least, at_most or within, got none")
        if len(answers) < sum(map(len, given.values())):
            raise ValueError(f"{name}: expected each regime under one answer")
        told = (
            _words_of_chapter(inspect.getfile(function))[short] if words is None else words
        )
        if not WORDS <= set(told) <= WORDS | MORE_WORDS:
            raise ValueError(
                f"{name}: expected the words {', '.join(sorted(WORDS))} and perhaps "
                f"{', '.join(sorted(MORE_WORDS))}, got {', '.join(told)}"
            )
        if kind not in KINDS or ("formula" in told) == (kind == "experiment"):
            raise ValueError(
                f"{name}: expected a kind of {KINDS}, with a formula unless it is an "
                f"experiment, got {kind!r} and {told.get('formula')!r}"
            )
        regimes = {**yes, **no, **unclear}
        return Claim(name, function, regimes, answers, bounds, tuple(seeds), kind, **told)

    return decorate


@functools.cache
def _words_of_chapter(path):
    return tomllib.loads(Path(path).with_name("claims.toml").read_text("utf-8"))


@dataclass(frozen=True, eq=False)
class Measurement:
    """The numbers of one claim, and what follows from them.

    Attributes
    ----------
    effects : dict of str to ndarray, shape (seeds,)
        Regime to the effect of each seed.
    answers : dict of str to str
        Regime to ``"yes"``, ``"no"`` or ``"unclear"``.
    verdict : str
        What follows from the answers.
    """

    effects: dict[str, np.ndarray]
    answers: dict[str, str]
    verdict: str


def measure(claim, shift=0):
    """Measure every regime of a claim and answer it.

    Parameters
    ----------
    claim : Claim
        What to measure.
    shift : int
        Added to every seed, to see whether an answer is luck.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If a regime does not have one finite effect for each seed.

    Notes
    -----
    A regime says yes when every seed is within the bounds. It says no when the mean is
    beyond a bound or, where 0 is beyond it too, less than half way from 0 to it. What
    lies between is unclear.
    """
    seeds = tuple(seed + shift for seed in claim.seeds)
    effects = {}
    for name, options in claim.regimes.items():
        values = np.asarray(claim.measure(seeds, **options), float)
        if values.shape != (len(seeds),) or not np.isfinite(values).all():
            raise ValueError(
                f"{claim.id}, {name}: expected {len(seeds)} finite effects, got {values}"
            )
        effects[name] = values
    answers = {
        name: answer(values.min(), values.mean(), values.max(), claim.bounds)
        for name, values in effects.items()
    }
    return Measurement(effects, answers, verdict(answers.values(), claim.kind))


def answer(least, mean, greatest, bounds):
    """Answer one regime, as `measure` says.

    Parameters
    ----------
    least, mean, greatest : float
        Of the effects of all seeds.
    bounds : tuple of float
        Those of the claim.

    Returns
    -------
    str
        ``"yes"``, ``"no"`` or ``"unclear"``.
    """
    low, high = bounds
    if low <= least and greatest <= high:
        return "yes"
    # Where no effect at all would be no, a no keeps its distance from the bound.
    return "no" if mean < min(low, low / 2) or mean > max(high, high / 2) else "unclear"


def verdict(answers, kind="experiment"):
    """Sum up the answers of all regimes.

    Parameters
    ----------
    answers : iterable of str
        ``"yes"``, ``"no"`` or ``"unclear"``.
    kind : str
        That of the claim.

    Returns
    -------
    str
        ``"holds"`` if all that are clear say yes, ``"does not hold"`` if they say no,
        ``"depends"`` if they differ, and ``"unclear"`` if none is clear. What holds as
        an identity or a law is called so.
    """
    clear = set(answers) - {"unclear"}
    holds = "holds" if kind == "experiment" else kind
    names = {("yes",): holds, ("no",): "does not hold", ("no", "yes"): "depends"}
    return names.get(tuple(sorted(clear)), "unclear")
