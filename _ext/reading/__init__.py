"""The page around a chapter: header, contents, downloads, and one file of each kind.

The theme is Furo, which is light; this package replaces its page template, so that all
that is said around the text is said in both languages, and joins the style sheets into
one and the scripts into one.

Configuration values
--------------------
reading_repository : str
    Where the book's sources live, such as ``https://github.com/owner/name``. Empty by
    default: then the environment variable ``BOOK_REPOSITORY`` counts, and without it
    there are no links to the repository, Binder and Colab. Where the book itself will
    stand is told by ``html_baseurl`` or the environment variable ``BOOK_URL``: canonical
    addresses and preview pictures need it.
reading_description : str
    What search engines and previews say about the book.
"""

from pathlib import Path

from . import assets, chapter_map, folded, images, minutes, offline, page, paths

HERE = Path(__file__).parent


def setup(app):
    """Register the package."""
    app.add_config_value("reading_repository", "", "html", [str])
    app.add_config_value("reading_description", "", "html", [str])
    app.connect("config-inited", _configure, priority=100)
    app.connect("builder-inited", _colour_code, priority=100)  # before the theme's own
    app.add_js_file("reading.js", priority=40)  # lays out what the switch then shows
    page.setup(app)
    minutes.setup(app)
    paths.setup(app)
    assets.setup(app)
    images.setup(app)
    chapter_map.setup(app)
    folded.setup(app)
    offline.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _configure(app, config):
    config.templates_path.append(str(HERE / "templates"))
    config.html_static_path.append(str(HERE / "static"))


def _colour_code(app):
    # The theme defines this value too late for _config.yml to set it.
    app.config.pygments_dark_style = "github-dark-high-contrast"
