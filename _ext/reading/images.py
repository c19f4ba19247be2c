"""Images that wait their turn, at a size that is known before they come."""

import re
from posixpath import basename

from sphinx.util.images import get_image_size

IMG = re.compile(r'<img\b(?P<rest>[^>]*?\bsrc="(?P<src>[^"]*/_images/[^"]+)"[^>]*?)\s*/?>')


def setup(app):
    """Register the hook."""
    app.connect("html-page-context", _size_images, priority=900)


def _size_images(app, pagename, templatename, context, doctree):
    if "body" not in context:
        return
    # The builder copies the files only when all pages are written.
    sources = {name: source for source, name in app.builder.images.items()}
    context["body"] = IMG.sub(lambda match: _sized(match, sources), context["body"])


def _sized(match, sources):
    source = sources.get(basename(match["src"]))
    size = get_image_size(source) if source else None
    if size is None or "width=" in match["rest"]:
        return match[0]
    known = f'width="{size[0]}" height="{size[1]}" loading="lazy" decoding="async"'
    return f"<img{match['rest']} {known}>"
