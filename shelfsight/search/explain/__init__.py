"""Explanations: what each hit has of what the query asks for, on what evidence, and a sentence of what is certain."""

from shelfsight.search.explain.explainer import STAGE, Explained, Explaining, explain

__all__ = ["STAGE", "Explained", "Explaining", "explain"]
