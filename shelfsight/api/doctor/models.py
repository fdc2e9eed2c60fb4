"""The models of the package: their files whole, and at work."""

from collections.abc import Iterator

from shelfsight.api.doctor.finding import Finding, error
from shelfsight.core.errors import ShelfsightError

__all__ = ["CHECKS"]

_AGAIN = "install the package again; in a clone of the repository, check its files out again"


def embedded_files() -> Iterator[Finding]:
    """Against the digests beside them."""
    from shelfsight.models import damaged_files

    for name, why in damaged_files():
        yield error("model_file", f"{name} of the embedded models {why}", _AGAIN)


def embedded_encoder() -> Iterator[Finding]:
    """It encodes a text: PyTorch, OpenCLIP and the tokenizer work."""
    from shelfsight.models import open_encoder

    try:
        vectors = open_encoder("embedded").encode_texts(["a red shoe"])
    except ShelfsightError as fault:
        yield error("encoder_broken", f"the embedded encoder does not work: {fault.message}", fault.hint or _AGAIN)
        return
    length = float((vectors[0] ** 2).sum())
    if not 0.99 < length < 1.01:
        yield error("encoder_broken", f"the embedded encoder answers vectors of length {length:g}", _AGAIN)


CHECKS = (embedded_files, embedded_encoder)
