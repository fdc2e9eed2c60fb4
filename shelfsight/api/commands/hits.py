"""A page of hits in a terminal: hits and facets as tables on stdout, what happened on the way on stderr."""

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from shelfsight.api.console import print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.core.listing import Histogram
    from shelfsight.core.types import Claim, Hit, Page, StageReport, Value, Verdict

__all__ = ["print_hits", "print_page"]

_SHOWN_FIELDS = ("price", "brand", "category")
_RIGHT = ("#", "was", "score", "relevance", "price", "others", "alike")
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
    for typed, taken in page.corrections.items():
        say(f"showing results for {safe(repr(taken))} in place of {safe(repr(typed))}")
    for warning in page.warnings:
        say(f"warning: {safe(warning)}")
    if page.hits:
        print_hits(page.hits, grouped=page.groups is not None)
    for hit in page.hits:
        if hit.explanation is not None:
            _print_explanation(hit)
    for name, counts in page.facets.items():
        print_table((name, "items"), [(value, str(count)) for value, count in counts.items()], right=("items",))
    for name, spread in page.histograms.items():
        print_table((name, "items"), _bins(spread), right=(name, "items"))
    for stage in page.stages:
        say(_stage(stage))
    total = page.trace.get("total", 0.0)
    groups = "" if page.groups is None else f"{page.groups} groups of "
    say(f"{len(page.hits)} of {groups}{page.total} items in {total:.0f} ms")


def print_hits(hits: "tuple[Hit, ...]", *, grouped: bool = False) -> None:
    """A table of hits, best first, with the common shop fields that they have; how relevant they are where that is
    known, their rank before where they were looked at again, and what they stand for beside themselves."""
    columns: dict[str, list[str]] = {"#": [str(hit.rank) for hit in hits]}
    if any("rerank" in hit.ranks for hit in hits):
        columns["was"] = [str(hit.ranks.get("retrieval", "")) for hit in hits]
    columns["score"] = [f"{hit.score:.3f}" for hit in hits]
    if any("rerank" in hit.ranks or hit.relevance is not None for hit in hits):
        columns["relevance"] = ["" if hit.relevance is None else f"{hit.relevance:.3f}" for hit in hits]
    columns["title"] = [hit.title or "" for hit in hits]
    for name in _SHOWN_FIELDS:
        if any(hit.metadata.get(name) is not None for hit in hits):
            columns[name] = [_text(hit.metadata.get(name)) for hit in hits]
    if grouped:
        columns["group"] = [_text(hit.group) for hit in hits]
        columns["others"] = [str(len(hit.variants)) for hit in hits]
    if any(hit.duplicates for hit in hits):
        columns["alike"] = [str(len(hit.duplicates)) for hit in hits]
    if any(hit.reasons for hit in hits):
        columns["why"] = [", ".join(hit.reasons) for hit in hits]
    columns["id"], columns["picture"] = [hit.id for hit in hits], [hit.picture for hit in hits]
    print_table(tuple(columns), list(zip(*columns.values(), strict=True)), right=_RIGHT)


def _text(value: "Value") -> str:
    return "" if value is None else str(value)


def _bins(spread: "Histogram") -> list[tuple[str, str]]:
    """``10 to 20``: the upper edge belongs to the next bin, but for the last."""
    ranges = [f"{low:g} to {high:g}" for low, high in pairwise(spread.edges)]
    rows = [(name, str(count)) for name, count in zip(ranges, spread.counts, strict=True)]
    return [*rows, ("no number", str(spread.others))] if spread.others else rows


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
