"""The house rules for chapters, each a function that yields what breaks it.

A chapter is a list of cells. A Markdown page is read as one, too: its ``lang``
directives become tagged cells, so that the rules for prose hold there as well.
"""

import base64
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.book import CONFIG, LANGUAGES
from tools.notebooks import CELL_METADATA, KERNEL

BOXES = set(CONFIG["bilingual_boxes"])
TAGS = {*LANGUAGES, *BOXES, "raises-exception", "nbval-ignore-output", "hide-input", "live"}
LONGEST_CODE = 18  # lines: what a phone shows
LONGEST_SENTENCE = 28  # words; the aim is 20
LARGEST_IMAGE = 150_000  # bytes

HYPE = {"magic", "magical", "simply", "just", "obviously"}

# The one spelling of a word, and the others that people write. Left out are words that are
# right elsewhere: "main" (English), "par" (on), "bad" (English); single letters count in
# lower case only.
SPELLING = {
    "mein": "me mai mei mien",
    "hai": "he h",
    "hain": "hein hen",
    "kyun": "kyu kyon q",
    "nahi": "nahin nai nhi",
    "kya": "kia",
    "yeh": "ye yah",
    "woh": "wo vo voh vah",
    "aur": "or n",
    "toh": "to",
    "isliye": "isiliye islie isilie",
    "lekin": "magar",
    "par": "pe pr",
    "ki, ka or ke": "k",
    "jaata": "jata jaataa",
    "jaati": "jati",
    "jaate": "jate",
    "hota": "hotaa",
    "hoti": "hotee",
    "matlab": "mtlb mtlab",
    "zyada": "jyada zyaada jyaada",
    "thoda": "thora",
    "thodi": "thori",
    "chhota": "chota choota",
    "chhoti": "choti",
    "chhote": "chote",
    "bada": "bara",
    "pehle": "pahle pehlay phle",
    "sirf": "serf",
    "kaise": "kese",
    "kaisa": "kesa",
    "accha": "acha achha achchha",
    "dono": "donon",
    "baad mein": "bad-mein bad-me",
    "fark": "farak",
    "jismein": "jisme",
    "usmein": "usme",
    "ismein": "isme",
}
# How the book speaks: as a good senior does, who says socho and not sochiye, and the
# everyday word, which often is the English one. The words are whole: ghatao, not ghat.
FORMAL = re.compile(
    r"\b(?!isliye|kisliye|kiye|liye|diye|chahiye)\w+iye\b|\baap(?:k\w+)?\b", re.I
)
BOOKISH = {
    "minus karo": "ghatao ghatana ghataya ghataane",
    "touch karo": "chhuo chhoona",
    "pen-paper": "kagaz",
    "wapas lana": "lautana lautao lautata",
    "decide karna": "tay",
    "result": "nateeja nateeje natija",
    "count": "ginti gino",
    "change": "badlaav badlav",
    "step": "kadam",
    "version": "roop",
    "tukka": "andaaze andaaza",
    "saare": "aathon teenon chaaron",
    "common": "jaani-pehchaani",
    "measure karna": "naapna naapenge naapo naapta naapte naapne naapa naape naapi",
    "warning": "chetavni",
}
SAID = {wrong: right for right, wrongs in BOOKISH.items() for wrong in wrongs.split()}
RIGHT = {wrong: right for right, wrongs in SPELLING.items() for wrong in wrongs.split()}

NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?")
WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
ROLE = re.compile(r"\{[\w:+-]+\}$")
MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|tmp|work|usr|opt|mnt|var|content)/"
    r"|\b[A-Z]:\\|\bat 0x[0-9a-f]{6,}"
)


@dataclass
class Prose:
    """What a Markdown cell says, taken apart."""

    sentences: list = field(default_factory=list)  # of words; code and math are one word
    words: list = field(default_factory=list)  # without code, math, links and italics
    numbers: set = field(default_factory=set)
    math: list = field(default_factory=list)
    code: list = field(default_factory=list)
    links: list = field(default_factory=list)
    images: list = field(default_factory=list)  # alternative texts
    lists: list = field(default_factory=list)  # number of items of each list
    headings: list = field(default_factory=list)
    directives: list = field(default_factory=list)


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKDOWN.use(amsmath_plugin)
MARKDOWN.use(dollarmath_plugin, double_inline=True, allow_digits=False, allow_space=False)


