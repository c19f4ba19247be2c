r"""A book of two pages that holds every construct a notebook may bring.

`DRAWN` are cells of a page that must come out right; `REFUSED` are cells that must stop
the build, each with a piece of what is said of it. The tests look at the markup, those in
`browser/` at the page in Chromium.
"""

import shutil
import subprocess
import sys

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.book import ROOT
from tools.notebooks import KERNEL

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
WIDGET = "application/vnd.jupyter.widget-view+json"

# --- drawn right ---------------------------------------------------------------------

# Formula, a selector that finds something in it, and what is written there.
FORMULAS = {
    "less-in-text": (r"\text{p<eps}", "mtext", "p<eps"),
    "and-in-text": (r"\text{p \& q}", "mtext", "p & q"),
    "percent": (r"50\%", "mn ~ mi", "%"),
    "percent-in-text": (r"\text{50\% of all}", "mtext", "50% of all"),
    "not-equal": (r"a \not= b", "mo", "≠"),
    "not-in": (r"a \not\in B", "mo", "∉"),
    "gathered": (
        r"\begin{gathered} a=b \\ c=d \end{gathered}",
        "mtr:nth-of-type(2)",
        "c=d",
    ),
    "multline": (
        r"\begin{multline*} a \\ +b \\ +c \end{multline*}",
        "mtr + mtr + mtr",
        "+c",
    ),
    "tag": (r"a = b \tag{3}", "mtd > mtext", "(3)"),
    "tag-of-rows": (
        r"\begin{aligned} a &= b \\ c &= d \end{aligned} \tag{4}",
        "mtd > mtext",
        "(4)",
    ),
    "tagged-align": (
        r"\begin{align} a &= b \tag{5} \\ c &= d \notag \end{align}",
        "mtd > mtext",
        "(5)",
    ),
    "boxed": (r"\boxed{a+b}", "menclose[notation=box]", "a+b"),
    "cancel": (r"\cancel{ab} + \xcancel{c}", "menclose[notation=updiagonalstrike]", "ab"),
    "array-rules": (
        r"\begin{array}{l|r} a & b \\ \hline c & d \end{array}",
        "mtd[style*=border-top][style*=border-right]",
        "c",
    ),
    "roman-letter": (r"\mathrm{d}x", "mi[mathvariant=normal]", "d"),
    "roman-word": (r"\mathrm{Var}[x]", "mi", "Var"),
    "thousands": ("10{,}000", "mn + mo[rspace='0']", ","),
    "limits-under-max": (r"\max_{i \le n} x_i", "munder", "maxi≤n"),
    "limits-under-operator": (r"\operatorname*{arg\,max}_x f", "munder", "arg maxx"),
    "underbrace": (r"\underbrace{a+b+c}_{\text{sum}}", "munder munder", "a+b+c⏟"),
    "overset": (r"x \overset{!}{=} y", "mover", "=!"),
    "overline": (r"\overline{xyz}", "mover mrow", "xyz"),
    "underline": (r"\underline{xyz}", "munder mrow", "xyz"),
    "arrow": (r"x \xrightarrow{\text{normalize}} y", "mover > mo", "→"),
    "wide-hat": (r"\widehat{xyz}", "mover mrow", "xyz"),
    "vector": (r"\overrightarrow{AB}", "mover mo", "→"),
    "cases": (
        r"\begin{cases} 1 & x>0 \\ 0 & \text{else} \end{cases}",
        "mtr + mtr",
        "0else",
    ),
    "matrix": (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "mtr + mtr", "34"),
    "fence": (r"\left( \frac{\frac{a}{b}}{\frac{c}{d}} \right)", "mrow > mo", "("),
    "root": (r"\sqrt{\frac{a}{b}} + \sqrt{\epsilon}", "msqrt + mo + msqrt", "ϵ"),
    "bold": (r"\boldsymbol{\mu}, \mathbf{x}, \mathbf{1}", "mi", "𝝁"),
    "script": (r"\mathcal{B}, \mathbb{R}", "mi", "ℬ\ufe00"),
    "norm": (r"\lVert x \rVert_2", "mo", "‖"),
    "integral": (r"\int_0^1 \sum_{i=1}^m \prod_j", "msubsup", "∫01"),
}

