"""The directory that holds what a server keeps: keys, limits, audit log, aliases, jobs. Nobody else reads it."""

import os
from pathlib import Path

from shelfsight.core.errors import StoreError
from shelfsight.core.settings import Settings

__all__ = ["STATE", "made", "state_directory"]

STATE = "server"
"""Its name in the directory of the default collection, unless ``settings.server.state`` says another place."""
_ONLY_US = 0o700


def state_directory(settings: Settings, collection: Path) -> Path:
    """Where the state of a server lies whose default collection is ``collection``; it need not be there yet."""
    return settings.server.state or collection / STATE


def made(state: Path) -> Path:
    """``state``, made where it is not there, with mode 0700. One that is there keeps its mode.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        if not state.is_dir():
            state.mkdir(mode=_ONLY_US, parents=True, exist_ok=True)
            os.chmod(state, _ONLY_US)  # noqa: PTH101  # whatever the umask
    except OSError as error:
        raise StoreError(f"the server's state cannot be kept in {state}: {error.strerror}") from error
    return state