@cache
def read_prose(source):
    """Take Markdown apart; many rules ask for the same cell."""
    prose, open_lists = Prose(), []
    tokens = MARKDOWN.parse(source)
    for before, token in pairwise([None, *tokens]):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            open_lists.append(0)
        elif token.type == "list_item_open":
            open_lists[-1] += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            prose.lists.append(open_lists.pop())
        elif token.type.startswith("math_block") or token.type == "amsmath":
            prose.math.append(token.content.strip())
        elif token.type in ("fence", "code_block"):
            prose.code.append(token.content)
            if token.info.startswith("{"):
                prose.directives.append(token.info)
        elif token.type == "inline":
            if before.type == "heading_open":
                prose.headings.append(token.content)
            _read_inline(prose, token)
    return prose


def _read_inline(prose, block):
    text, inside = [], Counter()
    if re.match(r":{3,}|\([\w-]+\)=$", block.content):
        prose.directives.append(block.content.split("\n")[0])
    for token in block.children:
        inside[token.tag] += token.nesting
        if token.type == "text":
            text.append(token.content)
            prose.numbers |= {_number(n) for n in NUMBER.findall(token.content)}
            if not inside["a"] and not inside["em"]:
                prose.words += WORD.findall(token.content)
        elif token.type == "code_inline":
            role = ROLE.search(text[-1]) if text else None
            prose.directives += [role[0]] if role else []
            prose.code.append(token.content)
            text.append("CODE")
        elif token.type.startswith("math_inline"):
            prose.math.append(token.content.strip())
            text.append("MATH")
        elif token.type == "link_open":
            prose.links.append(token.attrs["href"])
        elif token.type == "image":
            prose.images.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            text.append(" ")
    sentences = re.split(r"(?<=[.?!])[\"'”)]*\s+", "".join(text))
    prose.sentences += [s for s in map(str.split, sentences) if s]


def _number(text):
    return text.replace("−", "-").replace(",", "")


@cache
def read_chapter(path):
    """Return a chapter's notebook; a Markdown page becomes one of Markdown cells."""
    if path.suffix == ".ipynb":
        # Without nbformat's validation, which would mend double ids before the rule.
        return nbformat.v4.reads(path.read_text("utf-8"))
    fence = re.compile(r"^(:{3,})\{lang\} (.+?)\n(.*?)^\1\s*$", re.M | re.S)
    cells, end = [], 0
    text = path.read_text("utf-8")
    for match in fence.finditer(text):
        cells.append(([], text[end : match.start()]))
        cells.append((match[2].split(), match[3]))
        end = match.end()
    cells.append(([], text[end:]))
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(source.strip(), metadata={"tags": tags})
            for tags, source in cells
            if source.strip()
        ]
    )


def language(cell):
    """Return the language a cell is tagged with, or None."""
    tags = cell.metadata.get("tags", [])
    return next((x for x in LANGUAGES if x in tags), None) if is_text(cell) else None


def is_text(cell):
    return cell.cell_type == "markdown"


def is_code(cell):
    return cell.cell_type == "code"


def tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def pairs(notebook):
    """Yield neighbouring cells of which the first is Hinglish, the second English."""
    for first, second in pairwise(notebook.cells):
        if (language(first), language(second)) == LANGUAGES:
            yield first, second


def name(cell):
    """Say which cell is meant, for a message."""
    return f"cell {cell.get('id', 'without an id')} ({cell.source[:40]!r})"


def misspelled(words):
    """Yield each word of a Hinglish text that is spelled otherwise here, and how.

    Parameters
    ----------
    words : sequence of str

    Yields
    ------
    str, str
        The word and its spelling in this book.
    """
    couples = [f"{first}-{second}".lower() for first, second in pairwise(words)]
    for word in [*words, *couples]:
        # He is also an author, whose name an initialization has.
        wrong = word if len(word) == 1 or word == "He" else word.lower()
        if wrong in RIGHT:
            yield word, RIGHT[wrong]


