"""Approximate search: what finds candidates in one sealed segment, how hard it has to look, and how well it does.

A *finder* (:mod:`.finding`) names rows that are probably near a query; their exact scores come from the vectors
themselves (:mod:`.block`). How hard it looks is tuned when it is built (:mod:`.tuning`) and written down in *plans*
(:mod:`.plans`), beside the segment (:mod:`.sidecar`). All of it is a cache: without it a search is exact, and slow.
"""
