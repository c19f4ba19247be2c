"""Put the languages of one cell side by side, and runs of tagged cells in boxes."""

from itertools import groupby

from docutils import nodes
from sphinx.transforms import SphinxTransform

from .titles import split_title


class Box(nodes.General, nodes.Element):
    """A titled box: ``kind`` is the cell tag, ``collapsed`` says if it starts shut."""


class BoxTitle(nodes.General, nodes.Element):
    """The title of a box."""


def setup(app):
    """Register the nodes and the transform."""
    app.add_node(Box, html=(_visit_box, _depart_box))
    app.add_node(BoxTitle, html=(_visit_title, _depart_title))
    app.add_transform(GroupCells)


class GroupCells(SphinxTransform):
    """Wrap neighbouring language cells in a pair, then neighbouring cells in a box."""

    default_priority = 500

    def apply(self, **kwargs):
        """Group the children of every node that holds cells."""
        for parent in {id(n.parent): n.parent for n in self._cells()}.values():
            parent.children = list(self._boxed(self._paired(parent.children)))
            for child in parent.children:
                child.parent = parent

    def _cells(self):
        return [n for n in self.document.findall(nodes.container) if _box(n) or _lang(n)]

    def _paired(self, children):
        pair = None
        for child in children:
            language = _lang(child)
            seen = [_lang(n) for n in pair] if pair else []
            if pair is not None and (
                not language or language in seen or _box(child) != pair.get("box")
            ):
                yield pair
                pair = None
            if not language:
                yield child
                continue
            if pair is None:
                pair = nodes.container(classes=["lang-pair"])
                if _box(child):
                    pair["box"] = _box(child)
            pair += child
        if pair is not None:
            yield pair

    def _boxed(self, children):
        for kind, run in groupby(children, key=_box):
            if not kind:
                yield from run
                continue
            title = BoxTitle(
                "", *split_title(self.config, self.config.bilingual_boxes[kind])
            )
            title["collapsed"] = kind in self.config.bilingual_collapsed
            yield Box("", title, *run, kind=kind, collapsed=title["collapsed"])


def _lang(node):
    return node.get("language") if isinstance(node, nodes.container) else None


def _box(node):
    """Return the box a cell asks for; code cells carry theirs as a class."""
    if not isinstance(node, nodes.container):
        return None
    if "box" in node:
        return node["box"]
    settings = node.document.settings if node.document else None
    boxes = settings.env.config.bilingual_boxes if settings else {}
    tags = node.get("cell_metadata", {}).get("tags", [])
    return next((tag for tag in tags if tag in boxes), None)


def _visit_box(self, node):
    element = "details" if node["collapsed"] else "div"
    attributes = {"CLASS": f"box box-{node['kind']}"}
    if not node["collapsed"]:
        attributes["role"] = "group"
    self.body.append(self.starttag(node, element, **attributes))


def _depart_box(self, node):
    self.body.append("</details>\n" if node["collapsed"] else "</div>\n")


def _visit_title(self, node):
    self.body.append(
        self.starttag(node, "summary" if node["collapsed"] else "p", CLASS="box-title")
    )


def _depart_title(self, node):
    self.body.append("</summary>\n" if node["collapsed"] else "</p>\n")
