"""What clients send, as documents."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Sent"]

_MOST = 100


class Sent(BaseModel):
    """A document that a client sends. It has the members that are said and no others.

    One with thousands of others is refused as a whole: pydantic would tell of each, with a kilobyte of memory for it.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few(cls, document: Any) -> Any:
        if isinstance(document, dict) and len(document) > _MOST:
            raise ValueError(f"an object of {len(document):,} members, and {_MOST} at most are read")
        return document
