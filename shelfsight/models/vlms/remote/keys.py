"""Keys come from the environment only, and go to no other host than the one they are for."""

import os

from pydantic import SecretStr

from shelfsight.core.errors import ModelError
from shelfsight.models.vlms.remote.address import Address

__all__ = ["key_for"]

_ANY_HOST = "SHELFSIGHT_VLM_API_KEY"
_OF_HOST = {
    "api.openai.com": "OPENAI_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
}


def key_for(address: Address) -> SecretStr | None:
    """``SHELFSIGHT_VLM_API_KEY`` for whichever host was named; else ``OPENAI_API_KEY`` for api.openai.com and
    ``GEMINI_API_KEY`` for generativelanguage.googleapis.com, and for these alone; else none.

    Raises:
        ModelError: one of these two hosts, and no key, or no https; or a key that cannot be sent.
    """
    variable = _OF_HOST.get(address.host)
    if variable and not address.secure:
        raise ModelError(f"{address.host} is asked over https only", hint=f"Name it https://{address.host}/...")
    for name in (_ANY_HOST, variable):
        key = os.environ.get(name, "").strip() if name else ""
        if key:
            if not (key.isascii() and key.isprintable()):
                raise ModelError(f"the key in {name} has characters that no key has", hint="Copy it anew.")
            return SecretStr(key)
    if variable:
        raise ModelError(
            f"vision-language model {address.name} wants a key",
            hint=f"Set {variable} or {_ANY_HOST} in the environment.",
        )
    return None
