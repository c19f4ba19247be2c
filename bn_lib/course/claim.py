"""A claim, how it is measured, and how a verdict follows from the numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Claim", "Measurement", "measure"]

VERDICTS = ("holds", "depends", "does not hold")


@dataclass(frozen=True)
class Claim:
    """A statement about batch norm that an experiment can contradict.

    Attributes
    ----------
    id : str
        Chapter and name, such as ``"problem.shift-exists"``.
    hinglish, english : str
        The statement, one sentence in each language.
    source : str
        Who says so: a paper with figure or section, or a row of the author's notes.
    effect : str
        What the measured numbers are, so that a positive one speaks for the claim.
    measure : callable
        ``measure(seeds)`` returns a dict: the name of each regime that was tried, and
        its effects, an array with one number for each seed.
    margin : float
        The smallest effect that counts, in the units of `effect`.
    verdict : str
        ``"holds"``, ``"depends"`` or ``"does not hold"``, as written after measuring.
    condition_hinglish, condition_english : str
        On what it depends, or in which regime it was tried.
    seeds : tuple of int
        At least three; at least five where the sides are close.
    """

    id: str
    hinglish: str
    english: str
    source: str
    effect: str
    measure: Callable
    margin: float
    verdict: str
    condition_hinglish: str
    condition_english: str
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class Measurement:
    """The numbers of one claim and what follows from them.

    Attributes
    ----------
    effects : dict of str to ndarray, shape (seeds,)
        Regime to the effect of each seed.
    answers : dict of str to str
        Regime to ``"yes"``, ``"no"`` or ``"unclear"``.
    verdict : str
        One of the three verdicts, or ``"unclear"``.
    """

    effects: dict[str, np.ndarray]
    answers: dict[str, str]
    verdict: str


def measure(claim, shift=0):
    """Run a claim's experiment and judge it.

    Parameters
    ----------
    claim : Claim
        What to measure.
    shift : int
        Added to every seed, to see whether the verdict is luck.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If a regime does not have one finite effect for each seed.

    Notes
    -----
    A regime says yes when every seed reaches the margin, and no when the mean stays
    below half of it; what lies between is unclear, and no verdict to build on. Yes
    everywhere holds, no everywhere does not hold, and both together depend.
    """
    seeds = tuple(seed + shift for seed in claim.seeds)
    effects = {name: np.asarray(e, float) for name, e in claim.measure(seeds).items()}
    for name, values in effects.items():
        if values.shape != (len(seeds),) or not np.isfinite(values).all():
            raise ValueError(
                f"{claim.id}, {name}: expected {len(seeds)} finite effects, got {values}"
            )
    answers = {name: _answer(values, claim.margin) for name, values in effects.items()}
    return Measurement(effects, answers, _verdict(set(answers.values())))


def _answer(values, margin):
    if (values >= margin).all():
        return "yes"
    return "no" if values.mean() < margin / 2 else "unclear"


def _verdict(answers):
    by_answers = {
        frozenset({"yes"}): "holds",
        frozenset({"no"}): "does not hold",
        frozenset({"yes", "no"}): "depends",
    }
    return by_answers.get(frozenset(answers), "unclear")
