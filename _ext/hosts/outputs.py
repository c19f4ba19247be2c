"""What a code cell has computed that a page cannot show."""

from . import markdown

SHOWN = {"text/html", "text/markdown", "text/latex", "text/plain"}
LONGEST = 100  # lines; a reader scrolls past more


def troubles(parser, outputs):
    """Yield what a reader of the book would miss, and what to do.

    Parameters
    ----------
    parser : MarkdownIt
        As for `markdown.troubles`.
    outputs : list of NotebookNode

    Yields
    ------
    str
    """
    lines = 0
    for output in outputs:
        data = output.get("data", {})
        if data and not any(kind in SHOWN or kind.startswith("image/") for kind in data):
            yield f"an output is only {', '.join(data)}: display text/plain beside it"
        if "text/html" not in data:
            lines += (output.get("text") or data.get("text/plain", "")).count("\n")
            yield from markdown.troubles(parser, data.get("text/markdown", ""), plain=True)
    if lines > LONGEST:
        yield (
            f"{lines} printed lines, at most {LONGEST}: print the rows that the text "
            "speaks of, or draw a figure"
        )
