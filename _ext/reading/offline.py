"""The book to take along: all pages in one zip, the code in another, PDFs if made."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ZIP, CODE = "bn-samjho.zip", "bn-samjho-code.zip"
# What a reader needs to run and test everything, and nothing that was built.
SOURCES = (
    "*.md",
    "*.toml",
    "*.txt",
    "*.yml",
    "LICENSE*",
    "Makefile",
    "_ext/**/*",
    "_static/**/*",
    "bn_lib/**/*",
    "chapters/**/*",
    "tests/**/*",
)


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
    texts = [*source.glob("chapters/*"), *source.glob("_static/*")]
    changed = max(path.stat().st_mtime for path in texts)
    papers = sorted(source.glob("_build/pdf/*.pdf"))
    return [paper for paper in papers if paper.stat().st_mtime > changed]


def _pack(app, exception):
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for path in _papers(app):
        (out / path.name).write_bytes(path.read_bytes())
    (out / ZIP).unlink(missing_ok=True)
    source = Path(app.srcdir)
    _zip(out / CODE, source, {path for form in SOURCES for path in source.glob(form)})
    _zip(out / ZIP, out, set(out.rglob("*")) - {out / ZIP})


def _zip(target, folder, paths):
    """Pack files below a folder; the same files always give the same zip."""
    with ZipFile(target, "w") as packed:
        for path in sorted(paths):
            place = path.relative_to(folder)
            if not path.is_file() or _made_by_tools(place):
                continue
            info = ZipInfo(f"{target.stem}/{place.as_posix()}")  # without the time
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            packed.writestr(info, path.read_bytes())


def _made_by_tools(place):
    return any(part.startswith((".", "__pycache__")) for part in place.parts)
