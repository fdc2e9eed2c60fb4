"""How the embedded vision-language model was made: the encoder's picture tower, a projector and a small decoder.

One command trains the model that ships in ``shelfsight/models/embedded/vlm``::

    python -m shelfsight.training vlm --data DIR --out DIR

Read in this order: :mod:`~shelfsight.training.vlm.settings` (every number), :mod:`~shelfsight.training.vlm.material`
(pictures), :mod:`~shelfsight.training.vlm.lessons` (what is asked about them), :mod:`~shelfsight.training.vlm.packing`
(many questions behind one picture), :mod:`~shelfsight.training.vlm.trainer`, :mod:`~shelfsight.training.vlm.export`.
"""
