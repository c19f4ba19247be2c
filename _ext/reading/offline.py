"""The book to take along: all pages in one zip, the code in another, PDFs if made.

Where pages run Python, a third zip has that too; the first stays small, without it.
"""

import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ZIP, CODE, LIVE = "bn-samjho.zip", "bn-samjho-code.zip", "bn-samjho-python.zip"
# Is not packed, as is nothing that is hidden.
BUILT = {"_build", "__pycache__", ZIP, LIVE}
# What a page says of running Python; without it nothing is offered.
RUNS = re.compile(rb"<!--live-->.*?<!--/live-->", re.S)


def setup(app):
    """Register the hooks."""
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _pack, priority=990)  # when all files are as they stay


def _offer(app, pagename, templatename, context, doctree):
    context["offline_zip"], context["offline_live"] = ZIP, LIVE
    context["offline_pdfs"] = {
        path.stem.rpartition("-")[2]: path.name for path in _papers(app)
    }


def _papers(app):
    """Return the PDFs that were made after the last change of what they say."""
    source = Path(app.srcdir)
    texts = [*source.glob("chapters/**/*"), *source.glob("_static/**/*")]
    changed = max(path.stat().st_mtime for path in texts if path.is_file())
    papers = sorted(source.glob("_build/pdf/*.pdf"))
    return [paper for paper in papers if paper.stat().st_mtime > changed]


def _pack(app, exception):
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for path in _papers(app):
        (out / path.name).write_bytes(path.read_bytes())
    _zip(out / CODE, Path(app.srcdir))
    if (out / "_static" / "live").is_dir():
        _zip(out / LIVE, out)
    _zip(out / ZIP, out, live=False)


def _zip(target, folder, live=True):
    """Pack a folder; the same files always give the same zip."""
    with ZipFile(target, "w") as packed:
        for path in _files(folder, BUILT if live else BUILT | {"live"}):
            place = path.relative_to(folder).as_posix()
            info = ZipInfo(f"{target.stem}/{place}")  # without the time
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            content = path.read_bytes()
            if not live and path.suffix == ".html":
                content = RUNS.sub(b"", content)
            packed.writestr(info, content)


def _files(folder, but):
    for path in sorted(folder.iterdir()):
        if path.name in but or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path, but)
        else:
            yield path
