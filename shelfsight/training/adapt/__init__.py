"""Adapting an encoder to a catalogue: ``shelfsight finetune``, and :func:`finetune` from Python.

What learns, and why. The pictures go through the frozen picture tower once; behind it learns one matrix, the identity
at the start. The text tower learns by LoRA, because texts are short and cheap where sending gradients through a picture
tower for every picture is not. So both sides adapt, in minutes on a CPU, with any OpenCLIP model; and the small number
of learnt weights, their decay, the anchor of texts to where the base has them, averaging, and a strength chosen on
validation keep what the base knows.

Read in this order: :mod:`~shelfsight.training.adapt.settings` (every number), :mod:`~shelfsight.training.adapt.texts`
(what is learnt from), :mod:`~shelfsight.training.adapt.parts` and :mod:`~shelfsight.training.adapt.questions` (what is
held out and how it is asked), :mod:`~shelfsight.training.adapt.lora`, :mod:`~shelfsight.training.adapt.trainer`,
:mod:`~shelfsight.training.adapt.verdict` (the rule for promotion), :mod:`~shelfsight.training.adapt.run`.
"""

from shelfsight.training.adapt.report import AdaptReport
from shelfsight.training.adapt.run import finetune
from shelfsight.training.adapt.settings import AdaptSettings

__all__ = ["AdaptReport", "AdaptSettings", "finetune"]
