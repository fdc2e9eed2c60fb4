"""The filter language: one grammar for all stores, parsed once to a tree."""
