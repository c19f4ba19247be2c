"""What widgets share: HTML with its own style and script, and texts in two languages."""

import json
import re
from importlib import import_module, resources

__all__ = ["both_languages", "widget"]


def widget(name, start, still):
    """Return a widget as HTML that needs nothing else.

    Parameters
    ----------
    name : str
        Of a package in `bn_lib.course`, with ``name.css``, ``name.html`` and ``name.js``.
        The script makes each element of the class ``bn-name`` live.
    start : dict
        What the script starts with.
    still : str
        HTML that is seen without scripts, with texts as for `both_languages`.

    Returns
    -------
    str
    """
    package = import_module(f"bn_lib.course.{name}")
    style = _part(import_module(__name__), "widget.css") + _part(package, f"{name}.css")
    values = json.dumps(start, separators=(",", ":")).replace("'", "&#39;")
    return (
        f"<div class=\"bn-{name} bn\" data-start='{values}'>"
        f"<style>{_tight(style, name)}</style>"
        f'<div class="bn-still">{both_languages(still)}</div>'
        f'<script type="text/html">{_part(package, f"{name}.html")}</script>'
        f"<script>{_part(package, f'{name}.js')}</script></div>"
    )


def both_languages(text):
    """Turn ``{{Hinglish · English}}`` into what the book's switch can take apart."""
    return re.sub(
        r"\{\{(.+?) · (.+?)\}\}",
        r'<span class="lang-hinglish" lang="hi-Latn">\1</span>'
        r'<span class="lang-separator"> · </span>'
        r'<span class="lang-english" lang="en">\2</span>',
        text,
    )


def _part(package, name):
    """Return a file of a package without the lines and spaces for its readers."""
    text = resources.files(package).joinpath(name).read_text("utf-8")
    text = re.sub(r"(?m)  // .*$|^ *//.*$|^/\*(.|\n)*?\*/$", "", text)
    text = re.sub(r"\n\s*", "\n", text).strip()
    return re.sub(r"(?<=[{};,(>])\n|\n(?=[})<])|(?<=\)) (?=\{)", "", text)


def _tight(css, name):
    """Return a style sheet without the spaces and long names that it can do without."""
    css = css.replace(f".bn-{name}", ".bn")
    return re.sub(r"(?<=[:,]) |;(?=\})| (?=\{)|(?<=[ :(,])0(?=\.)", "", css)
