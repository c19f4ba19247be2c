"""Figures: each function draws what it is given on an axes and returns the axes.

One module a chapter, and `shapes` for what several of them draw. Nothing is computed
here beyond means, and nothing of the experiments is imported: a figure takes a Result
as it is.
"""

from bn_lib.plots import (
    alternatives,
    benefits,
    inference,
    intuition,
    math,
    placement,
    problem,
)
from bn_lib.plots.shapes import curves, strips
from bn_lib.plots.style import BLUE, GREEN, GREY, ORANGE, style

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "alternatives",
    "benefits",
    "curves",
    "inference",
    "intuition",
    "math",
    "placement",
    "problem",
    "strips",
    "style",
]