# Markdown, a selector in its cell, and the text there.
MARKDOWN = {
    "after-a-line": (
        "The mean is\n$$\nx^2\n$$\nand so on.",
        "p + .math-wrapper + p",
        "and so on.",
    ),
    "in-one-line": ("So $$y^2$$ holds.", "p + .math-wrapper + p", "holds."),
    "in-a-list": ("- first\n  $$\n  z^2\n  $$\n- second", "li .math-block", "z2"),
    "in-a-nested-list": ("- one\n  - two $a_b$\n  - three", "li li math", "ab"),
    "in-a-quote": ("> said\n> $$\n> w^2\n> $$", "blockquote .math-block", "w2"),
    "bare-environment": (
        "Rows:\n\\begin{align*}\na &= b\n\\end{align*}",
        ".math-block",
        "a=b",
    ),
    "bar-in-a-table": ("| a |\n|---|\n| $p \\mid q$ |", "td math", "p∣q"),
    "percent-line": ("First\n% of all", "p", "First\n% of all"),
    "plus-line": ("+++ is three signs", "p", "+++ is three signs"),
    "struck": ("It is ~~wrong~~ right.", "s", "wrong"),
    "tasks": ("- [ ] open $x$\n- [x] done", "li + li", "☑ done"),
    "address": (
        "See https://example.org/a for it.",
        "a[href='https://example.org/a']",
        "https://example.org/a",
    ),
    "line-break": ("one<br>two", "p", "onetwo"),
    "details": (
        "<details><summary>More</summary>\n\nInside **bold**.\n\n</details>",
        "details strong",
        "bold",
    ),
    "comment": ("Seen<!-- not\nseen --> again", "p", "Seen again"),
    "less": ("If p<eps or p < q then stop.", "p", "If p<eps or p < q then stop."),
    "price": (r"It costs \$5.", "p", "It costs $5."),
    "emoji": ("Well done 🎉", "p", "Well done 🎉"),
    "colons": ("At 10:30:15 see a:b:c.", "p", "At 10:30:15 see a:b:c."),
    "tilde": ("About ~5 or ~6.", "p", "About ~5 or ~6."),
    "code": ("`a|b` and `$x$ \\(y\\)`", "code + code", r"$x$ \(y\)"),
}

# Output, a selector in it, and the text there.
OUTPUTS = {
    "markdown-output": ({"text/markdown": "**bold** and $x^2$"}, "strong", "bold"),
    "markdown-table": ({"text/markdown": "| a |\n|---|\n| $y$ |"}, "td math", "y"),
    "latex": ({"text/latex": r"$\displaystyle \frac{a}{b}$"}, ".math-block mfrac", "ab"),
    "widget": (
        {WIDGET: {"model_id": "1"}, "text/plain": "IntSlider(value=5)"},
        "pre",
        "IntSlider(value=5)\n",
    ),
    "javascript": (
        {"application/javascript": "alert(1)", "text/plain": "<JS>"},
        "pre",
        "<JS>\n",
    ),
}


def formula_cell(name):
    """Return a cell with a formula, which is on lines of its own."""
    return new_markdown_cell(f"$$\n{FORMULAS[name][0]}\n$$", id=name)


def output_cell(name, data):
    """Return a code cell that has one output."""
    output = new_output("execute_result", data, execution_count=1)
    return new_code_cell("x", id=name, execution_count=1, outputs=[output])


