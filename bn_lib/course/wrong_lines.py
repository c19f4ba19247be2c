"""A wrong answer is the right one with a line changed: both in one piece of code."""

import ast
import inspect
import re
import sys
import textwrap
from typing import NamedTuple

__all__ = ["WrongLines", "with_wrong_lines"]


class WrongLines(NamedTuple):
    """One way to be wrong.

    Attributes
    ----------
    mistakes : tuple of str
        Ids of what is wrong.
    replaced : frozenset of str
        Left sides of the lines that are replaced.
    """

    mistakes: tuple
    replaced: frozenset


def with_wrong_lines(answer, table):
    """Compile an answer so that wrong lines can be switched on in it.

    Parameters
    ----------
    answer : function or class
        The right answer, written in a file.
    table : str
        In each row the id of a mistake, at least two spaces, and a wrong line; without
        an id it is that of the row above. ``std = var`` replaces the line that sets
        ``std``, ``std = var | 1`` is two wrong lines. ``return`` and ``if …:`` replace a
        return and a condition. A semicolon joins lines that go together; one that the
        answer does not have goes in before the next one that it has. ``mean -> sum``
        replaces these words right of a ``=`` or ``return``: wherever they stand one by
        one, and everywhere.

    Returns
    -------
    switched : function or class
        The answer. It runs with the wrong lines whose numbers are in `made`.
    made : set of int
        Empty at first.
    variants : list of WrongLines
        What each number stands for.

    Raises
    ------
    ValueError
        If a row replaces nothing, or a line that stands there several times.

    Examples
    --------
    >>> from bn_lib.course.listing import source
    >>> _, _, variants = with_wrong_lines(source, "nothing-read  lines = []")
    >>> variants
    [WrongLines(mistakes=('nothing-read',), replaced=frozenset({'lines'}))]
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    places = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.If)):
            places.setdefault(_left_side(node), []).append(node)
    switches, variants, mistakes = _Switches(), [], ()
    for row in filter(None, map(str.strip, table.splitlines())):
        *ids, text = re.split(r"\s{2,}", row, maxsplit=1)
        mistakes = tuple(ids[0].split(", ")) if ids else mistakes
        changes = [change for line in _alternatives(text) for change in _read(line, places)]
        if not changes:
            raise ValueError(f"expected a line of {answer.__name__}, got {text!r}")
        for change in changes:
            for node, extra, line in change:
                switches.add(node, len(variants), extra, line)
            replaced = frozenset(_left_side(node) for node, _, _ in change)
            variants.append(WrongLines(mistakes, replaced))
    tree = ast.fix_missing_locations(switches.visit(tree))
    made = set()
    namespace = vars(sys.modules[answer.__module__]) | {"_made": made}
    exec(compile(tree, f"<{answer.__name__}>", "exec"), namespace)
    return namespace[answer.__name__], made, variants


def _left_side(node):
    """Return what a line is found by."""
    if isinstance(node, (ast.If, ast.Return)):
        return type(node).__name__.lower()
    return ast.unparse(node).partition("=")[0].strip()


def _alternatives(text):
    """Return the wrong lines of a row: after the first, only the right side is given."""
    first, *others = text.split(" | ")
    left = re.match(r".*?->|return|[^=]*=", first)
    return [first] + [f"{left[0]} {other}" for other in others]


def _read(text, places):
    return _words(text, places) if "->" in text else _lines(text, places)


def _lines(text, places):
    """Yield the change that wrong lines make: nodes, what goes before, what goes in."""
    change, extra = [], []
    for code in text.split("; "):
        line = ast.parse(f"{code} pass" if code.endswith(":") else code).body[0]
        nodes = places.get(_left_side(line), [])
        if len(nodes) > 1:
            raise ValueError(f"expected one line like {code!r}, found {len(nodes)}")
        if nodes:
            change.append((nodes[0], extra, line))
        extra = [] if nodes else [*extra, line]
    if change and not extra:
        yield change


def _words(text, places):
    """Yield a change for each place where the words stand, and one for all of them."""
    old, new = (words.strip() for words in text.split("->"))
    edges = [r"\b" if letter.isalnum() else "" for letter in (old[0], old[-1])]
    pattern = re.compile(re.escape(old).join(edges))
    alone, everywhere = [], []
    for node in (node for nodes in places.values() for node in nodes):
        code = ast.unparse(node)
        if isinstance(node, ast.If):
            code = f"if {ast.unparse(node.test)}: pass"
        left = re.match("if|return|[^=]*=", code).end()
        matches = list(pattern.finditer(code, left))
        for match in matches:
            line = code[: match.start()] + new + code[match.end() :]
            alone.append([(node, [], ast.parse(line).body[0])])
        if matches:
            line = code[:left] + pattern.sub(lambda _: new, code[left:])
            everywhere.append((node, [], ast.parse(line).body[0]))
    yield from alone
    if len(alone) > 1:
        yield everywhere


class _Switches(ast.NodeTransformer):
    """Puts each wrong line beside the right one, behind a switch."""

    def __init__(self):
        self.by_node = {}

    def add(self, node, number, extra, line):
        self.by_node.setdefault(node, []).append((number, extra, line))

    def visit(self, node):
        self.generic_visit(node)
        before = []
        for number, extra, line in self.by_node.get(node, ()):
            is_made = ast.parse(f"{number} in _made", mode="eval").body
            if extra:
                before.append(ast.If(is_made, extra, []))
            if isinstance(line, ast.If):
                node.test = ast.IfExp(is_made, line.test, node.test)
            else:
                node = ast.If(is_made, [line], [node])
        return [*before, node] if before else node
