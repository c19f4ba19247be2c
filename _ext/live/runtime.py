"""Python for the page: the official files of Pyodide, checked, and packed for a browser.

From a folder a page can neither fetch a file nor start a worker from one; a script it can
load. So each file is gzipped and cut into scripts that hold it as text, for both ways of
reading: over http its packing is undone again by the server's own gzip.
"""

import base64
import gzip
import hashlib
import io
import os
import shutil
import urllib.request
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sphinx.errors import ExtensionError

VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
# Name to SHA-256; that of the wheel also stands in the lock file.
FILES = {
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08"
    ),
}
# A phone on a slow line shows progress, and repeats no more than this.
PIECE = 384 * 1024
HERE = Path(__file__).parent
# Nothing on a page draws, measures claims or uses torch.
NOT_PACKED = {"__pycache__", "pytorch", "explorer", "playground", "widget", "figures.py"}
NOT_PACKED |= {"claims.py", "claims.toml", "measured.json"}


def obtain(folder):
    """Have all files in a folder, each with its right hash.

    Parameters
    ----------
    folder : Path
        Keeps them; what is there and right is not loaded again. They come from the
        folder or address that the environment variable ``PYODIDE_MIRROR`` names, else
        from the CDN of Pyodide.

    Returns
    -------
    dict
        Name to content.

    Raises
    ------
    ExtensionError
        If a file cannot be had, or is not the official one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mirror = os.environ.get("PYODIDE_MIRROR") or CDN
    return {name: _one(folder / name, mirror, digest) for name, digest in FILES.items()}


def _one(path, mirror, digest):
    if path.exists() and _digest(path.read_bytes()) == digest:
        return path.read_bytes()
    place = f"{mirror.rstrip('/')}/{path.name}"
    try:
        if "://" in mirror:
            with urllib.request.urlopen(place, timeout=60) as answer:
                content = answer.read()
        else:
            content = Path(place).read_bytes()
    except OSError as error:
        raise ExtensionError(
            f"live: expected Pyodide {VERSION} at {place}, got {error}. Connect, or name a "
            "folder with its files in PYODIDE_MIRROR"
        ) from error
    if _digest(content) != digest:
        raise ExtensionError(
            f"live: expected the official {path.name} of Pyodide {VERSION} with SHA-256 "
            f"{digest}, got {_digest(content)} from {place}"
        )
    path.write_bytes(content)
    return content


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def pack(files, folder):
    """Write files as scripts.

    Parameters
    ----------
    files : dict
        Name to content.
    folder : Path
        Is made anew.

    Returns
    -------
    dict
        Name to its pieces in order: ``file`` in the folder, ``bytes`` of it as loaded by
        a server that compresses, and the ``hash`` of what it holds.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packed = {}
    for name, content in files.items():
        content = gzip.compress(content, 9, mtime=0)
        pieces = [content[i : i + PIECE] for i in range(0, len(content), PIECE)]
        packed[name] = [_write(folder, name, i, piece) for i, piece in enumerate(pieces)]
    return packed


def _write(folder, name, number, piece):
    digest = _digest(piece)
    file = f"{name}.{number}.{digest[:8]}.js"
    text = base64.b64encode(piece).decode()
    (folder / file).write_text(f'bnLive.receive("{file}", "{text}");\n', "ascii")
    return {"file": file, "bytes": len(piece), "hash": digest}


def library(source):
    """Return a zip of what exercises and cells import: `bn_lib` without figures and torch.

    Parameters
    ----------
    source : Path
        The folder that holds ``bn_lib``.
    """
    file = io.BytesIO()
    with ZipFile(file, "w") as packed:
        paths = [*sorted((source / "bn_lib").rglob("*.*")), HERE / "runner.py"]
        for path in paths:
            place = path.relative_to(HERE if path.parent == HERE else source)
            if path.is_file() and NOT_PACKED.isdisjoint(place.parts):
                info = ZipInfo(place.as_posix())  # without the time
                info.compress_type = ZIP_DEFLATED
                packed.writestr(info, path.read_bytes())
    return file.getvalue()
