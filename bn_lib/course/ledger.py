"""The ledger: the claims of all chapters, measured two chapters at a time and printed.

``python -m bn_lib.course.ledger [CHAPTER ...]``. Importing claims imports torch.
"""

import pkgutil
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context

from bn_lib import chapters
from bn_lib.course.claim import measure

__all__ = ["CHAPTERS", "claims_of", "ledger", "measure_chapter", "print_ledger", "report"]

CHAPTERS = tuple(
    module.name
    for module in pkgutil.iter_modules(chapters.__path__)
    if find_spec(f"bn_lib.chapters.{module.name}.claims")
)


def claims_of(chapter):
    """Return the claims of one chapter.

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
    return import_module(f"bn_lib.chapters.{chapter}.claims").CLAIMS


def ledger():
    """Return the claims of all chapters, chapter by chapter."""
    return tuple(claim for chapter in CHAPTERS for claim in claims_of(chapter))


def report(claim, measurement):
    """Return a claim, its numbers and its verdict as lines of text.

    Parameters
    ----------
    claim : Claim
    measurement : Measurement

    Returns
    -------
    str
    """
    mark = "" if measurement.verdict == claim.verdict else f"  (written: {claim.verdict})"
    lines = [
        f"{claim.id}: {measurement.verdict.upper()}{mark}",
        f"  {claim.english}",
        f"  {claim.hinglish}",
        f"  effect: {claim.effect}; margin {claim.margin:g}; {len(claim.seeds)} seeds",
    ]
    for name, values in measurement.effects.items():
        low, mean, high = values.min(), values.mean(), values.max()
        spread = f"{mean:8.3g}  ({low:.3g} to {high:.3g})"
        lines.append(f"    {name:42} {spread:32} {measurement.answers[name]}")
    if claim.condition_english:
        lines += [f"  {claim.condition_english}", f"  {claim.condition_hinglish}"]
    return "\n".join([*lines, f"  source: {claim.source}"])


def measure_chapter(chapter):
    """Measure all claims of a chapter.

    Parameters
    ----------
    chapter : str

    Returns
    -------
    list of (str, bool)
        The report of each claim, and whether its written verdict was met.
    """
    results = [(claim, measure(claim)) for claim in claims_of(chapter)]
    return [(report(c, m), m.verdict == c.verdict) for c, m in results]


def print_ledger(names=()):
    """Print the ledger of some chapters, or of all.

    Parameters
    ----------
    names : sequence of str
        Chapters; all of them when empty.

    Returns
    -------
    int
        How many claims came out otherwise than written.
    """
    outcomes = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for chapter in pool.map(measure_chapter, names or CHAPTERS):
            for text, _ in chapter:
                print(text, end="\n\n", flush=True)
            outcomes += [met for _, met in chapter]
    print(f"{len(outcomes)} claims, {outcomes.count(False)} not as written")
    return outcomes.count(False)


if __name__ == "__main__":
    sys.exit(min(print_ledger(sys.argv[1:]), 1))
