"""One style sheet and one script for every page, instead of eight of each.

A phone on a slow line pays for each file that stands between it and the first paint.
What the search alone needs is left out: only the search page asks for it.
"""

import hashlib
import re
import shutil
from importlib.resources import files
from pathlib import Path

import furo
import myst_nb.static

STYLE, SCRIPT = "bundle.css", "bundle.js"
# What `search.html` loads by itself.
KEPT = {"searchtools.js", "language_data.js", "search.js"}


def setup(app):
    """Register the hooks; the last to see a page and the last to touch the files."""
    app.connect("html-page-context", _join, priority=950)
    app.connect("build-finished", _clear, priority=950)


def _join(app, pagename, templatename, context, doctree):
    styles = _files(context["css_files"])
    scripts = _files(context["script_files"])
    folder = Path(app.outdir) / "_static"
    # Once a build: every page has the same files.
    if not hasattr(app, "reading_bundle"):
        app.reading_bundle = {
            STYLE: _write(folder / STYLE, minified(_read(folder, styles))),
            SCRIPT: _write(folder / SCRIPT, "\n;\n".join(_read(folder, scripts))),
        }
        app.reading_joined = {*styles, *scripts}
    context["bundle"] = app.reading_bundle


def _files(assets):
    """Return the names below ``_static``, in the order that Sphinx gives them later."""
    ordered = sorted(assets, key=lambda asset: asset.priority)
    names = [asset.filename for asset in ordered if asset.filename]
    return [name.removeprefix("_static/") for name in names]


def _read(folder, names):
    for name in names:
        if name == "pygments.css":  # this and the next are written only at the end
            yield furo.get_pygments_stylesheet()
        elif name.startswith("mystnb."):
            yield files(myst_nb.static).joinpath("mystnb.css").read_text("utf-8")
        else:
            text = (folder / name).read_text("utf-8")
            yield re.sub(r"(?m)^\s*(//|/\*)# sourceMappingURL.*$", "", text)


def minified(sheets):
    """Join style sheets without comments and indentation."""
    text = "\n".join(sheets)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def _write(path, text):
    """Write the file; its name with a mark that changes with its text."""
    path.write_text(text, "utf-8")
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"_static/{path.name}?v={mark}"


def _clear(app, exception):
    """Remove what no page asks for: the book is also carried around as a folder."""
    if exception or not hasattr(app, "reading_joined"):
        return
    wanted = (_own_files(app) - app.reading_joined) | KEPT | {STYLE, SCRIPT}
    for path in (Path(app.outdir) / "_static").iterdir():
        if path.name in wanted:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _own_files(app):
    """Return the names that the book and its extensions bring; themes bring the rest."""
    source, extensions = Path(app.srcdir), Path(__file__).parents[1]
    folders = [source / folder for folder in app.config.html_static_path]
    own = [x for x in folders if x.parent == source or extensions in x.parents]
    return {path.name for folder in own for path in folder.iterdir()}