def drawn():
    """Return the cells of the page that must come out right, in order."""
    cells = [formula_cell(name) for name in FORMULAS]
    cells += [new_markdown_cell(source, id=name) for name, (source, *_) in MARKDOWN.items()]
    # A container of its own for each, where it can be found again.
    for cell in cells:
        cell.metadata.tags = ["english"]
    picture = new_markdown_cell("![A pixel](attachment:a%20b.png)", id="attachment")
    picture.attachments = {"a b.png": {"image/png": PIXEL}}
    shown = [output_cell(name, data) for name, (data, *_) in OUTPUTS.items()]
    return [new_markdown_cell("# Ek · One", id="title"), *cells, picture, *shown]


# --- refused by name -----------------------------------------------------------------

# Formula on a line of its own, and what is said.
BAD_FORMULAS = {
    r"\text{p & q}": r"write \& in a \text",
    r"a & b": r"write \& in a \text, or an environment such as aligned",
    r"{a": 'Expected closing token "}"',
    r"a}": "as many { as }",
    r"\left( a": r'Expected closing token "\right"',
    r"a \\ b": r"write \begin{gathered}",
    r"\begin{aligned} a \\[1em] b \end{aligned}": r"write \\ alone",
    r"\begin{aligned}[t] a \end{aligned}": "leave out the brackets",
    r"\begin{align} a &= b \\ c &= d \end{align}": "it numbers itself",
    r"\begin{align} a &= b \label{eq:a} \end{align}": r"\label: write \tag{1}",
    r"\begin{equation} a \end{equation}": "it numbers itself",
    r"\eqref{eq:a}": r"\eqref: write \tag{1}",
    r"\begin{split} a &= b \end{split}": "write aligned",
    r"\begin{eqnarray} a &=& b \end{eqnarray}": "write align*",
    r"50% of all": r"write \% for the sign",
    r"\color{red} a": "words for it",
    r"\textcolor{red}{a}": "words for it",
    r"\href{https://example.org}{a}": "a Markdown link beside the formula",
    r"\newcommand{\foo}{a} \foo": "write it out",
    r"\mathop{argmax}_x": r"\operatorname*",
    r"\widetilde{ab}": r"write \tilde",
    r"\substack{a \\ b}": "one condition",
    r"\text{if $a$}": "without $ inside",
    r"\text{a_b}": r"\_ in a \text",
    r"`a`": "without backticks",
    r"\nonsense{a}": r"Unknown command \"\nonsense\"".replace('\\"', '"'),
}

# Markdown of a cell, and what is said.
BAD_MARKDOWN = {
    "bar-in-a-table": ("| a |\n|---|\n| $|x|$ |", r"\mid or \Vert"),
    "dollar": ("It costs $5.", "opens no formula that ends"),
    "dollars": ("From $5 to $6.", "opens no formula that ends"),
    "spaces": ("So $ x $ holds.", "opens no formula that ends"),
    "two-in-a-line": ("$$a$$ and $$b$$", "$$ on a line of its own"),
    "in-bold": ("So **$$x$$** holds.", "no room for $$ here, write $: x"),
    "formula-in-description": ("![$x$](https://example.org/a.png)", "drops its formula"),
    "number-in-line": (r"In $a \tag{1}$ line.", "$$ around a formula with a number"),
    "bare-numbered": ("\\begin{align}\na &= b\n\\end{align}", r"write $$, and \tag{1}"),
    "labelled": ("$$\nx\n$$ (eq:x)", r"write $$, and \tag{1}"),
    "environment-in-line": (
        r"So \begin{cases} a \end{cases} holds.",
        "between lines of $$",
    ),
    "footnote": (
        "Said[^1] so.\n\n[^1]: There.",
        "the footnote [^1] would leave its language",
    ),
    "footnote-alone": ("[^lonely]: There.", "the footnote 'lonely' would show in both"),
    "footnote-without-text": ("Said[^no] so.", "[^no] so.: is a footnote without a text"),
    "round-brackets": (r"So \(x\) holds.", "write $…$"),
    "double-backslashes": (r"So \\(x\\) holds.", "write $…$"),
    "square-brackets": (r"So \[x\] holds.", "write $…$"),
    "alert": ("> [!NOTE]\n> Look.", "write **Note:**"),
    "single-tilde": ("It is ~wrong~ right.", "write ~~ for struck text"),
    "short-emoji": ("Well done :tada:", "write the sign itself"),
    "math-fence": ("```math\nx^2\n```", "write $$"),
    "mermaid": ("```mermaid\ngraph LR\n```", "write a figure"),
    "unclosed": ("<div>\n\nLost.", "<div> has no counterpart"),
    "closed-twice": ("Bold</b> text", "</b> has no counterpart"),
    "unclosed-comment": ("<!-- Lost.", "<!-- has no -->"),
    "less-taken-for-html": ("If p <eps and q> 3 then.", r"<eps> is taken for HTML"),
    "picture-in-html": ('<img src="attachment:a.png">', "write ![…](attachment:a.png)"),
    "script-element": ("<script>alert(1)</script>", "<script> is taken for HTML"),
    "math-in-html": ("<div>\n$x$\n</div>", "write formulas outside of it"),
    "missing-attachment": ("![A](attachment:gone.png)", "paste the picture again"),
    "directive": ("```{note}\nSee.\n```", "is for Sphinx only"),
    "colon-fence": (":::{note}\nSee.\n:::", "is for Sphinx only"),
    "role": ("See {math}`x`.", "{math} is for Sphinx only"),
    "target": ("(here)=\n\nText.", "is for Sphinx only"),
}

