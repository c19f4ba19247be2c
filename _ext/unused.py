"""Leave out the extensions that Jupyter Book always loads and this book never uses.

sphinx-thebe names a CDN, and its inline script is declared twice on a page and throws;
sphinx-copybutton speaks one language and weighs ten times what `reading` needs for the
same; the others only add weight, the theme that Jupyter Book brings along included. Jupyter
Book has no setting that removes an extension, so their listeners and files are taken
back here.
"""

UNUSED = (
    "sphinx_thebe",
    "sphinx_comments",
    "sphinx_copybutton",
    "sphinx_togglebutton",
    "sphinx_design",
    "sphinx_book_theme",
    "pydata_sphinx_theme",
)
FILES = (
    "thebe",
    "togglebutton",
    "dokieli",
    "sphinx-design",
    "design-tabs",
    "sphinx-book",
    "copybutton",
    "clipboard",
)


def setup(app):
    """Take back what the unused extensions registered; they are set up before this."""
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if (listener.handler.__module__ or "").startswith(UNUSED):
                listeners.remove(listener)
    registry = app.registry
    registry.css_files = [x for x in registry.css_files if not _unused(x[0])]
    registry.js_files = [x for x in registry.js_files if not _unused(x[0])]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _unused(filename):
    return any(word in (filename or "") for word in FILES)
