"""What stands around the text: reading time, downloads, links to the repository."""

import os
from math import ceil
from pathlib import Path

from docutils import nodes
from markupsafe import escape

from bilingual.boxes import Box
from bilingual.languages import read_languages

WORDS_A_MINUTE = 180
# A code cell with its output, or a figure, is looked at for a while.
SECONDS_A_CELL = 20


def setup(app):
    """Register the hooks."""
    app.connect("config-inited", _know_address)
    app.connect("doctree-read", _measure)
    app.connect("env-merge-info", _merge)
    app.connect("env-purge-doc", lambda app, env, name: measurements(env).pop(name, None))
    app.connect("html-page-context", _describe)
    app.connect("build-finished", _write_front, priority=900)  # over Jupyter Book's own


def _know_address(app, config):
    # Previews need whole addresses; where a book will stand, only its publisher knows.
    config.html_baseurl = config.html_baseurl or os.environ.get("BOOK_URL", "")


def measurements(env):
    """Return what is known of each page's length, by its name."""
    if not hasattr(env, "reading"):
        env.reading = {}
    return env.reading


def _merge(app, env, docnames, other):
    measurements(env).update({name: measurements(other)[name] for name in docnames})


def _measure(app, doctree):
    name = app.env.docname
    measurements(app.env)[name] = {
        "minutes": reading_minutes(doctree, app.config),
        "exercises": sum(box["kind"] == "exercise" for box in doctree.findall(Box)),
    }


def reading_minutes(doctree, config):
    """Estimate how long one language of a page takes, in whole minutes."""
    languages = read_languages(config)
    others = {f"lang-{language.tag}" for language in languages[1:]}
    prose = (node for node in doctree.findall(nodes.TextElement) if _is_prose(node, others))
    words = sum(len(node.astext().split()) for node in prose)
    containers = doctree.findall(nodes.container)
    cells = sum("cell" in node["classes"] for node in containers)
    return ceil(words / WORDS_A_MINUTE + cells * SECONDS_A_CELL / 60)


def _is_prose(node, others):
    """Tell paragraphs and titles of the first language, and those that all share."""
    if not isinstance(node, nodes.paragraph | nodes.title | nodes.term):
        return False
    while node is not None and not others & set(node.get("classes", [])):
        node = node.parent
    return node is None


def _describe(app, pagename, templatename, context, doctree):
    config = app.config
    context["reading"] = measurements(app.env).get(pagename)
    context["description"] = config.reading_description
    context["preview"] = f"{config.html_baseurl.rstrip('/')}/_static/social.png"
    context["repository"] = repository(config)
    notebook = Path(app.srcdir, f"{pagename}.ipynb")
    if notebook.is_file():
        context["notebook"] = notebook.name
        context["links"] = repository_links(context["repository"], pagename)


# The address that people share: what it is, and on to the first page.
FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<meta name="description" content="{description}">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<link rel="icon" href="_static/icon.svg">
{picture}<meta http-equiv="refresh" content="0; url={first}">
<p><a href="{first}">{title}</a></p>
"""


def _write_front(app, exception):
    if exception or app.builder.name != "html":
        return
    first = app.builder.get_target_uri(app.config.root_doc)
    address = app.config.html_baseurl.rstrip("/")
    picture = f'<meta property="og:image" content="{address}/_static/social.png">\n'
    text = FRONT.format(
        title=escape(app.config.html_title),
        description=escape(app.config.reading_description),
        picture=picture if address else "",
        first=first,
    )
    Path(app.outdir, "index.html").write_text(text, "utf-8")


def repository(config):
    """Return the address of the sources without a slash at its end, or nothing."""
    address = config.reading_repository or os.environ.get("BOOK_REPOSITORY", "")
    return address.rstrip("/").removesuffix(".git")


def repository_links(address, pagename, branch="main"):
    """Return where a notebook can be seen and run, by the name of the place.

    Binder and Colab know repositories on GitHub alone; for others there is only the
    link to the source. Colab takes the copy on the branch ``colab``, which installs
    the library first.
    """
    if not address:
        return {}
    path = f"{pagename}.ipynb"
    links = {"Source": f"{address}/blob/{branch}/{path}"}
    host, _, name = address.partition("github.com/")
    if host == "https://" and name.count("/") == 1:
        colab = "https://colab.research.google.com/github"
        binder = "https://mybinder.org/v2/gh"
        links["Colab"] = f"{colab}/{name}/blob/colab/{path}"
        links["Binder"] = f"{binder}/{name}/{branch}?labpath={path}"
    return links
