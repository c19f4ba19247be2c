"""Boxes and arrows: what feeds what."""

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from bn_lib.course.figure import FILLS, GREY, INK

__all__ = ["diagram"]

WIDTH, HEIGHT = 0.9, 0.56


def diagram(ax, boxes, arrows, marked=()):
    """Draw named boxes and the arrows between them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; it loses its axes.
    boxes : dict of (float, float) to str
        Place of each box, column and row from the top, in box widths; and its name.
    arrows : iterable of (place, place)
        From where to where.
    marked : collection of str
        Names of boxes that stand out.

    Returns
    -------
    matplotlib.axes.Axes
    """
    patches = {}
    for place, name in boxes.items():
        x, y = place
        patch = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=FILLS[0] if name in marked else "white",
            edgecolor=INK,
            linewidth=1.2,
        )
        patches[place] = ax.add_patch(patch)
        weight = "bold" if name in marked else "normal"
        ax.text(x, y, name, ha="center", va="center", fontsize=10, fontweight=weight)
    for start, end in arrows:
        ends = {"patchA": patches[start], "patchB": patches[end]}
        look = {"arrowstyle": "-|>", "mutation_scale": 11, "color": GREY, "linewidth": 1.3}
        ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=1, **ends, **look))
    columns, rows = zip(*boxes, strict=True)
    ax.set_xlim(min(columns) - 0.5, max(columns) + 0.5)
    ax.set_ylim(max(rows) + 0.45, min(rows) - 0.45)
    ax.set_axis_off()
    return ax
