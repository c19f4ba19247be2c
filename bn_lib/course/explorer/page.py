"""The explorer as text and as HTML."""

import itertools
from html import escape

import numpy as np

from bn_lib.course.explorer.still import still_picture
from bn_lib.course.widget import widget

__all__ = ["Explorer", "explore"]


class Explorer:
    """A sweep that a notebook shows as something to explore.

    Notes
    -----
    The HTML needs no network and may stand on a page several times. Without scripts it is
    a still picture and a table of every value. For tests, the element ``.bn-explorer``
    has ``explorer.state()`` and ``explorer.set({...})``.
    """

    def __init__(self, sweep, label, row, at):
        self.sweep, self.label, self.row, self.at = sweep, label, row, at

    def __repr__(self):
        names = [*self.sweep.axes, *self.sweep]
        lines = [names, *([*settings, *values] for settings, values in self._lines())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            [f"{self.label}: mean (least to most), {len(self.sweep.seeds)} seeds"]
            + ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        )

    def _repr_html_(self):
        still = still_picture(self)
        axes = [
            {"name": name, "settings": list(map(told_setting, settings))}
            for name, settings in self.sweep.axes.items()
        ]
        values = {row: np.round(v, 3).tolist() for row, v in self.sweep.items()}
        guess = {"row": self.row, "at": self.at}
        start = {"label": self.label, "axes": axes, "values": values, "guess": guess}
        return widget("explorer", start, still)

    def _lines(self):
        """Yield the settings and the values of each place, as text."""
        for place in itertools.product(*(range(len(s)) for s in self.sweep.axes.values())):
            settings = [
                told_setting(options[i])
                for i, options in zip(place, self.sweep.axes.values(), strict=True)
            ]
            yield settings, [told_values(values[place]) for values in self.sweep.values()]


def told_setting(setting):
    """Return a setting as a reader sees it."""
    if setting is None:
        return "He"
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    return f"{setting:g}" if isinstance(setting, int | float) else escape(str(setting))


def told_values(values):
    """Return the mean of all seeds and their range, in percent, halves rounded up."""
    values = np.round(values, 3)  # as the script gets them
    mean, least, most = (
        int(100 * v + 0.5) for v in (values.mean(), values.min(), values.max())
    )
    return f"{mean} %" if least == most else f"{mean} % ({least} to {most})"


def explore(sweep, *, label, guess):
    """Let the reader guess one value of a sweep, and then move its settings.

    Parameters
    ----------
    sweep : Sweep
        Shares from 0 to 1, over one or two axes; the first lies along the picture.
    label : str
        What is measured.
    guess : dict
        The place of the value to guess: ``"row"``, and a setting for each axis.

    Returns
    -------
    Explorer
        Shows itself in a notebook, in both languages; printed, it is a table.

    Raises
    ------
    ValueError
        If the guess is at no row or no place of the sweep, there are more than two axes
        or three rows, or a value is no share.
    """
    values = np.stack(list(sweep.values()))
    if not 1 <= len(sweep.axes) <= 2 or len(sweep) > 3:
        raise ValueError(
            "expected one or two axes and at most three rows, got "
            f"{len(sweep.axes)} and {len(sweep)}"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("expected shares from 0 to 1; others have no picture here yet")
    if set(guess) != {"row", *sweep.axes} or guess["row"] not in sweep:
        expected = f"row ({', '.join(sweep)}), {', '.join(sweep.axes)}"
        raise ValueError(f"expected a guess with {expected}, got {guess}")
    for name, settings in sweep.axes.items():
        if guess[name] not in settings:
            raise ValueError(f"expected {name} of {settings}, got {guess[name]!r}")
    at = [settings.index(guess[name]) for name, settings in sweep.axes.items()]
    return Explorer(sweep, label, guess["row"], at)
