"""What the schemas of answers have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Told", "absent", "shown"]


class Told(BaseModel):
    """A document that the API answers. It has these members and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def absent(description: str | None = None, **more: Any) -> Any:
    """A member that is left out where there is nothing to tell; it is never null."""
    return Field(default=None, description=description, json_schema_extra=_without_default, **more)


def shown(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of a model with examples of it."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
