"""ETags: what a client has seen already, and what it means to replace (RFC 9110, 8.8.3 and 13.1)."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Header

from shelfsight.api.documents import dump, item_document
from shelfsight.api.engine import Engine
from shelfsight.api.pictures import digest_of
from shelfsight.core.errors import Changed
from shelfsight.core.protocols import StoredItem

__all__ = ["IfMatch", "IfNoneMatch", "check_unchanged", "is_known", "item_tag"]

IfMatch = Annotated[
    str | None, Header(description="ETag that the item has to have, or `*`: any, so that it is not made anew.")
]
IfNoneMatch = Annotated[str | None, Header(description="ETags that are known already; `*`: any.")]


def item_tag(item: StoredItem, document: Mapping[str, object]) -> str:
    """The ETag of an item's document, which also changes when only the bytes of its pictures do."""
    seen = f"{item.fingerprints.pictures} {dump(document)}"
    return f'"{digest_of(seen.encode())}"'


def is_known(tag: str, header: str | None) -> bool:
    """Whether ``If-None-Match`` names the tag; compared weakly, as it is for GET."""
    return header is not None and any(each in ("*", tag) for each in _tags(header, weak=True))


def check_unchanged(engine: Engine, id: str, *, match: str | None, none_match: str | None) -> None:
    """Refuse to write to an item that is not as the client has seen it.

    Args:
        match, none_match: the headers ``If-Match`` and ``If-None-Match``.

    Raises:
        Changed: the item has none of the tags of ``match``, or one of ``none_match``.
    """
    if match is None and none_match is None:
        return
    tag = current_tag(engine, id)
    if match is not None and (tag is None or not any(each in ("*", tag) for each in _tags(match, weak=False))):
        what = "has changed since it was read" if tag is not None else "is not there any more"
        raise Changed(f"the item {id!r} {what}", hint="GET it again and look at what is different")
    if tag is not None and is_known(tag, none_match):
        raise Changed(f"there is an item {id!r} already", hint="leave If-None-Match out to replace it")


def current_tag(engine: Engine, id: str) -> str | None:
    """The ETag of an item as it is now; ``None`` where there is no such item."""
    item = engine.find(id)
    return None if item is None else item_tag(item, item_document(item, engine.suggestions(id)))


def _tags(header: str, *, weak: bool) -> list[str]:
    """The tags that a header lists; no tag of an item has a comma or a quote in it."""
    tags = (each.strip() for each in header.split(","))
    return [each.removeprefix("W/") if weak else each for each in tags]
