"""The book to take along: all pages in one zip, the code in another, PDFs if made."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ZIP, CODE = "bn-samjho.zip", "bn-samjho-code.zip"
BUILT = {"_build", "__pycache__", ZIP}  # is not packed, as is nothing that is hidden


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
    _zip(out / ZIP, out)


def _zip(target, folder):
    """Pack a folder; the same files always give the same zip."""
    with ZipFile(target, "w") as packed:
        for path in _files(folder):
            place = path.relative_to(folder).as_posix()
            info = ZipInfo(f"{target.stem}/{place}")  # without the time
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            packed.writestr(info, path.read_bytes())


def _files(folder):
    for path in sorted(folder.iterdir()):
        if path.name in BUILT or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path
