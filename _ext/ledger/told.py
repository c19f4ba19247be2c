"""Where a claim is told: the boxes of the chapters, found and linked to the ledger."""

import re

from docutils import nodes

PAGE = "chapters/ledger"
BOX = '<div class="bn-ruling"'
CODE = re.compile(r"<code>([a-z]+\.[a-z0-9-]+)</code>")


def setup(app):
    """Register the collector."""
    app.connect("doctree-read", _find)
    app.connect("env-purge-doc", lambda app, env, name: told(env).pop(name, None))
    app.connect("env-merge-info", _merge)


def told(env):
    """Return the sections that tell claims.

    Returns
    -------
    dict of str to dict of str to str
        Document, then claim, then the id of the section that shows its box first.
    """
    if not hasattr(env, "claims_told"):
        env.claims_told = {}
    return env.claims_told


def _find(app, doctree):
    found = {}
    linked = PAGE in app.env.found_docs
    for box in doctree.findall(nodes.raw):
        if BOX not in box.astext():
            continue
        name = CODE.search(box.astext())[1]
        section = box
        while section and not isinstance(section, nodes.section):
            section = section.parent
        found.setdefault(name, section["ids"][0])
        if linked:
            here = app.env.docname
            link = app.builder.get_relative_uri(here, PAGE)
            text = CODE.sub(rf'<a href="{link}#\1"><code>\1</code></a>', box.astext(), 1)
            box.children = [nodes.Text(text)]
            box.rawsource = text
    told(app.env)[app.env.docname] = found


def _merge(app, env, docnames, other):
    told(env).update({name: told(other)[name] for name in docnames if name in told(other)})
