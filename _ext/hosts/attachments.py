"""Pictures that lie inside a notebook, pasted into a Markdown cell."""

import base64
import hashlib
import mimetypes
import os
import re
from pathlib import Path
from urllib.parse import unquote

LINK = re.compile(r"(?<=\]\()<?attachment:([^)\s>]+)>?")


def place(app, docname, cell):
    """Write the pictures of a cell to files and name those in its text.

    Parameters
    ----------
    app : Sphinx
    docname : str
        The page of the cell.
    cell : NotebookNode
        Its source is changed.

    Yields
    ------
    str
        For each picture that is named and not there.
    """
    # Beside the pages, as MyST-NB does with those of outputs; Sphinx copies them.
    folder = Path(app.outdir).parent / "attachments"
    page = Path(app.env.doc2path(docname)).parent
    held = cell.get("attachments", {})
    for name in dict.fromkeys(LINK.findall(cell.source)):
        if unquote(name) not in held:
            yield f"attachment:{name} is not in the cell: paste the picture again"
            continue
        path = _write(folder, held[unquote(name)])
        address = Path(os.path.relpath(path, page)).as_posix()
        pattern = rf"(?<=\]\()<?attachment:{re.escape(name)}>?"
        cell.source = re.sub(pattern, f"<{address}>", cell.source)


def _write(folder, forms):
    kind, text = next(iter(forms.items()))
    data = base64.b64decode(text)
    suffix = mimetypes.guess_extension(kind) or ""
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
