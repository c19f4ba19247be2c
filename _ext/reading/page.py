"""What stands around the text: its time, downloads, links to the repository."""

import os
from pathlib import Path

from markupsafe import escape

from .minutes import in_words, lengths


def setup(app):
    """Register the hooks."""
    app.connect("config-inited", _know_address)
    app.connect("html-page-context", _describe)
    app.connect("build-finished", _write_front, priority=900)  # over Jupyter Book's own


def _know_address(app, config):
    # Previews need whole addresses; where a book will stand, only its publisher knows.
    config.html_baseurl = config.html_baseurl or os.environ.get("BOOK_URL", "")


def _describe(app, pagename, templatename, context, doctree):
    config = app.config
    context["description"] = config.reading_description
    context["preview"] = f"{config.html_baseurl.rstrip('/')}/_static/social.png"
    context["repository"] = repository(config)
    notebook = Path(app.srcdir, f"{pagename}.ipynb")
    if notebook.is_file():
        context["notebook"] = notebook.name
        context["time"] = in_words(lengths(app.env)[pagename].whole, config)
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
