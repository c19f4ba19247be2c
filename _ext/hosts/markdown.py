"""What is written in Markdown that another host draws and the book would not."""

import re
from html.parser import HTMLParser

# GitHub keeps these, and so does JupyterLab; what they drop, the book would run.
ELEMENTS = re.findall(
    r"\w+",
    """a abbr b blockquote br cite code dd del details div dl dt em figcaption figure h1 h2
    h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup
    table tbody td tfoot th thead tr u ul var wbr""",
)
VOID = {"br", "hr", "img", "wbr"}
DRAWN_ELSEWHERE = {"math": "$$", "mermaid": "a figure", "geojson": "a figure"}

OPTIONS = re.compile(r"\A(?::[\w-]+:.*\n)+")  # of a directive

# What is left in the text when all that the book draws has been taken out.
LEFT_OVER = {
    r"\\\(.*?\\\)|\\\[.*?\\\]": "write $…$ or $$…$$ for a formula, brackets without \\",
    r"(?<!\\)\$": "opens no formula that ends: close it, in a table write \\mid or \\Vert "
    "in place of |, and write \\$ for the sign",
    r"\\(?:begin|end)\{\w+\*?\}": "is no formula here: write it between lines of $$",
    r"^\[!\w+\]": "is a box on GitHub alone: write **Note:** or tag the cell for a box",
    r"(?<!~)~[^~\s](?:[^~]*[^~\s])?~(?!~)": "write ~~ for struck text, \\~ for the sign",
    r"(?<![\w:]):[a-z][a-z0-9_]+:(?![\w:])": "is a picture on GitHub alone: write the sign "
    "itself",
    r"\[\^[^\]\s]+\]": "is a footnote without a text: write it in the sentence",
}


def troubles(parser, source, plain=False):
    r"""Yield what another host draws and the book would not, and what to write.

    Parameters
    ----------
    parser : MarkdownIt
        The book's parser, without the rule ``text_join``.
    source : str
        Markdown.
    plain : bool
        If it is read elsewhere, too: then nothing may be for Sphinx only.

    Yields
    ------
    str
    """
    html = _Html()
    for token in parser.parse(source):
        yield from _block(token, plain)
        if token.type == "html_block":
            html.read(token.content)
            if "$" in token.content:
                yield "a $ inside HTML: write formulas outside of it"
        elif token.type == "inline":
            yield from _inline(token.children, plain)
            for child in token.children:
                if child.type == "html_inline" and "task-list-item" not in child.content:
                    html.read(child.content)
        elif token.type == "colon_fence" and token.info.startswith("{lang}"):
            text = OPTIONS.sub("", token.content)
            yield from troubles(parser, text, plain)
    yield from html.troubles()


def _block(token, plain):
    word = token.info.strip().split(" ")[0]
    if token.type == "footnote_reference_open":
        yield (
            f"the footnote {token.meta['label']!r} would show in both languages: write it "
            "in the sentence, in brackets"
        )
    elif token.type == "fence" and word in DRAWN_ELSEWHERE:
        yield f"```{word} is drawn on GitHub alone: write {DRAWN_ELSEWHERE[word]}"
    elif plain and token.type in ("myst_target", "front_matter"):
        yield f"{token.content or token.meta!r} is for Sphinx only: leave it out"
    elif plain and (token.type == "colon_fence" or re.match(r"\{.*\}", token.info)):
        yield f"{token.markup}{token.info} is for Sphinx only: tag the cell for a box"


def _inline(children, plain):
    text = []
    for token in children:
        if token.type == "text":
            text.append(token.content)
        elif token.type == "text_special":  # \$ and the like
            text.append(token.markup)
        else:
            text.append("\n" if token.type == "softbreak" else "\0")
        if token.type == "image" and any("math" in child.type for child in token.children):
            yield f"the description of {token.attrs['src']} drops its formula: write words"
        if plain and token.type == "myst_role":
            yield f"{{{token.meta['name']}}} is for Sphinx only: write Markdown"
        if token.type == "footnote_ref":
            yield f"the footnote [^{token.meta['label']}] would leave its language: " + (
                "write it in the sentence, in brackets"
            )
    text = "".join(text)
    for pattern, instead in LEFT_OVER.items():
        if match := re.search(pattern, text, re.S):
            around = text[match.start() :][: max(20, len(match[0]))].replace("\0", "…")
            yield f"{' '.join(around.split())}: {instead}"


class _Html(HTMLParser):
    """Collects what HTML in Markdown would take with it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self._open, self._unknown, self._pictures, self._comments = [], [], [], 0

    def read(self, text):
        """Read the next piece of a cell."""
        self._comments += text.count("<!--") - text.count("-->")
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS:
            self._unknown.append(tag)
        elif tag == "img" and not re.match(r"https?:|data:", dict(attrs).get("src") or ""):
            self._pictures.append(dict(attrs).get("src"))
        elif tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        elif tag in ELEMENTS and tag not in VOID:
            self._open.append(f"/{tag}")

    def troubles(self):
        """Yield what does not end where it began, or vanishes."""
        for tag in dict.fromkeys(self._unknown):
            yield f"<{tag}> is taken for HTML and dropped: write \\< for the sign"
        for address in self._pictures:
            yield f"<img> of {address} would not be found: write ![…]({address})"
        if self._open:
            yield f"<{self._open[0]}> has no counterpart in its cell: write both"
        if self._comments:
            yield "<!-- has no --> in its cell: write both"
