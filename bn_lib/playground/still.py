"""The playground without scripts: three number lines, a table and a coloured tensor."""

import numpy as np

from bn_lib.functional import batch_norm

__all__ = ["still_picture"]

FILLS = ("#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4")
LINES = (("x", 60, 10.0), ("x̂", 150, 3.0), ("y", 240, 10.0))  # name, height, range


def still_picture(start, mean, var, xhat, y):
    """Return HTML that shows a batch, its batch norm, and a tensor's.

    Parameters
    ----------
    start : Playground
        The batch, the parameters and the tensor.
    mean, var : float
        Statistics of the batch.
    xhat, y : ndarray, shape (m,)
        The batch normalized, and then scaled and shifted.

    Returns
    -------
    str
    """
    return (
        '<p class="bn-title">{{Ek channel, ek batch · One channel, one batch}}</p>'
        + _number_lines(start.x, xhat, y)
        + f"<p>mean μ = {_number(mean)}, variance σ² = {_number(var)}, "
        f"γ = {_number(start.gamma)}, β = {_number(start.beta)}, ε = {start.eps:f}</p>"
        + _table(start.x, xhat, y)
        + '<p class="bn-title">Batch norm: x̂, (N, C, H, W) = (3, 4, 2, 2)</p>'
        + _tensor(np.array(start.tensor).reshape(3, 4, 2, 2))
    )


def _number(value):
    return f"{round(value, 3) + 0:.10g}".replace("-", "−")


def _number_lines(*rows):
    """Draw the lines one below the other, with a strand from each value to its result."""
    places = [
        [50 + 45 * value / limit for value in values]
        for values, (_, _, limit) in zip(rows, LINES, strict=True)
    ]
    strands = "".join(
        f'<line x1="{a:.1f}%" y1="{LINES[k][1]}" x2="{b:.1f}%" y2="{LINES[k + 1][1]}"/>'
        for k in range(2)
        for a, b in zip(places[k], places[k + 1], strict=True)
    )
    lines = "".join(map(_number_line, LINES, places))
    return (
        '<svg class="bn-lines" height="262" role="img" aria-label="x, x̂, y">'
        f'<g class="bn-strand">{strands}</g>{lines}</svg>'
    )


def _number_line(line, places):
    name, axis, limit = line
    ticks = "".join(
        f'<text x="{50 + 45 * part}%" y="{axis + 18}">{_number(part * limit)}</text>'
        for part in (-1, 0, 1)
    )
    points = "".join(
        f'<svg class="bn-point" x="{place:.1f}%" y="{axis - 14}">'
        f'<circle r="12"/><text y="4">{i}</text></svg>'
        for i, place in enumerate(places, start=1)
    )
    return (
        f'<text class="bn-name" x="0" y="{axis - 26}">{name}</text>{ticks}'
        f'<line class="bn-axis" x1="5%" x2="95%" y1="{axis}" y2="{axis}"/>{points}'
    )


def _table(x, xhat, y):
    rows = "".join(
        f'<tr><th scope="row">{i}</th>'
        + "".join(f"<td>{_number(value)}</td>" for value in values)
        + "</tr>"
        for i, values in enumerate(zip(x, xhat, y, strict=True), start=1)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("i", "x", "x̂", "y"))
    return (
        f'<table class="bn-values"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _tensor(x):
    xhat, _ = batch_norm(x.astype(float), None, None, training=True)
    blocks = []
    for c, channel in enumerate(np.swapaxes(xhat, 0, 1)):
        blocks.append(f"<span>c={c}: {'ABCD'[c]}</span>")
        for sample in channel:
            cells = "".join(f"<i>{_number(round(v, 2))}</i>" for v in sample.ravel())
            blocks.append(
                f'<div class="bn-block" style="--bn-fill:{FILLS[c]}">{cells}</div>'
            )
    names = "".join(f"<span>n={n}</span>" for n in range(len(x)))
    return f'<div class="bn-tensor"><span></span>{names}{"".join(blocks)}</div>'
