"""Embeddings that were made elsewhere, into a collection."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelfsight.api.matching import check_asked, open_encoder_named
from shelfsight.core.errors import EncoderMismatch, MissingExtra, ModelError, NotFound, UsageError
from shelfsight.core.protocols import EncoderSpec, Store
from shelfsight.core.settings import Settings, VectorSettings
from shelfsight.core.types import Failure, Item

if TYPE_CHECKING:
    from shelfsight.catalog import FieldRows, Fields
    from shelfsight.catalog.vectors import VectorFile
    from shelfsight.indexer.taking_in import Ready, TakenIn

__all__ = ["ImportedEncoder", "import_document", "import_vectors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEncoder:
    """What made the vectors.

    Attributes:
        name: the string that opens it here, now or later.
        fingerprint: of its preprocessing, as ``shelfsight info`` shows it; needed where it cannot be opened here.
        revision: of its weights, likewise; empty: any.
    """

    name: str
    fingerprint: str | None = None
    revision: str = ""


def import_vectors(
    path: str | Path,
    vectors: str | Path,
    *,
    encoder: ImportedEncoder,
    items: str | Path | None = None,
    store: str = "faiss",
    settings: Settings | None = None,
    vector_column: str | None = None,
    id_column: str | None = None,
    failures_to: Path | None = None,
) -> "TakenIn":
    """Bring the collection at ``path``, made where there is none, up to date with ready vectors.

    Args:
        vectors: (n, d) floats in a ``.npy`` file; or a Parquet file with a column of vectors.
        encoder: what made them. Where it cannot be opened here the collection answers by vectors alone (browsing, more
            like this) until it can.
        items: ids, titles and fields of the vectors, row by row: CSV, JSONL or Parquet. Left out for a Parquet file
            that has them beside the vectors. Pictures that it names are shown, and not read.
        store: of a new collection.
        settings: ``settings.vectors`` say what finds the vectors.
        vector_column, id_column: where their names do not say it.

    Raises:
        NotFound, CatalogueError: a file is not there, or is none.
        UsageError: not as many rows as vectors, or vectors of another dimension than the encoder's.
        EncoderMismatch: the collection, or what opens under that name, is another encoder.
        ModelError, MissingExtra: the encoder cannot be opened here, and there is no fingerprint.
        LeaseHeld, StoreError, StoreFull: the collection cannot be written.
    """
    from shelfsight.catalog import Columns, open_fields
    from shelfsight.catalog.vectors import open_vectors
    from shelfsight.indexer.taking_in import take_in

    matrix = open_vectors(Path(vectors), vector_column)
    if items is None and matrix.column is None:
        raise UsageError(f"{matrix.path.name} has no ids", hint="name a table of them, row by row: --items")
    exclude = () if matrix.column is None or items is not None else (matrix.column,)
    rows = open_fields(Path(items or vectors), columns=Columns(id=id_column, exclude=exclude))
    _check_length(rows, matrix)
    opened = _opened(Path(path), encoder, matrix, store, (settings or Settings()).vectors)
    try:
        return take_in(_joined(rows, matrix), name=rows.name, store=opened, failures_to=failures_to)
    finally:
        opened.close()


def import_document(done: "TakenIn") -> dict[str, Any]:
    """The document of ``import --json``."""
    return {**done.report.to_json(), "normalised": done.normalised}


def _check_length(rows: "FieldRows", matrix: "VectorFile") -> None:
    count = sum(1 for _ in rows)
    if count != matrix.rows:
        raise UsageError(
            f"{rows.name} has {count:,} rows, {matrix.path.name} has {matrix.rows:,} vectors",
            hint="row i of the one belongs to row i of the other",
        )


def _joined(rows: "FieldRows", matrix: "VectorFile") -> "Iterator[Ready | Failure]":
    from shelfsight.indexer.taking_in import Ready

    for row, vector in zip(rows, matrix, strict=True):
        yield row if isinstance(row, Failure) else Ready(_item(row), vector)


def _item(row: "Fields") -> Item:
    fields = {name: value for name, value in row.fields.items() if value is not None}
    title = fields.pop("title", None)
    return Item(id=row.id, pictures=row.pictures, title=title, metadata=fields, place=row.place)  # type: ignore[arg-type]


def _opened(path: Path, encoder: ImportedEncoder, matrix: "VectorFile", kind: str, vectors: VectorSettings) -> Store:
    from shelfsight import stores

    try:
        found = stores.open_store(path, vectors=vectors)
    except NotFound:
        return stores.create_store(path, kind=kind, encoder=_spec(encoder, matrix.dimension), vectors=vectors)
    try:
        check_asked(path, found.manifest, encoder.name, None)
        _check_built(found.manifest.encoder, encoder)
        _check_dimension(found.manifest.encoder, matrix.dimension)
    except BaseException:
        found.close()
        raise
    return found


def _spec(encoder: ImportedEncoder, dimension: int) -> EncoderSpec:
    """That of the encoder, opened; or what is said of it, where it cannot be."""
    try:
        spec = open_encoder_named(encoder.name, None).spec
    except (ModelError, MissingExtra) as error:
        if not encoder.fingerprint:
            hint = f"{error.hint}; " if error.hint else ""
            error.hint = f"{hint}or say what prepared the pictures: --fingerprint"
            raise
        return EncoderSpec(
            name=encoder.name,
            revision=encoder.revision,
            fingerprint=encoder.fingerprint,
            dimension=dimension,
            image_size=0,
        )
    _check_said(spec, encoder)
    _check_dimension(spec, dimension)
    return spec


def _check_said(spec: EncoderSpec, encoder: ImportedEncoder) -> None:
    for name, said, known in (
        ("preprocessing", encoder.fingerprint, spec.fingerprint),
        ("revision", encoder.revision, spec.revision),
    ):
        if said and said != known:
            raise EncoderMismatch(
                f"encoder {spec.name!r} has {name} {known!r} here, the vectors were made with {said!r}",
                hint="import them under the name of the encoder that made them",
            )


def _check_built(built: EncoderSpec, encoder: ImportedEncoder) -> None:
    _check_said(built, replace(encoder, revision=encoder.revision if built.revision else ""))


def _check_dimension(spec: EncoderSpec, dimension: int) -> None:
    if spec.dimension != dimension:
        raise UsageError(f"the vectors have {dimension} numbers, those of encoder {spec.name!r} have {spec.dimension}")
