"""How the embedded models were made, and how to make one of your own.

One command trains the encoder that ships in ``shelfsight/models/embedded/encoder``::

    python -m shelfsight.training encoder --data DIR --out DIR --start mobilenetv2_100_imagenet.safetensors

Read in this order: :mod:`~shelfsight.training.settings` (every number), :mod:`~shelfsight.training.data` and
:mod:`~shelfsight.training.texts` (what is learnt from), :mod:`~shelfsight.training.loss`,
:mod:`~shelfsight.training.stages` (the loop), :mod:`~shelfsight.training.export`.
"""
