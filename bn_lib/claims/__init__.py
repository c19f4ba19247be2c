"""The ledger: what is claimed about batch norm, and what was measured here.

``python -m bn_lib.claims`` measures every claim and prints the table. Importing the
ledger imports torch; importing ``bn_lib`` does not.
"""

from importlib import import_module

from bn_lib.claims.core import Claim, Measurement, measure

__all__ = ["CHAPTERS", "Claim", "Measurement", "claims_of", "ledger", "measure"]

CHAPTERS = (
    "problem",
    "intuition",
    "placement",
    "benefits",
    "inference",
    "alternatives",
)


def claims_of(chapter):
    """Return the claims of one chapter.

    Parameters
    ----------
    chapter : str
        One of `CHAPTERS`.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"expected a chapter of {CHAPTERS}, got {chapter!r}")
    return import_module(f"bn_lib.claims.{chapter}").CLAIMS


def ledger():
    """Return the claims of all chapters, in the order of the book.

    Returns
    -------
    tuple of Claim
    """
    return tuple(claim for chapter in CHAPTERS for claim in claims_of(chapter))
