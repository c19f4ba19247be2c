"""Colours and sizes of all figures.

The colours are those of Okabe and Ito, which people with the common forms of colour
blindness can tell apart; no figure relies on colour alone. Sizes are chosen so that
labels stay at 9 pt on a phone 360 pixels wide.
"""

import matplotlib.pyplot as plt

__all__ = [
    "BLUE",
    "FILLS",
    "GREEN",
    "GREY",
    "HATCHES",
    "INK",
    "ORANGE",
    "PALE",
    "PINK",
    "in_words",
    "style",
]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#5F6B73"
PINK, INK, PALE = "#B8578C", "#37434C", "#E3E7EA"
# Light enough for a hatch to show; each fill goes with the hatch of its place.
FILLS = ("#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4", "#F5E79A", "#CBD2D6")
HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")


# Lines and dots need a contrast of 3 to 1 on white, words 4.5 (WCAG 2.2, 1.4.11, 1.4.3).
_WORDS = {ORANGE: "#B34F00", GREEN: "#007A58", PINK: "#A84A7C"}


def in_words(colour):
    """Return the shade of a colour in which words can be read."""
    return _WORDS.get(colour, colour)


def style():
    """Set Matplotlib's defaults for the figures of this book."""
    plt.rcParams.update(
        {
            "figure.figsize": (4.6, 3.1),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 11.5,
            "axes.titleweight": "bold",
            "axes.labelsize": 11,
            "xtick.labelsize": 10.5,
            "ytick.labelsize": 10.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E3E7EA",
            "axes.axisbelow": True,
            "lines.linewidth": 2.0,
        }
    )
    if "inline" in plt.get_backend():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # Twice the pixels, shown at the size above: sharp on phones, and in JupyterLab
        # no larger than in the book.
        set_matplotlib_formats("retina")