# Output of a cell, and what is said.
BAD_OUTPUTS = {
    "widget-alone": ({WIDGET: {"model_id": "1"}}, "display text/plain beside it"),
    "plot-alone": ({"application/vnd.plotly.v1+json": {}}, "display text/plain beside it"),
    "lines": ({"text/plain": "0.1\n" * 300}, "300 printed lines, at most 100"),
    "markdown-footnote": ({"text/markdown": "Said[^1].\n\n[^1]: So."}, "the footnote [^1]"),
    "latex-mixed": ({"text/latex": "Mean $x$ of $y$"}, "without $ inside"),
}

BAD_PAGE = ":::{lang} english\n:class: lead\nSaid[^1] for $5.\n\n[^1]: So.\n:::\n"


def refused():
    """Return the cells of the page that stop the build."""
    cells = [new_markdown_cell(f"$$\n{latex}\n$$") for latex in BAD_FORMULAS]
    cells += [new_markdown_cell(text, id=name) for name, (text, _) in BAD_MARKDOWN.items()]
    cells += [output_cell(name, data) for name, (data, _) in BAD_OUTPUTS.items()]
    raw = nbformat.v4.new_raw_cell("raw", id="raw")
    return [new_markdown_cell("# Ek · One", id="title"), *cells, raw]


# --- the book ------------------------------------------------------------------------


def build(folder, cells, page=None):
    """Build a book as ``make book`` does.

    Parameters
    ----------
    folder : Path
        An empty one.
    cells : list of NotebookNode
        Of the notebook, the first page.
    page : str, optional
        A second page, in Markdown.

    Returns
    -------
    CompletedProcess
        The page is ``_build/html/chapters/probe.html`` in the folder.
    """
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    chapters = folder / "chapters"
    chapters.mkdir()
    nbformat.write(notebook, chapters / "probe.ipynb")
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    (folder / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
    contents = "format: jb-book\nroot: chapters/probe\n"
    if page:
        (chapters / "page.md").write_text(f"# Do · Two\n\n{page}", "utf-8")
        contents += "chapters:\n- file: chapters/page\n"
    (folder / "_toc.yml").write_text(contents, "utf-8")
    shutil.copytree(ROOT / "_static", folder / "_static")
    (folder / "_ext").symlink_to(ROOT / "_ext")
    options = ["--warningiserror", "--nitpick", "--keep-going", "--quiet"]
    return subprocess.run(
        [sys.executable, "-c", JUPYTER_BOOK, "build", str(folder), *options],
        capture_output=True,
        text=True,
    )