def unsaid(text):
    """Yield each word of a Hinglish text that one would not say to a friend.

    Parameters
    ----------
    text : str

    Yields
    ------
    str, str
        The word, and what one would say.
    """
    for match in FORMAL.finditer(text):
        yield match[0], "a word as to a friend (socho, dekho, karo; tum)"
    for word in WORD.findall(text):
        if word.lower() in SAID:
            yield word, SAID[word.lower()]


# --- prose -------------------------------------------------------------------------


def language_cells_come_in_pairs(notebook):
    """A Hinglish cell is followed at once by its English one, in the same box."""
    paired = {id(cell) for pair in pairs(notebook) for cell in pair}
    for cell in notebook.cells:
        if language(cell) and id(cell) not in paired:
            yield f"{name(cell)}: expected Hinglish and then English, side by side"
    for first, second in pairs(notebook):
        boxes = [set(cell.metadata.tags) - set(LANGUAGES) for cell in (first, second)]
        if boxes[0] != boxes[1]:
            yield f"{name(first)}: the two are in different boxes, {boxes}"


def _differ(notebook, what, value):
    for first, second in pairs(notebook):
        hinglish, english = (
            value(read_prose(first.source)),
            value(read_prose(second.source)),
        )
        if hinglish != english:
            yield f"{name(first)}: {what}: Hinglish {hinglish}, English {english}"


def a_pair_holds_the_same_numbers(notebook):
    """Digits, not number words; how often a number is said does not matter."""
    yield from _differ(notebook, "numbers", lambda prose: sorted(prose.numbers))


def a_pair_holds_the_same_math(notebook):
    """The same formulas, as often, in any order."""
    yield from _differ(notebook, "math", lambda prose: sorted(prose.math))


def a_pair_holds_the_same_code(notebook):
    """The same names in backticks, whichever order."""
    yield from _differ(notebook, "code", lambda prose: sorted(set(prose.code)))


def a_pair_holds_the_same_links(notebook):
    """The same addresses, in any order."""
    yield from _differ(notebook, "links", lambda prose: sorted(prose.links))


def a_pair_holds_lists_of_equal_length(notebook):
    """If one has a list of four, so has the other."""
    yield from _differ(notebook, "list lengths", lambda prose: prose.lists)


def nothing_sticks_to_a_list(notebook):
    """A line right below an item is part of it; what follows a list has a line between."""
    for cell in filter(is_text, notebook.cells):
        for match in re.finditer(
            r"^ *(?:[-*]|\d+\.) .*\n(?=[^\s\-*\d])(.+)", cell.source, re.M
        ):
            yield f"{name(cell)}: {match[1][:40]!r} sticks to the item above it"


def headings_stand_outside_language_cells(notebook):
    """A heading carries both languages, so it belongs to neither cell."""
    for cell in filter(language, notebook.cells):
        for heading in read_prose(cell.source).headings:
            yield f"{name(cell)}: move the heading {heading!r} to a cell of its own"


def headings_carry_both_languages(notebook):
    """Hinglish, middle dot, English."""
    for cell in filter(is_text, notebook.cells):
        for heading in read_prose(cell.source).headings:
            parts = [part.strip() for part in heading.split(" · ")]
            if len(parts) != 2 or not all(parts):
                yield f"{name(cell)}: expected 'Hinglish · English', got {heading!r}"


def hinglish_has_one_spelling_each(notebook):
    """Words in italics and in links may be spelled as their source has them."""
    for cell in notebook.cells:
        if language(cell) != "hinglish":
            continue
        for word, right in misspelled(read_prose(cell.source).words):
            yield f"{name(cell)}: {word!r} is spelled {right!r}"


def hinglish_is_as_one_says_it(notebook):
    """No -iye, and the everyday word."""
    for cell in notebook.cells:
        if language(cell) == "hinglish":
            for word, better in unsaid(" ".join(read_prose(cell.source).words)):
                yield f"{name(cell)}: {word!r}: say {better!r}"


