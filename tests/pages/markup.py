"""A page as a tree of elements, for rules about its words and structure."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_TEXT = ("title", "desc", "caption", "th", "h1", "h2", "h3", "h4", "h5", "h6", "summary", "a", "button")


@dataclass
class Node:
    """An element with what the rules ask of it: name, attributes, text, and the elements in it that matter."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list["Node"] = field(default_factory=list)

    def all(self, *tags: str) -> list["Node"]:
        """The elements of these names within, in order."""
        found = []
        for node in self.inside:
            if node.tag in tags:
                found.append(node)
            found += node.all(*tags)
        return found

    @property
    def name(self) -> str:
        """What the element is called in a message."""
        return self.attributes.get("id") or " ".join(self.text.split())[:40] or f"<{self.tag}>"


class _Tree(HTMLParser):
    """The page as nodes; text is kept with each element that has a rule about its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("page", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Node(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        for node in reversed(self.open):
            if node.tag in _TEXT:
                node.text += data


def parsed(page: str) -> Node:
    """Return a page (HTML) as a tree, under a root of its own."""
    tree = _Tree()
    tree.feed(page)
    return tree.root


def everything(node: Node) -> list[Node]:
    """Return an element and all elements within it, in order."""
    return [node, *(other for child in node.inside for other in everything(child))]
