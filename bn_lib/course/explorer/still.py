"""The explorer without scripts: the picture at the place of the guess, and a table."""

from html import escape

from bn_lib.course.figure import BLUE, GREEN, ORANGE

__all__ = ["still_picture"]

WIDTH, HEIGHT = 340, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 326, 34, 196
# The looks of the figures, for "plain" and "BN" wherever they stand.
LOOKS = {"plain": (ORANGE, "■"), "BN": (BLUE, "●")}
OTHERS = ((ORANGE, "■"), (BLUE, "●"), (GREEN, "▲"))  # as in explorer.js


def still_picture(explorer):
    """Return HTML that shows every value of an explorer.

    Parameters
    ----------
    explorer : Explorer
        With the sweep and the place of its guess.

    Returns
    -------
    str
    """
    sweep = explorer.sweep
    table_head = "".join(
        f'<th scope="col">{escape(name)}</th>' for name in (*sweep.axes, *sweep)
    )
    lines = list(explorer._lines())
    rows = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{setting}</th>' for setting in settings)
        + "".join(f"<td>{_in_short(told)}</td>" for told in values)
        + "</tr>"
        for settings, values in lines
    )
    return (
        _picture(explorer, lines)
        + f"<p>{escape(explorer.label)}: {{{{sab seeds ka mean, aur sabse kam se sabse "
        "zyada · mean of all seeds, and the least to the most}}</p>"
        f'<table class="bn-values"><thead><tr>{table_head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _in_short(told):
    return told.replace(" to ", "–")


def looks(rows):
    """Return colour and mark of each row."""
    others = (look for look in OTHERS if not set(rows) & set(LOOKS) or look[0] == GREEN)
    return {row: LOOKS.get(row) or next(others) for row in rows}


def _picture(explorer, lines):
    sweep = explorer.sweep
    (name, settings), *second = sweep.axes.items()
    places = [(i, *explorer.at[1:]) for i in range(len(settings))]
    parts = [
        f"<text x='{LEFT - 6}' y='{_y(share) + 4}' text-anchor='end'>{share:.0%}</text>"
        f"<path d='M{LEFT} {_y(share)}H{RIGHT}' stroke='#d9e0e4'/>"
        for share in (0, 0.5, 1)
    ]
    first = [told[0] for told, _ in lines[:: len(second[0][1]) if second else 1]]
    parts += [
        f"<text x='{_x(i, len(first))}' y='{BOTTOM + 18}'>{told}</text>"
        for i, told in enumerate(first)
    ]
    fixed = f", {second[0][0]} {lines[explorer.at[1]][0][1]}" if second else ""
    parts.append(f"<text x='{(LEFT + RIGHT) / 2}' y='{BOTTOM + 36}'>{name}{fixed}</text>")
    for row, (colour, mark) in looks(sweep).items():
        points = [
            (_x(i, len(settings)), _y(sweep[row][place].mean()))
            for i, place in enumerate(places)
        ]
        line = "L".join(f"{x} {y}" for x, y in points)
        parts.append(f"<path d='M{line}' stroke='{colour}' fill='none' stroke-width='2'/>")
        parts += [
            f"<text x='{x}' y='{y + 5}' fill='{colour}' font-size='15'>{mark}</text>"
            for x, y in points
        ]
    names = "".join(
        f"<tspan fill='{colour}' dx='8'>{mark} {row}</tspan>"
        for row, (colour, mark) in looks(sweep).items()
    )
    parts.append(
        f"<text x='{LEFT}' y='18' text-anchor='start' font-weight='700'>{names}</text>"
    )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        "font-family='sans-serif' font-size='12' text-anchor='middle'>"
        f"<path d='M0 0h999v{HEIGHT}H0' fill='#fff'/>{''.join(parts)}</svg>"
    )
    drawing = svg.replace("%", "%25").replace("#", "%23")
    alt = escape(f"{explorer.label}: {', '.join(sweep)}; {name}{fixed}")
    return (
        f'<img alt="{alt}" width="{WIDTH}" height="{HEIGHT}" '
        f'src="data:image/svg+xml,{drawing}">'
    )


def _x(place, count):
    return round(LEFT + (RIGHT - LEFT) * (place + 0.5) / count, 1)


def _y(share):
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
