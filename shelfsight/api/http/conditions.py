"""ETags: what a client has seen already, and what it means to replace (RFC 9110, 8.8.3 and 13.1)."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Header

from shelfsight.api.documents import dump, item_document
from shelfsight.api.engine import Engine
from shelfsight.api.live import Check
from shelfsight.api.pictures import digest_of
from shelfsight.core.errors import Changed
from shelfsight.core.protocols import StoredItem

__all__ = ["IfMatch", "IfNoneMatch", "condition", "is_known", "item_tag"]

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


def condition(engine: Engine, id: str, match: str | None, none_match: str | None) -> Check | None:
    """What a write to an item is to be preceded by, to refuse one that is not as the client has seen it.

    Args:
        match, none_match: the headers ``If-Match`` and ``If-None-Match``.
    """
    if match is None and none_match is None:
        return None
    return lambda there: _check(id, _tag(engine, there.get(id)), match, none_match)


def _check(id: str, tag: str | None, match: str | None, none_match: str | None) -> None:
    """
    Raises:
        Changed: the item's tag is none of those of ``match``, or one of ``none_match``.
    """
    if match is not None and (tag is None or not any(each in ("*", tag) for each in _tags(match, weak=False))):
        what = "has changed since it was read" if tag is not None else "is not there any more"
        raise Changed(f"the item {id!r} {what}", hint="GET it again and look at what is different")
    if tag is not None and is_known(tag, none_match):
        raise Changed(f"there is an item {id!r} already", hint="leave If-None-Match out to replace it")


def _tag(engine: Engine, item: StoredItem | None) -> str | None:
    return None if item is None else item_tag(item, item_document(item, engine.suggestions_of(item)))


def _tags(header: str, *, weak: bool) -> list[str]:
    """The tags that a header lists; no tag of an item has a comma or a quote in it."""
    tags = (each.strip() for each in header.split(","))
    return [each.removeprefix("W/") if weak else each for each in tags]
