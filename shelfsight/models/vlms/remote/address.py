"""From ``openai:MODEL@BASE_URL`` to where a model is asked."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from shelfsight.core.errors import ModelError

__all__ = ["PREFIX", "Address", "parse_address"]

PREFIX = "openai:"
_PARTS = re.compile(re.escape(PREFIX) + r"(?P<model>.+)@(?P<base>(?i:https?)://.+)")
_WAYS = "Name it openai:MODEL@BASE_URL, as in openai:gpt-4o@https://api.openai.com/v1."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a model is, and what it is called there.

    Attributes:
        model: as the server calls it.
        base: URL without a slash at its end.
        host: of the URL, in lower case.
        secure: whether the URL is https.
    """

    model: str
    base: str
    host: str
    secure: bool

    @property
    def name(self) -> str:
        """The string that opens it."""
        return f"{PREFIX}{self.model}@{self.base}"

    @property
    def chat(self) -> str:
        """The URL that questions are sent to."""
        return f"{self.base}/chat/completions"

    @property
    def loopback(self) -> bool:
        """Whether it is this very machine, which no proxy leads to."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(name: str) -> Address:
    """Take ``name`` apart at the last ``@`` that an http or https URL follows: models may have slashes, colons and
    further ``@`` in their names.

    Raises:
        ModelError: it has another form, or the URL holds a password, a query or a fragment. The message does not
            repeat a URL, which may hold a secret.
    """
    parts = _PARTS.fullmatch(name)
    if parts is None or any(sign.isspace() or not sign.isprintable() for sign in name):
        raise ModelError("this is no name of a remote vision-language model", hint=_WAYS)
    base = parts["base"].rstrip("/")
    try:
        url = urlsplit(base)
        host, port = (url.hostname or "").lower(), url.port
    except ValueError as error:
        raise ModelError("the URL of a remote vision-language model is not valid", hint=_WAYS) from error
    if not host or port == 0:
        raise ModelError("the URL of a remote vision-language model names no host", hint=_WAYS)
    if "@" in url.netloc or url.query or url.fragment or "?" in base or "#" in base:
        raise ModelError(
            "the URL of a remote vision-language model holds more than a host and a path",
            hint="Keys come from the environment only: set SHELFSIGHT_VLM_API_KEY.",
        )
    return Address(model=parts["model"], base=base, host=host, secure=url.scheme.lower() == "https")