def hinglish_is_in_roman_script(notebook):
    """No Devanagari, in no cell."""
    for cell in filter(is_text, notebook.cells):
        if found := re.findall(r"[\u0900-\u097f]+", cell.source):
            yield f"{name(cell)}: Devanagari {found}"


def hinglish_sentences_are_short(notebook):
    """One idea each."""
    for cell in notebook.cells:
        if language(cell) == "hinglish":
            for words in read_prose(cell.source).sentences:
                if len(words) > LONGEST_SENTENCE:
                    yield f"{name(cell)}: {len(words)} words: {' '.join(words)}"


def english_has_no_hype(notebook):
    """Say what was measured."""
    for cell in notebook.cells:
        if language(cell) == "english":
            for word in read_prose(cell.source).words:
                if word.lower() in HYPE:
                    yield f"{name(cell)}: without {word!r} the sentence says as much"


def linked_images_have_alt_text(notebook):
    """For images in Markdown."""
    for cell in filter(is_text, notebook.cells):
        for alt in read_prose(cell.source).images:
            if not alt.strip():
                yield f"{name(cell)}: an image without a description"


def tags_are_known(notebook):
    """A misspelled tag would silently do nothing."""
    for cell in notebook.cells:
        if unknown := set(cell.metadata.get("tags", [])) - TAGS:
            yield f"{name(cell)}: {unknown} not in {sorted(TAGS)}"


# --- notebooks ---------------------------------------------------------------------


def markdown_is_plain(notebook):
    """Directives, roles and targets show as garbage in Jupyter and on GitHub."""
    for cell in filter(is_text, notebook.cells):
        for found in read_prose(cell.source).directives:
            yield f"{name(cell)}: {found!r} is for Sphinx only"


def code_was_run_in_order(notebook):
    """Committed as after "restart and run all"."""
    cells = [cell for cell in filter(is_code, notebook.cells) if cell.source.strip()]
    for expected, cell in enumerate(cells, start=1):
        if cell.execution_count != expected:
            yield f"{name(cell)}: expected run {expected}, got {cell.execution_count}"


def no_code_failed(notebook):
    """Unless it says that it will."""
    for cell in filter(is_code, notebook.cells):
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        if errors and not tagged(cell, "raises-exception"):
            yield f"{name(cell)}: {errors} without the tag raises-exception"


def code_is_short(notebook):
    """Solutions may be longer."""
    for cell in filter(is_code, notebook.cells):
        lines = len(cell.source.splitlines())
        longer = tagged(cell, "exercise") or tagged(cell, "solution")
        if lines > LONGEST_CODE and not longer:
            yield f"{name(cell)}: {lines} lines, at most {LONGEST_CODE}"


def the_first_code_imports_and_seeds(notebook):
    """So that every later cell repeats."""
    first = next(filter(is_code, notebook.cells), None)
    source = first.source if first else ""
    draws = any(
        re.search(r"\brng\b", cell.source) for cell in filter(is_code, notebook.cells)
    )
    for need in (r"^import |^from ", *([r"default_rng\(\d+\)"] if draws else [])):
        if not re.search(need, source, re.M):
            yield f"the first code cell: expected {need!r}, got {source[:60]!r}"


def _plain_results(cell):
    return [o.data.get("text/plain", "") for o in cell.outputs if "data" in o]


def _checks_say(cell, mark):
    verdicts = [text for text in _plain_results(cell) if text[:1] in "○✔✘"]
    calls = "check(" in cell.source
    return calls and verdicts and all(text.startswith(mark) for text in verdicts)


def exercises_are_open_and_solved(notebook):
    """A stub's check says "not attempted"; the solution after it passes its own."""
    solved, stub = True, None
    for cell in filter(is_code, notebook.cells):
        if tagged(cell, "exercise"):
            if not solved:
                yield f"{name(stub)}: expected a solution that passes (✔) after it"
            solved, stub = False, cell
            if not _checks_say(cell, "○"):
                yield f"{name(cell)}: expected a check( that answers ○"
        elif tagged(cell, "solution") and _checks_say(cell, "✔"):
            solved = True
    if not solved:
        yield f"{name(stub)}: expected a solution that passes (✔) after it"


