"""``shelfsight rules check`` and ``shelfsight rules preview``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from shelfsight.api.commands import options
from shelfsight.api.console import print_document, print_table, safe, say

if TYPE_CHECKING:
    from shelfsight.core.rules import Rule
    from shelfsight.core.types import Hit, Page

__all__ = ["rules"]


@click.group()
def rules() -> None:
    """Check a merchandiser's rules, and see what they do to a search.

    A collection's rules are the file rules.toml in its directory: synonyms, pins, hides, boosts. Boosts move the first
    1,024 hits, each tenfold at most in its odds; synonyms count in --mode hybrid; sorted hits are neither pinned nor
    boosted.
    """


@rules.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options.as_json
def check(file: Path, as_json: bool) -> None:
    """Read FILE, and list its rules; what is wrong is named with its line."""
    from shelfsight.api.rules import load_rules

    found = load_rules(file).all
    if as_json:
        print_document({"rules": [_rule_document(rule) for rule in found]})
        return
    rows = [tuple(str(value) for value in _rule_document(rule).values()) for rule in found]
    print_table(("line", "kind", "rule", "for", "days"), rows, right=("line",))


@rules.command()
@click.argument("query", metavar="QUERY")
@options.collection
@click.option("-k", "k", type=int, default=10, show_default=True, help="Hits compared.")
@options.rules
@click.option("--filter", "filter_", metavar="EXPR", help="Such as: price < 80.")
@options.mode
@options.device
@options.runtime
@options.settings
@options.as_json
def preview(
    query: str,
    collection: Path,
    k: int,
    rules_file: Path | None,
    filter_: str | None,
    mode: Literal["vector", "hybrid"],
    device: str | None,
    runtime: str | None,
    config: Path | None,
    assigned: Mapping[str, str],
    as_json: bool,
) -> None:
    """Search for QUERY without and with rules, and show both side by side."""
    from shelfsight.api.opening import open_engine

    settings = options.read_settings(config, assigned).settings
    with open_engine(collection, settings=settings, device=device, runtime=runtime, rules=rules_file) as engine:
        engine.check_rules()
        before = engine.search(query, k=k, filter=filter_, mode=mode, rules=False)
        after = engine.search(query, k=k, filter=filter_, mode=mode)
    if as_json:
        print_document(_preview_document(query, before, after))
    else:
        _print_preview(before, after)


def _rule_document(rule: "Rule") -> dict[str, Any]:
    scope = rule.scope
    asked = [f"“{query}”" for query in scope.queries] + [f"…{part}…" for part in scope.containing]
    days = " to ".join(str(day) if day else "" for day in (scope.start, scope.end)) if scope.start or scope.end else ""
    kinds = {"Bury": "last"}
    kind = type(rule).__name__
    return {
        "line": rule.line,
        "kind": kinds.get(kind, kind.lower()),
        "rule": rule.label,
        "for": ", ".join(asked) or "every query",
        "days": days,
    }


def _preview_document(query: str, before: "Page", after: "Page") -> dict[str, Any]:
    ranks = {hit.id: hit.rank for hit in before.hits}
    kept = {hit.id for hit in after.hits}
    return {
        "query": query,
        "before": [_hit_document(hit) for hit in before.hits],
        "after": [
            {**_hit_document(hit), "before": ranks.get(hit.id), "reasons": list(hit.reasons)} for hit in after.hits
        ],
        "gone": [hit.id for hit in before.hits if hit.id not in kept],
        "total": {"before": before.total, "after": after.total},
        "warnings": list(after.warnings),
    }


def _hit_document(hit: "Hit") -> dict[str, Any]:
    return {"id": hit.id, "rank": hit.rank, "score": round(hit.score, 6), "title": hit.title}


def _print_preview(before: "Page", after: "Page") -> None:
    ranks = {hit.id: hit.rank for hit in before.hits}
    rows = []
    for place in range(max(len(before.hits), len(after.hits))):
        old = before.hits[place] if place < len(before.hits) else None
        new = after.hits[place] if place < len(after.hits) else None
        rows.append((*_cells(old), *_cells(new), *_moves(new, ranks)))
    columns = ("without", "title", "with rules", "title", "was", "why")
    numbered = [(str(place), *row) for place, row in enumerate(rows, start=1)]
    print_table(("#", *columns), numbered, right=("#", "was"), whole=("without", "with rules"))
    if before.total != after.total:
        say(f"found: {before.total:,} without rules, {after.total:,} with them")
    for warning in after.warnings:
        say(f"warning: {safe(warning)}")


def _cells(hit: "Hit | None") -> tuple[str, str]:
    return ("", "") if hit is None else (hit.id, hit.title or "")


def _moves(hit: "Hit | None", ranks: dict[str, int]) -> tuple[str, str]:
    """Where a hit stood without rules, and why it stands where it does."""
    if hit is None:
        return "", ""
    return str(ranks.get(hit.id, "further down")), "; ".join(hit.reasons)
