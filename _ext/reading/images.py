"""Images that wait their turn, at a size that is known before they come."""

import re
from pathlib import Path
from posixpath import basename

from docutils import nodes
from sphinx.util.images import get_image_size

IMG = re.compile(r'<img\b(?P<rest>[^>]*?\bsrc="(?P<src>[^"]*/_images/[^"]+)"[^>]*?)\s*/?>')


def setup(app):
    """Register the hooks."""
    app.connect("doctree-read", _leave_size_to_style)
    app.connect("html-page-context", _size_images, priority=900)


def _leave_size_to_style(app, doctree):
    # A notebook says how large a figure is for hosts that have no style sheet for it. Ours
    # fits it to the screen, where a height of its own would stretch it.
    outputs = (c for c in doctree.findall(nodes.container) if "cell_output" in c["classes"])
    for image in (image for output in outputs for image in output.findall(nodes.image)):
        for size in ("width", "height"):
            image.attributes.pop(size, None)


def _size_images(app, pagename, templatename, context, doctree):
    if "body" not in context:
        return
    # The builder copies the files only when all pages are written.
    images = app.builder.images.items()
    sources = {name: Path(app.srcdir, source) for source, name in images}
    context["body"] = IMG.sub(lambda match: _sized(match, sources), context["body"])


def _sized(match, sources):
    source = sources.get(basename(match["src"]))
    size = get_image_size(source) if source else None
    if size is None or "width=" in match["rest"]:
        return match[0]
    known = f'width="{size[0]}" height="{size[1]}" loading="lazy" decoding="async"'
    return f"<img{match['rest']} {known}>"
