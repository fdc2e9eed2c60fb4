"""A page of hits in a terminal: hits and facets as tables on stdout, what happened on the way on stderr."""

import sys
from typing import TYPE_CHECKING

import click

from shelfsight.api.console import print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.core.types import Claim, Hit, Page, StageReport, Verdict

__all__ = ["print_hits", "print_page"]

_SHOWN_FIELDS = ("price", "brand", "category")
_RIGHT = ("#", "was", "score", "relevance", "price")
_MARKS: "dict[Verdict, str]" = {"yes": "✓", "no": "✗", "cannot tell": "?"}
_PLAIN_MARKS: "dict[Verdict, str]" = {"yes": "yes", "no": "no", "cannot tell": "?"}
_ENDED = {
    "budget": "time was up",
    "settled": "the page could change no more",
    "gate": "they could not be told apart: order kept",
    "failed": "the model failed: order kept",
}


def print_page(page: "Page") -> None:
    """Hits, why they are there, and facets on stdout; how the query was read, warnings and times on stderr."""
    if page.atoms is not None:
        say(f"looked for: {safe('; '.join(atom.text for atom in page.atoms)) or 'nothing that can be taken apart'}")
    for warning in page.warnings:
        say(f"warning: {safe(warning)}")
    if page.hits:
        print_hits(page.hits)
    for hit in page.hits:
        if hit.explanation is not None:
            _print_explanation(hit)
    for name, counts in page.facets.items():
        print_table((name, "items"), [(value, str(count)) for value, count in counts.items()], right=("items",))
    for stage in page.stages:
        say(_stage(stage))
    total = page.trace.get("total", 0.0)
    say(f"{len(page.hits)} of {page.total} items in {total:.0f} ms")


def print_hits(hits: "tuple[Hit, ...]") -> None:
    """A table of hits, best first, with the common shop fields that they have; of hits that were looked at again, the
    rank before and the relevance too."""
    fields = [name for name in _SHOWN_FIELDS if any(hit.metadata.get(name) is not None for hit in hits)]
    looked = any("rerank" in hit.ranks or hit.relevance is not None for hit in hits)
    columns = ("#", "was", "score", "relevance") if looked else ("#", "score")
    rows = [(*_figures(hit, looked), hit.title or "", *_fields(hit, fields), hit.id, hit.picture) for hit in hits]
    print_table((*columns, "title", *fields, "id", "picture"), rows, right=_RIGHT)


def _figures(hit: "Hit", looked: bool) -> tuple[str, ...]:
    rank, score = str(hit.rank), f"{hit.score:.3f}"
    if not looked:
        return (rank, score)
    before = hit.ranks.get("retrieval")
    relevance = "" if hit.relevance is None else f"{hit.relevance:.3f}"
    return (rank, "" if before is None else str(before), score, relevance)


def _fields(hit: "Hit", names: list[str]) -> tuple[str, ...]:
    return tuple("" if (value := hit.metadata.get(name)) is None else str(value) for name in names)


def _print_explanation(hit: "Hit") -> None:
    assert hit.explanation is not None
    marks = _marks()
    click.echo(f"\n{hit.rank}. {safe(hit.title or hit.id)}")
    if hit.explanation.sentence:
        click.echo(f"   {safe(hit.explanation.sentence)}")
    for claim in hit.explanation.claims:
        click.echo(f"   {marks[claim.verdict]} {safe(_claim(claim))}")


def _claim(claim: "Claim") -> str:
    evidence = claim.evidence
    if claim.source == "catalogue" and evidence.field is not None:
        return f"{claim.atom} (catalogue: {evidence.field} is {evidence.value})"
    if claim.source == "none":
        return f"{claim.atom} (nobody could look)"
    return f"{claim.atom} {claim.probability:.2f}{' (graded)' if claim.graded else ''}"


def _marks() -> "dict[Verdict, str]":
    try:
        "".join(_MARKS.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _PLAIN_MARKS
    return _MARKS


def _stage(stage: "StageReport") -> str:
    """``rerank: 50 of 50 looked at in 312 ms, 37 moved``"""
    parts = [f"{stage.name}: {stage.scored} of {stage.candidates} looked at in {stage.milliseconds:.0f} ms"]
    if stage.name == "rerank":
        parts.append(f"{stage.moved} moved")
    if stage.ended in _ENDED:
        parts.append(_ENDED[stage.ended])
    return ", ".join(parts)
