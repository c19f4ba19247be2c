"""The playground without scripts: three number lines, a table and a coloured tensor.

Notebooks that are not trusted yet, and GitHub, take out scripts, style sheets and inline
SVG. So the lines are an image, and the rest is made of tables.
"""

import numpy as np

from bn_lib.functional import batch_norm

__all__ = ["still_picture"]

FILLS = ("#9BD1F2", "#FBC79D", "#9FE0C8", "#E9B8D4")
WIDTH = 360  # of the image, in its own units
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
        + '<p class="bn-key">{{Khelne ke liye isko notebook mein chalao. · '
        "To play, run this in a notebook.}}</p>"
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
        f"<path d='M{_at(a)} {LINES[k][1]}L{_at(b)} {LINES[k + 1][1]}'/>"
        for k in range(2)
        for a, b in zip(places[k], places[k + 1], strict=True)
    )
    lines = "".join(map(_number_line, LINES, places))
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} 262' "
        "font-family='sans-serif' font-size='12' text-anchor='middle'>"
        "<path d='M0 0h999v262H0' fill='#fff'/>"
        f"<g stroke='#0072b2' opacity='.4'>{strands}</g>{lines}</svg>"
    )
    drawing = svg.replace("#", "%23")
    alt = "Teen number lines: x, x̂, y · Three number lines: x, x̂, y"
    size = f'width="{WIDTH}" height="262"'
    return f'<img alt="{alt}" {size} src="data:image/svg+xml,{drawing}">'


def _at(percent):
    return f"{WIDTH * percent / 100:.4g}"


def _number_line(line, places):
    name, axis, limit = line
    ticks = "".join(
        f"<text x='{_at(50 + 45 * part)}' y='{axis + 18}'>{_number(part * limit)}</text>"
        for part in (-1, 0, 1)
    )
    points = "".join(f"<circle cx='{_at(p)}' cy='{axis - 14}' r='12'/>" for p in places)
    labels = "".join(
        f"<text x='{_at(place)}' y='{axis - 10}'>{i}</text>"
        for i, place in enumerate(places, start=1)
    )
    return (
        f"<text x='6' y='{axis - 26}' font-size='18'>{name}</text>{ticks}"
        f"<path d='M{_at(5)} {axis}H{_at(95)}' stroke='#7a858e'/>"
        f"<g fill='#0072b2'>{points}</g><g fill='#fff'>{labels}</g>"
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
    n, c, h, w = x.shape
    rows = []
    for k, row in enumerate(xhat.transpose(1, 2, 0, 3).reshape(c * h, n * w)):
        name = f'<th rowspan="{h}" scope="rowgroup">c={k // h}: {"ABCD"[k // h]}</th>'
        cells = "".join(f"<td>{_number(round(value, 2))}</td>" for value in row)
        style = f"background:{FILLS[k // h]};color:#1c2126"
        rows.append(f'<tr style="{style}">{"" if k % h else name}{cells}</tr>')
    names = "".join(f'<th colspan="{w}" scope="colgroup">n={i}</th>' for i in range(n))
    return (
        f'<table class="bn-values bn-small"><thead><tr><td></td>{names}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
