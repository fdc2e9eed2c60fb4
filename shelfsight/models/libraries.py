"""Other people's model libraries at arm's length: what they raise is told in our words, what they say is not heard."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

from shelfsight.core.errors import ModelError, ShelfsightError

__all__ = ["quiet", "told"]


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Turn whatever a library raises into a :class:`ModelError` that says what was being done; our own errors pass."""
    try:
        yield
    except ShelfsightError:
        raise
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        raise ModelError(f"{what}: {reason}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No log line below an error, and no warning."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
