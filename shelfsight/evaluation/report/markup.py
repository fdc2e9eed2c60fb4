"""HTML that cannot forget to escape: plain strings become text, only :class:`Html` goes in as it is."""

import html
import re
from base64 import b64encode

__all__ = ["Html", "element", "join", "jpeg_source", "short", "user_text"]

_VOID = frozenset({"br", "img", "meta"})
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Markup that is ready: every text in it is escaped."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | None) -> Html:
    """``<name attributes>content</name>``.

    Args:
        content: texts, which are escaped, and :class:`Html`, which is not.
        attributes: ``class_`` is written ``class``, ``aria_label`` ``aria-label``; ``None`` is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*content)}</{name}>")


def join(*parts: str) -> Html:
    """Texts and markup one after the other."""
    return Html("".join(part if isinstance(part, Html) else _escape(part) for part in parts))


def short(text: str, length: int) -> str:
    """``text`` on one line, at most ``length`` characters."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def user_text(text: str, length: int = 160) -> Html:
    """A text somebody else wrote: on one line, cut, and kept from changing the direction of what is around it."""
    return element("bdi", short(text, length))


def jpeg_source(data: bytes) -> str:
    """The ``src`` of a picture that travels inside the page."""
    return f"data:image/jpeg;base64,{b64encode(data).decode()}"


def _escape(text: str) -> str:
    return html.escape(_UNPRINTABLE.sub("\ufffd", text))
