"""How to read a report."""

from shelfsight.evaluation.comparison import LEVEL
from shelfsight.evaluation.report.markup import Html, element, join

__all__ = ["classes", "rankings"]

_RANKINGS = {
    "recall@k": "Share of a query's relevant items that are among its first k hits.",
    "precision@k": "Share of the first k hits that are relevant; k counts in full where fewer came back.",
    "mrr@k": "One divided by the rank of the first relevant hit; 0 where it is beyond k.",
    "ndcg@k": "Gain of the first k hits, each divided by log2(rank + 1), against the best possible order.",
    "success@k": "Share of queries with at least one relevant item among the first k hits.",
    "Pictures": "Each item is shown by its first picture. ✓ and a green frame: relevant. ! and a dashed frame: "
    "relevant and missed, with the rank it came at instead. No sign: not judged relevant, which is not always wrong.",
}
_INTERVAL = {
    "Interval": "The middle 95 % of the means of 1,000 resamples of the cases (percentile bootstrap; Efron and "
    "Tibshirani, 1993). With few cases it is too narrow: below about 20 take it as a hint.",
}
_HOLM = (
    "p-values are corrected for the number of tests shown together, so that on two equal systems all of them stay "
    f"silent in at least {1 - LEVEL:.0%} of comparisons (Holm, 1979)."
)
_FLIPS = {
    "p": "Two-sided paired randomisation test: how often a mean difference this far from zero comes up when each "
    "query's difference gets a random sign; all sign patterns where they are few, else 9,999 seeded ones, or more "
    "where the correction needs a finer value (Smucker, Allan and Carterette, 2007).",
    "p (Holm)": _HOLM,
    "win / tie / loss": "Queries on which A has more than B, the same, and less.",
}
_CLASSES = {
    "top-1": "Share of items whose pictures are nearest to the text of their own value, among all values of the field "
    "(zero-shot classification; Radford et al., 2021).",
}
_MCNEMAR = {
    "p": "McNemar's exact test, two-sided: of the items that only one side gets right, how often chance would divide "
    "them at least this unevenly. It is the only test here, so nothing is corrected.",
    "win / tie / loss": "Items that A alone gets right, that both get right or both wrong, and that B alone does.",
}


def rankings(*, compared: bool) -> Html:
    return _notes(_RANKINGS | _INTERVAL | (_FLIPS if compared else {}))


def classes(*, compared: bool) -> Html:
    return _notes(_CLASSES | _INTERVAL | (_MCNEMAR if compared else {}))


def _notes(entries: dict[str, str]) -> Html:
    listed = [join(element("dt", name), element("dd", told)) for name, told in entries.items()]
    return element("section", element("h2", "How to read this"), element("dl", *listed, class_="notes"))
