"""Open a collection as an engine, or make it."""

from pathlib import Path
from typing import TYPE_CHECKING

from shelfsight.api.engine import Engine
from shelfsight.api.matching import check_asked
from shelfsight.api.models import Models
from shelfsight.core.errors import NotFound
from shelfsight.core.protocols import Encoder, Fetcher
from shelfsight.core.settings import Settings
from shelfsight.core.vision import VisionLanguageModel

if TYPE_CHECKING:
    from shelfsight.stores.milvus import MilvusPlace

__all__ = ["DEFAULT_ENCODER", "DEFAULT_STORE", "open_engine"]

DEFAULT_ENCODER = "embedded"
DEFAULT_STORE = "faiss"


def open_engine(
    path: str | Path,
    *,
    encoder: str | None = None,
    settings: Settings | None = None,
    device: str | None = None,
    runtime: str | None = None,
    create: bool = False,
    store: str | None = None,
    milvus: "MilvusPlace | str | None" = None,
    vlm: str | VisionLanguageModel | None = None,
    rules: str | Path | None = None,
    fetch: Fetcher | bool = True,
    models: Models | None = None,
) -> Engine:
    """Open a collection.

    The encoder is loaded by the first call that needs it, and the vision-language model by the first that needs that;
    metadata and pictures are served without them.

    Args:
        path: the collection's directory.
        encoder: the encoder's name; the one the collection was built with where left out.
        device: ``cpu``, ``cuda``, ``cuda:1`` ...; the best there is where left out.
        runtime: what runs the encoder: ``torch``, ``openvino``, ``auto``; see :func:`shelfsight.models.open_encoder`.
        create: make the collection (with ``encoder``, or the embedded one) where there is none.
        store: ``faiss``, ``exact`` or ``milvus``; a new collection gets ``faiss`` where left out.
        milvus: where in Milvus a new collection lies: an URI, or more than that; its store is ``milvus`` then.
        vlm: what re-ranks, explains and answers: the name of a vision-language model (see
            :func:`shelfsight.models.open_vlm`), or a ready one; ``settings.search.vlm`` where left out.
        rules: a file of a merchandiser's rules; where left out, ``rules.toml`` in the collection's directory, if there
            is one. It is followed while it is edited; see :meth:`Engine.check_rules`.
        fetch: what gets pictures that are given by their address. True: the project's own, within ``settings.fetch``
            and never from inside the network; false: such pictures fail with url_only.
        models: opens the models, in place of ``device`` and ``runtime``, so that engines of one process have the same.

    Raises:
        NotFound: no collection there, and ``create`` is false.
        EncoderMismatch: the collection was built with another encoder.
        Conflict: it has another kind of store, or another place in Milvus.
        ModelError: ``create``, and the encoder cannot be opened.
    """
    from shelfsight import stores

    folder = Path(path)
    if "\0" in str(folder):
        raise NotFound(f"no file can be called {str(folder)!r}")
    models = models or Models(device=device, runtime=runtime)
    created: Encoder | None = None
    vectors = (settings or Settings()).vectors
    try:
        opened = stores.open_store(folder, vectors=vectors)
    except NotFound:
        if not create:
            raise
        created = models.encoder(encoder or DEFAULT_ENCODER)
        place = _place(milvus)
        kind = store or ("milvus" if place else DEFAULT_STORE)
        opened = stores.create_store(folder, kind=kind, encoder=created.spec, place=place, vectors=vectors)
    try:
        if created is None:
            check_asked(folder, opened.manifest, encoder, store, _place(milvus))
    except BaseException:
        opened.close()
        raise
    return Engine(
        opened,
        path=folder,
        settings=settings or Settings(),
        models=models,
        encoder=created,
        vlm=vlm,
        rules=None if rules is None else Path(rules),
        fetch=fetch,
    )


def _place(given: "MilvusPlace | str | None") -> "MilvusPlace | None":
    from shelfsight.stores.milvus import MilvusPlace

    return MilvusPlace(uri=given) if isinstance(given, str) else given
