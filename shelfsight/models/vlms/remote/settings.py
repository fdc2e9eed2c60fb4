"""How much a remote model may be asked, and how long it may take."""

import os

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shelfsight.core.errors import UsageError

__all__ = ["RemoteSettings"]

_VARIABLES = {"concurrency": "SHELFSIGHT_VLM_CONCURRENCY", "seconds": "SHELFSIGHT_VLM_SECONDS"}


class RemoteSettings(BaseModel):
    """Limits of one client."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=4, gt=0, le=256, description="requests under way at once, whoever asks")
    seconds: float = Field(default=120.0, gt=0, description="for one pair: all its requests, retries and pauses")
    connect_seconds: float = Field(default=5.0, gt=0, description="until a connection stands")
    silent_seconds: float = Field(default=60.0, gt=0, description="without a byte from the server")
    retries: int = Field(default=3, ge=0, description="further attempts where one fails in passing")
    first_pause: float = Field(default=0.25, gt=0, description="seconds before the first retry; doubled for each next")
    longest_pause: float = Field(default=20.0, gt=0, description="seconds that a server may ask to be left alone")
    longest_side: int = Field(default=768, ge=28, description="pixels of the pictures that are sent")
    most_bytes: int = Field(default=4 << 20, gt=0, description="of one reply")

    @classmethod
    def from_environment(cls) -> "RemoteSettings":
        """The defaults, but for what ``SHELFSIGHT_VLM_CONCURRENCY`` and ``SHELFSIGHT_VLM_SECONDS`` say.

        Raises:
            UsageError: one of them is no number above 0.
        """
        said = {field: os.environ[name] for field, name in _VARIABLES.items() if os.environ.get(name)}
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            name = _VARIABLES[str(error.errors()[0]["loc"][0])]
            raise UsageError(f"{name} is {os.environ[name]!r}", hint="Give a number above 0.") from error
