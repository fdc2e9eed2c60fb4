"""What is wrong with an installation or a collection, and the cure. Everything is looked at, nothing is written.

A group of checks is a module; a check is a generator of findings, about one thing. A check that fails is a finding
itself, so that whatever a collection is like, the others are heard.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from shelfsight.api.doctor.checking import Check, checked
from shelfsight.api.doctor.finding import Finding, Severity
from shelfsight.core.settings import Settings

__all__ = ["Finding", "Severity", "examine", "findings"]


def examine(collection: Path | None = None, settings: Settings | None = None) -> list[Finding]:
    """Everything that is found, gravest first."""
    found = findings(collection, settings or Settings())
    return sorted(found, key=lambda finding: [*Severity].index(finding.severity))


def findings(collection: Path | None, settings: Settings) -> Iterator[Finding]:
    """As they are found: of the installation, then of the collection at ``collection``, with the server's state."""
    yield from checked(_of_installation())
    if collection is not None:
        from shelfsight.api.doctor.collection import of_collection

        yield from of_collection(collection, settings)
    elif settings.server.state is not None:
        from shelfsight.api.doctor.state import of_state

        yield from checked(of_state(settings.server.state))


def _of_installation() -> Sequence[Check]:
    from shelfsight.api.doctor import faiss, machine, models, packages

    return [*packages.CHECKS, *faiss.CHECKS, *machine.CHECKS, *models.CHECKS]
