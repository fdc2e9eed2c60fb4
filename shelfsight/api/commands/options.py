"""Options that several commands share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from shelfsight.api.engine import Engine

Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = [
    "ValueAfterEquals",
    "as_json",
    "collection",
    "depth",
    "device",
    "encoder",
    "milvus",
    "mode",
    "prepare_vlm",
    "rerank",
    "rules",
    "runtime",
    "said_of_milvus",
    "vlm",
]

collection = click.option(
    "-c",
    "--collection",
    required=True,
    metavar="COLLECTION",
    type=click.Path(path_type=Path),
    help="Directory of the collection.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout and nothing else.")
encoder = click.option(
    "--encoder",
    metavar="NAME",
    help="Encoder: 'embedded', an OpenCLIP name (ViT-B-32/laion2b_s34b_b79k), hf-hub:ORG/MODEL or a folder; "
    "`shelfsight models` lists some. A new collection gets 'embedded'; an existing one keeps its own.",
)
_MILVUS = (
    ("--milvus-uri", "URI", "Milvus server (http://HOST:19530), or Lite file (NAME.db), of a new collection."),
    ("--milvus-collection", "NAME", "Collection in Milvus; one that is there already is opened from here as well."),
    (
        "--milvus-index",
        "TYPE",
        "Index of its vectors: HNSW, IVF_RABITQ, DISKANN ...  [default: by size; in a Lite file FLAT]",
    ),
    ("--milvus-words", "WHO", "Who finds its words: local (an index in the directory) or server.  [default: local]"),
    (
        "--milvus-bulk",
        "WHERE",
        "For large commits to a server: http://HOST:PORT/BUCKET/PREFIX of its object store, or a folder.",
    ),
    ("--tenant", "NAME", "Whose rows these are, where several share a collection in Milvus."),
)


def said_of_milvus(given: Mapping[str, str | None]) -> dict[str, str]:
    """Fields of a ``MilvusPlace`` from the values of :func:`milvus`'s options, by name; those that were given."""
    return {name.removeprefix("milvus_"): value for name, value in given.items() if value is not None}


def milvus(command: Command) -> Command:
    """Where in Milvus a new collection lies."""
    for name, metavar, text in reversed(_MILVUS):
        command = click.option(name, metavar=metavar, help=text)(command)
    return command


device = click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1 ...; the best there is if left out.")
runtime = click.option(
    "--runtime",
    type=click.Choice(["auto", "torch", "openvino"]),
    help="What runs the encoder.  [default: $SHELFSIGHT_RUNTIME, else auto: the fastest here that answers the same]",
)
mode = click.option(
    "--mode",
    type=click.Choice(["vector", "hybrid"]),
    default="vector",
    show_default=True,
    help="vector: by pictures alone; hybrid: by the words of titles and metadata too.",
)


rerank = click.option("--rerank", is_flag=True, help="Let a vision-language model look at the best hits again.")
depth = click.option("--depth", type=int, metavar="N", help="Hits that --rerank looks at.  [default: 50]")
vlm = click.option(
    "--vlm",
    metavar="NAME",
    help="Vision-language model: 'embedded', a Transformers model or folder, blip2-itm:MODEL or openai:MODEL@URL.  "
    "[default: embedded]",
)


rules = click.option(
    "--rules",
    "rules_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A merchandiser's rules.  [default: rules.toml in the collection]",
)


class ValueAfterEquals(click.Command):
    """A command of which some options stand alone or take their value behind ``=``, never the word that follows."""

    alone = ("--explain", "--collapse")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        told = [f"{word}=" if word in self.alone else word for word in args[:end]]
        return super().parse_args(ctx, told + args[end:])


def prepare_vlm(engine: "Engine", *, must: bool) -> None:
    """Open the engine's vision-language model before the clock of a search starts.

    Raises:
        ModelError, MissingExtra: it cannot be had, and it ``must``; else the search itself tells that.
    """
    from shelfsight.core.errors import MissingExtra, ModelError

    try:
        _ = engine.vlm
    except (ModelError, MissingExtra):
        if must:
            raise
