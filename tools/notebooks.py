"""Run the notebooks, and keep each and its text form alike: ``make notebooks``.

`chapters/NN_name.ipynb` and `chapters/text/NN_name.md` (Jupytext's ``md:myst``) hold the
same cells, tags and metadata; outputs stand in the notebook alone. Either may be edited.
"""

import argparse
import re
import subprocess
from contextlib import suppress

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs
from nbclient import NotebookClient

from tools.book import CHAPTERS, ROOT

FORMAT = "md:myst"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CELL_METADATA = {"jupyter", "mystnb", "tags"}


def notebooks():
    """Return the path of every notebook, also where there is only its text form yet."""
    texts = CHAPTERS.glob("text/*.md")
    paths = {*CHAPTERS.glob("*.ipynb"), *(CHAPTERS / f"{t.stem}.ipynb" for t in texts)}
    return sorted(paths)


def text_path(notebook_path):
    """Return where the text form of a notebook lies."""
    return notebook_path.parent / "text" / f"{notebook_path.stem}.md"


def tidy(notebook):
    """Take out of a notebook what Colab, VS Code and JupyterLab leave in it.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed: cells without an id get one, the metadata is what the book uses.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    seen = set()
    for cell in notebook.cells:
        name = cell.get("id") or cell.metadata.get("id", "")  # the latter is Colab's
        fit = re.fullmatch(r"[\w-]{1,64}", name, re.A) and name not in seen
        cell.id = name if fit else nbformat.corpus.words.generate_corpus_id()
        seen.add(cell.id)
        for extra in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[extra]
    return notebook


def as_text(notebook):
    """Return the text form of a notebook, its metadata in the order of the file."""
    as_stored = nbformat.v4.reads(nbformat.v4.writes(notebook))
    return jupytext.writes(as_stored, FORMAT)


def with_text(notebook, text):
    """Return the notebook with the cells of a text, and its own ids and outputs."""
    return tidy(combine_inputs_with_outputs(jupytext.reads(text, FORMAT), notebook))


def edited(own, text, agreed):
    """Tell which form was edited since both agreed.

    Parameters
    ----------
    own, text : str
        The notebook's cells as text, and the text form; empty where there is none.
    agreed : iterable of str
        What both once were, the last first.

    Returns
    -------
    str
        ``"text"`` or ``"notebook"``; the latter also if they are alike.

    Raises
    ------
    ValueError
        If both were edited, or it cannot be known.
    """
    if own == text or not text:
        return "notebook"
    if not own:
        return "text"
    for once in agreed:
        if once in (own, text):
            return "text" if once == own else "notebook"
    raise ValueError(
        "the notebook and its text form differ, and both were edited: say which one "
        "counts with `make notebooks KEEP=text` or `make notebooks KEEP=notebook`"
    )


def synchronized(path, keep=None):
    """Return a notebook in which the edits of its text form are, or the other way.

    Parameters
    ----------
    path : Path
        Of the notebook. It need not exist where its text form does.
    keep : {"text", "notebook"}, optional
        Which form counts where both were edited.

    Returns
    -------
    nbformat.NotebookNode
        Nothing is written.

    Raises
    ------
    ValueError
        If both were edited and none is to be kept.
    """
    notebook, own, text = nbformat.v4.new_notebook(), "", ""
    if path.exists():
        notebook = tidy(nbformat.v4.reads(path.read_text("utf-8")))
        own = as_text(notebook)
    if text_path(path).exists():
        text = text_path(path).read_text("utf-8")
    try:
        counts = edited(own, text, _agreed(path))
    except ValueError:
        if keep is None:
            raise
        counts = keep
    return with_text(notebook, text) if counts == "text" else notebook


def _stamp(path):
    return ROOT / "_build" / "text" / text_path(path).name


def _agreed(path):
    """Yield the text form as it was left here last time, and as git has it.

    A commit in which the forms differ, a merge say, is nothing that they agreed on.
    """
    if _stamp(path).exists():
        yield _stamp(path).read_text("utf-8")
    with suppress(FileNotFoundError):  # where there is no git
        text, notebook = map(_committed, (text_path(path), path))
        if notebook and as_text(tidy(nbformat.v4.reads(notebook))) == text:
            yield text


def _committed(path):
    place = path.relative_to(ROOT).as_posix()
    asked = ["git", "-C", ROOT, "show", f"HEAD:{place}"]
    return subprocess.run(asked, capture_output=True, encoding="utf-8").stdout


def write(path, notebook):
    """Write a notebook and its text form."""
    nbformat.write(notebook, path)
    for place in (text_path(path), _stamp(path)):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(as_text(notebook), "utf-8")


def run(path, notebook):
    """Return the notebook with fresh outputs."""
    folder = {"metadata": {"path": path.parent}}
    # What a cell prints arrives in pieces that differ each time: they are joined.
    options = {"kernel_name": KERNEL["name"], "record_timing": False}
    client = NotebookClient(notebook, resources=folder, coalesce_streams=True, **options)
    return tidy(client.execute())


def main(arguments=None):
    """Bring the named chapters up to date, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chapters = {path.stem.partition("_")[2]: path for path in notebooks()}
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help=", ".join(chapters))
    parser.add_argument("--keep", choices=["text", "notebook"])
    asked = parser.parse_args(arguments)
    if unknown := set(asked.chapters) - set(chapters):
        parser.error(f"expected chapters of {list(chapters)}, got {sorted(unknown)}")
    for path in map(chapters.get, asked.chapters or chapters):
        try:
            notebook = synchronized(path, asked.keep)
        except ValueError as error:
            parser.exit(1, f"{path.name}: {error}\n")
        write(path, run(path, notebook))


if __name__ == "__main__":
    main()
