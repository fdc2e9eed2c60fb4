"""A page as a strict reader sees it: what is opened is closed, and nothing is taken from anywhere."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Page", "read"]

_VOID = {"br", "img", "meta"}
_ACTIVE = {"a", "base", "embed", "form", "iframe", "link", "object", "script", "video"}


@dataclass
class Page:
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def all(self, name: str, **wanted: str) -> list[dict[str, str]]:
        """Attributes of every ``name`` whose attributes hold the wanted words; ``class_`` is ``class``."""
        words = {key.rstrip("_"): value for key, value in wanted.items()}
        return [
            found
            for tag, found in self.tags
            if tag == name and all(word in found.get(key, "").split() for key, word in words.items())
        ]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        assert not any(name.startswith("on") for name in names), (tag, names)
        assert tag not in _ACTIVE, tag
        self.page.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.page.texts.append(data)


def read(document: str) -> Page:
    """The page, checked for what no report may have: open tags, scripts, handlers, addresses, ids given twice."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    assert reader.open == []
    page = reader.page
    for _, found in page.tags:
        for name in ("src", "href", "xlink:href"):
            assert found.get(name, "#").startswith(("data:image/", "#")), found
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(set(ids)) == len(ids)
    targets = {found["xlink:href"][1:] for _, found in page.tags if "xlink:href" in found}
    assert targets <= set(ids)
    return page
