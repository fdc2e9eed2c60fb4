"""The encoder of a collection: it can be had, and is the one that made the vectors."""

from collections.abc import Iterator

from shelfsight.api.doctor.collection import Subject
from shelfsight.api.doctor.finding import Finding, error
from shelfsight.core.errors import EncoderMismatch, MissingExtra, ModelError, UsageError

__all__ = ["CHECKS"]


def encoder(subject: Subject) -> Iterator[Finding]:
    """Nothing is downloaded for it: one whose weights are not here is missing."""
    from shelfsight.api.matching import check_spec
    from shelfsight.models import descriptors, open_encoder, weights_here

    wanted = subject.header.encoder
    known = next((each for each in descriptors() if each.name == wanted.name), None)
    if known is not None and not weights_here(known):
        text = f"the weights of the encoder {wanted.name!r} are not on this machine: the first search downloads them"
        yield error("encoder_missing", text, "download them", command=_download(subject))
        return
    try:
        check_spec(subject.path, wanted, open_encoder(wanted.name).spec)
    except EncoderMismatch as fault:
        yield error("encoder_mismatch", fault.message, fault.hint or "install the one it was built with")
    except (ModelError, MissingExtra, UsageError) as fault:
        yield error("encoder_missing", fault.message, fault.hint or "install what it needs")


def _download(subject: Subject) -> str:
    return f"shelfsight search shoe -c {subject.shown} -k 1"


CHECKS = (encoder,)
