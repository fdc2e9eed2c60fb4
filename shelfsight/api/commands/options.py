"""Options that several commands share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from shelfsight.api.configuration import Configuration
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
    "read_settings",
    "rerank",
    "rules",
    "runtime",
    "said_of_milvus",
    "server_state",
    "settings",
    "state_of",
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


def _assigned(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if bad := [word for word, (_, sign, _) in zip(words, pairs, strict=True) if not sign]:
        raise click.BadParameter(f"{bad[0]!r} is no NAME=VALUE")
    return {name.strip(): value for name, _, value in pairs}


def settings(command: Command) -> Command:
    """Where settings come from. The command gets ``config`` and ``assigned``, for :func:`read_settings`."""
    for option in (
        click.option(
            "--set",
            "assigned",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_assigned,
            help="A setting, such as search.depth=20; may be repeated. `shelfsight config` shows them all.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Settings.  [default: $SHELFSIGHT_CONFIG, else shelfsight.toml, if there is one]",
        ),
    ):
        command = option(command)
    return command


def read_settings(
    config: Path | None, assigned: Mapping[str, str], own: Mapping[str, tuple[str, Any]] | None = None
) -> "Configuration":
    """What :func:`settings` and the command's own options say, over the environment and the file.

    Args:
        own: setting -> (the command's own option for it, its value); ``None`` and an empty tuple say nothing.

    Raises:
        NotFound, UsageError: see :func:`shelfsight.api.configuration.load`.
    """
    from shelfsight.api.configuration import load

    return load(config, assigned=assigned, options=own)


def server_state(command: Command) -> Command:
    """Where the state of a server lies. The command gets ``collection`` and ``state``, for :func:`state_of`."""
    for option in (
        click.option(
            "--state", metavar="DIR", type=click.Path(path_type=Path), help="The server's state, if it lies elsewhere."
        ),
        click.option(
            "-c",
            "collection",
            metavar="COLLECTION",
            type=click.Path(path_type=Path),
            help="Directory of the collection that is served, of the default one, or the folder of --root.",
        ),
    ):
        command = option(command)
    return command


def state_of(collection: Path | None, state: Path | None) -> Path:
    """The directory that :func:`server_state` means, else that of the settings.

    Raises:
        UsageError: it is not said where it lies.
        NotFound: there is no collection, and so no place for it.
    """
    from shelfsight.api.configuration import load
    from shelfsight.api.service.state import state_directory
    from shelfsight.core.errors import NotFound, UsageError

    settings = load().settings
    found = state or settings.server.state
    if found is not None:
        return found
    if collection is None:
        raise UsageError("it is not said which server's", hint="name the collection that it serves with -c COLLECTION")
    if not collection.is_dir():
        raise NotFound(f"there is no collection at {collection}", hint="index a catalogue first, or correct -c")
    return state_directory(settings, collection)


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
