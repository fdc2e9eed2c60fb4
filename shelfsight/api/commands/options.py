"""Options that several commands share."""

from pathlib import Path

import click

__all__ = ["as_json", "collection", "device", "encoder", "refuse_vlm", "runtime"]

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
    help="vector: by pictures alone; hybrid: by titles and metadata too.",
)


def refuse_vlm(*, rerank: bool, explain: bool = False) -> None:
    """Refuse what needs a vision-language model, before anything is loaded."""
    if rerank or explain:
        asked = " and ".join(name for name, wanted in (("--rerank", rerank), ("--explain", explain)) if wanted)
        raise click.UsageError(f"{asked}: no vision-language model is available yet in this version")
