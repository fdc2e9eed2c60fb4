"""A typed client of Shelfsight's HTTP API.

:mod:`.rest` is generated from the API's OpenAPI document: a module for each operation, a class for each document. What
is beside it is written by hand: :func:`connect`, :func:`answered`, and streams of events.
"""

from shelfsight_client.answers import ProblemError, answered
from shelfsight_client.connecting import AnyClient, connect
from shelfsight_client.events import (
    Done,
    Explained,
    FirstHits,
    NewOrder,
    SearchEvent,
    ask_events,
    job_events,
    search_events,
)

__all__ = [
    "AnyClient",
    "Done",
    "Explained",
    "FirstHits",
    "NewOrder",
    "ProblemError",
    "SearchEvent",
    "answered",
    "ask_events",
    "connect",
    "job_events",
    "search_events",
]
