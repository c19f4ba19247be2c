"""Python on the page: exercises, and cells tagged ``live``, that run where one reads.

`make live` builds with it, `make book` without: then nothing of it is on any page.

Configuration value
-------------------
live_runtime : str
    A folder for the files of Pyodide; see `live.runtime`. Empty by default: then the
    environment variable ``BOOK_LIVE`` counts, and without it pages stay as they are.
"""

import json
import os
from pathlib import Path

from . import runtime

HERE = Path(__file__).parent
FOLDER = "_static/live"
# Nothing may come from elsewhere, whatever a reader's code tries. Scripts stand in pages,
# as those of the explorers do; Python is compiled by the browser.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'"
)


def setup(app):
    """Register the package; it does nothing without a runtime."""
    app.add_config_value("live_runtime", os.environ.get("BOOK_LIVE", ""), "html", [str])
    app.connect("config-inited", _configure, priority=100)
    app.connect("builder-inited", _write_runtime)
    app.connect("html-page-context", _add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _configure(app, config):
    config.templates_path.append(str(HERE / "templates"))
    if config.live_runtime:
        config.html_static_path.append(str(HERE / "static"))
        app.add_css_file("live.css")
        app.add_js_file("live.js", priority=60)
        app.add_js_file("progress.js", priority=61)


def _write_runtime(app):
    app.live_megabytes = None
    if not app.config.live_runtime or app.builder.name != "html":
        return
    files = runtime.obtain(Path(app.srcdir, app.config.live_runtime))
    files["bn_lib.zip"] = runtime.library(Path(app.srcdir))
    files["worker.js"] = (HERE / "worker.js").read_bytes()
    folder = Path(app.outdir) / FOLDER / "runtime"
    packed = runtime.pack(files, folder)
    (folder / "list.js").write_text(f"bnLive.pieces = {json.dumps(packed)};\n", "ascii")
    bytes_ = sum(piece["bytes"] for pieces in packed.values() for piece in pieces)
    app.live_megabytes = round(bytes_ / 1e6)


def _add_to_page(app, pagename, templatename, context, doctree):
    context["live_megabytes"] = app.live_megabytes
    if app.live_megabytes:
        policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        context["metatags"] = policy + context.get("metatags", "")