def solutions_are_folded(notebook):
    """In JupyterLab as in the book."""
    for cell in filter(is_code, notebook.cells):
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        if tagged(cell, "solution") and not folded:
            yield f"{name(cell)}: set jupyter.source_hidden in its metadata"


def figures_have_alt_text(notebook):
    """In mystnb.image.alt of the metadata, from where MyST-NB takes it."""
    for cell in filter(is_code, notebook.cells):
        data = [o.data for o in cell.outputs if "data" in o]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if any(kind.startswith("image/") for d in data for kind in d) and len(alt) < 20:
            yield f"{name(cell)}: describe the figure in mystnb.image.alt, got {alt!r}"
        for tag in re.findall(
            r"<img\b[^>]*>", "".join(d.get("text/html", "") for d in data)
        ):
            if not re.search(r"\balt=[\"'][^\"']", tag):
                yield f"{name(cell)}: {tag[:60]} has no alt text"


def figures_are_light(notebook):
    """A metered connection pays for each byte."""
    for cell in filter(is_code, notebook.cells):
        for output in cell.outputs:
            size = len(base64.b64decode(output.get("data", {}).get("image/png", "")))
            if size > LARGEST_IMAGE:
                yield f"{name(cell)}: {size} bytes, at most {LARGEST_IMAGE}"


def html_results_have_a_plain_form(notebook):
    """For readers on GitHub, in a terminal and with a screen reader."""
    for cell in filter(is_code, notebook.cells):
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/html" in data and data.get("text/plain", "<")[:1] in ("<", ""):
                yield f"{name(cell)}: the HTML result has no text/plain beside it"


def nothing_tells_of_the_machine(notebook):
    """No path, no address in memory: neither repeats elsewhere."""
    for cell in notebook.cells:
        shown = [
            o.get("text", "") + str(o.get("data", {})) for o in cell.get("outputs", [])
        ]
        texts = [
            cell.source,
            *(re.sub(r"'image/png': '[^']*'", "", text) for text in shown),
        ]
        for text in texts:
            for found in MACHINE.findall(text):
                yield f"{name(cell)}: {found!r}"


def metadata_is_clean(notebook):
    """As `make notebooks` leaves it; Colab, VS Code and JupyterLab add to it."""
    mend = "`make notebooks` takes out what does not belong there"
    wanted = {"kernelspec": KERNEL}
    if notebook.metadata != wanted:
        yield f"metadata: expected {wanted}, got {dict(notebook.metadata)}: {mend}"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - CELL_METADATA:
            yield f"{name(cell)}: metadata {extra}: {mend}"


def cells_have_ids_of_their_own(notebook):
    """A diff and a bookmark need them; Colab saves none."""
    for cell_id, count in Counter(cell.get("id") for cell in notebook.cells).items():
        if cell_id is None or count > 1:
            yield f"{count} cells have the id {cell_id}: `make notebooks` gives others"


PROSE_RULES = [
    language_cells_come_in_pairs,
    a_pair_holds_the_same_numbers,
    a_pair_holds_the_same_math,
    a_pair_holds_the_same_code,
    a_pair_holds_the_same_links,
    a_pair_holds_lists_of_equal_length,
    nothing_sticks_to_a_list,
    headings_stand_outside_language_cells,
    headings_carry_both_languages,
    hinglish_has_one_spelling_each,
    hinglish_is_as_one_says_it,
    hinglish_is_in_roman_script,
    hinglish_sentences_are_short,
    english_has_no_hype,
    linked_images_have_alt_text,
    tags_are_known,
]
NOTEBOOK_RULES = [
    *PROSE_RULES,
    markdown_is_plain,
    code_was_run_in_order,
    no_code_failed,
    code_is_short,
    the_first_code_imports_and_seeds,
    exercises_are_open_and_solved,
    solutions_are_folded,
    figures_have_alt_text,
    figures_are_light,
    html_results_have_a_plain_form,
    nothing_tells_of_the_machine,
    metadata_is_clean,
    cells_have_ids_of_their_own,
]
