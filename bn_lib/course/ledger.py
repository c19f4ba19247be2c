"""The ledger: the claims of all chapters, measured and printed.

``python -m bn_lib.course.ledger [CHAPTER ...]`` measures, prints a table, and stores
the numbers in ``measured.json`` beside the chapters. Importing claims imports torch.
"""

import json
import pkgutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bn_lib import chapters
from bn_lib.course.claim import Claim, measure

__all__ = ["CHAPTERS", "claims_of", "entry", "ledger", "measured", "report", "run"]

CHAPTERS = tuple(
    module.name
    for module in pkgutil.iter_modules(chapters.__path__)
    if module.ispkg and find_spec(f"bn_lib.chapters.{module.name}.claims")
)
STORE = Path(chapters.__file__).with_name("measured.json")


def claims_of(chapter):
    """Return the claims of one chapter, in the order in which they are written.

    Parameters
    ----------
    chapter : str
        Name of a folder in `bn_lib.chapters`.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        If there is no such chapter, or it has no claims.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"expected a chapter of {CHAPTERS}, got {chapter!r}")
    module = import_module(f"bn_lib.chapters.{chapter}.claims")
    return tuple(value for value in vars(module).values() if isinstance(value, Claim))


def ledger():
    """Return the claims of all chapters, chapter by chapter."""
    return tuple(claim for chapter in CHAPTERS for claim in claims_of(chapter))


def measured():
    """Read what was measured last.

    Returns
    -------
    dict of str to dict
        Claim to regime to ``[least, mean, greatest]``, to three significant digits.
    """
    return {
        name: {regime: found["effect"] for regime, found in entry["regimes"].items()}
        for name, entry in _stored().items()
    }


def _stored():
    return json.loads(STORE.read_text("utf-8"))


def entry(claim, effects):
    """Return what the file and the book's page of the ledger hold of a claim.

    Parameters
    ----------
    claim : Claim
    effects : dict of str to list of float
        Regime to ``[least, mean, greatest]``.

    Returns
    -------
    dict
        Verdict, bound, number of seeds, and answer and effect of each regime.
    """
    return {
        "verdict": claim.verdict,
        "bound": claim.bound,
        "seeds": len(claim.seeds),
        "regimes": {
            name: {"answer": claim.answers[name], "effect": effect}
            for name, effect in effects.items()
        },
    }


def report(claim, measurement):
    """Return a claim and its numbers as lines of text.

    Parameters
    ----------
    claim : Claim
        What was measured.
    measurement : Measurement
        What came out.

    Returns
    -------
    str
        The verdict, the statement, and a row for each regime.
    """
    lines = [
        f"{claim.id}: {measurement.verdict.upper()}",
        f"  {claim.english}",
        *([f"  {claim.formula}"] if claim.formula else []),
        f"  {claim.effect}; yes if {claim.bound}; {len(claim.seeds)} seeds",
    ]
    width = max(map(len, claim.regimes))
    for name, values in measurement.effects.items():
        answer, written = measurement.answers[name], claim.answers[name]
        mark = "" if answer == written else f"  (written: {written})"
        spread = f"{values.mean():9.3g}  ({values.min():.3g} to {values.max():.3g})"
        lines.append(f"    {name:{width}} {spread:32} {answer}{mark}")
    return "\n".join([*lines, *([f"  {claim.note_english}"] if claim.note_english else [])])


def run(names=(), shift=0):
    """Measure the claims of some chapters, two at a time, and print them.

    Parameters
    ----------
    names : sequence of str
        Chapters; all of them when empty.
    shift : int
        Added to every seed. The numbers are stored if it is 0.

    Returns
    -------
    int
        How many regimes came out otherwise than written.
    """
    missed, count, numbers = 0, 0, {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(partial(_measure_chapter, shift=shift), names or CHAPTERS):
            for text, numbers_of_one, missed_by_one in outcomes:
                print(text, end="\n\n", flush=True)
                numbers |= numbers_of_one
                missed += missed_by_one
                count += 1
    print(f"{count} claims; {missed} regimes not as written")
    if shift == 0:
        kept = _stored() if names else {}
        STORE.write_text(json.dumps(kept | numbers, indent=1) + "\n", "utf-8")
    return missed


def _spread(effects):
    """Return least, mean and greatest; a mean that is no more than rounding is 0."""
    mean = 0.0 if abs(effects.mean()) < 1e-9 * np.ptp(effects) else effects.mean()
    return [float(f"{value:.3g}") for value in (effects.min(), mean, effects.max())]


def _measure_chapter(chapter, shift):
    outcomes = []
    for claim in claims_of(chapter):
        found = measure(claim, shift)
        missed = sum(found.answers[name] != claim.answers[name] for name in claim.regimes)
        numbers = {name: _spread(effects) for name, effects in found.effects.items()}
        outcomes.append((report(claim, found), {claim.id: entry(claim, numbers)}, missed))
    return outcomes


if __name__ == "__main__":
    sys.exit(min(run(sys.argv[1:]), 1))
