"""The book to take along: all pages in one zip, and the PDFs if they were made."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ZIP = "bn-samjho.zip"


def setup(app):
    """Register the hooks."""
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _pack, priority=990)  # when all files are as they stay


def _offer(app, pagename, templatename, context, doctree):
    context["offline_zip"] = ZIP
    context["offline_pdfs"] = {
        path.stem.rpartition("-")[2]: path.name for path in _papers(app)
    }


def _papers(app):
    return sorted(Path(app.srcdir, "_build", "pdf").glob("*.pdf"))


def _pack(app, exception):
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for path in _papers(app):
        (out / path.name).write_bytes(path.read_bytes())
    target = out / ZIP
    target.unlink(missing_ok=True)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    with ZipFile(target, "w", ZIP_DEFLATED) as packed:
        for path in files:
            # Without the time of the build: the same book gives the same file.
            info = ZipInfo(f"bn-samjho/{path.relative_to(out).as_posix()}")
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            packed.writestr(info, path.read_bytes())
