"""The adapter of models that look at a picture once and can be asked about it many times."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image as Images
from PIL.Image import Image

from shelfsight.core.errors import ModelError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.encoders.folding import fold_batch_norms
from shelfsight.models.vlms.digests import features_digest
from shelfsight.models.vlms.generative import GenerativeVlm
from shelfsight.models.vlms.loading import Loaded, told
from shelfsight.models.vlms.memory import within_memory
from shelfsight.models.vlms.pictures import LIMITS, fit
from shelfsight.models.vlms.prefixes import Prefixes
from shelfsight.models.vlms.yes_no import checked_scores

if TYPE_CHECKING:
    import torch

__all__ = ["ReusableVlm"]

_SELECTION = ("vision_feature_layer", "vision_feature_select_strategy")
Features = npt.NDArray[np.float16]


class _Ask(NamedTuple):
    """A question about a picture: who the picture is, and the tokens before and behind it."""

    picture: Any
    who: Hashable
    before: tuple[int, ...]
    behind: tuple[int, ...]


class ReusableVlm(GenerativeVlm):
    """A :class:`~shelfsight.core.vision.Reusable` model: tower, projector, and a causal decoder that sees their
    output where the picture stands in the prompt, as LLaVA does.

    Scoring calls the decoder itself. A picture, and the words before it, are read once for all questions about it in
    a call, and the questions after them; the most pictures and the most questions that go through the network at once
    are :attr:`batch_size`. Pictures are told apart by object, features by where they lie in memory.
    """

    def __init__(self, loaded: Loaded) -> None:
        """
        Raises:
            ModelError: the model cannot be asked, or its chat template does not show the picture once.
        """
        super().__init__(loaded)
        self._mark = int(self._model.config.image_token_id)
        self._places = 0
        with told(f"vision-language model {self.name} cannot be used"):
            self._split("")
            inputs = self._inputs([[Images.new("RGB", (64, 64))]], [self._prompts.question("")])
            self._places = inputs.input_ids[0].tolist().count(self._mark)
            self._version = self._digest()  # of the weights as they came
            self._quicken()

    @property
    def features_version(self) -> str:
        """See :class:`~shelfsight.core.vision.Reusable`."""
        return self._version

    def picture_features(self, pictures: Sequence[Image]) -> list[Features]:
        """See :class:`~shelfsight.core.vision.Reusable`.

        Raises:
            ModelError: the network fails, or what it makes is too large for float16.
        """
        made: list[Features] = []
        for start in range(0, len(pictures), self.batch_size):
            batch = pictures[start : start + self.batch_size]
            with self._turn(None), told(f"vision-language model {self.name} failed on {len(batch)} pictures"):
                made += [stored.copy() for stored in within_memory(batch, self._stored)]
        return made

    def score_features(self, pairs: Sequence[tuple[Features, str]]) -> FloatArray:
        """See :class:`~shelfsight.core.vision.Reusable`.

        Raises:
            ModelError: the features are not this model's, or the network fails.
            UsageError: a question is longer than the model reads.
        """
        shape = (self._places, self._model.get_input_embeddings().embedding_dim)
        for features, _ in pairs:
            if features.shape != shape:
                raise ModelError(
                    f"features of shape {features.shape} are not of {self.name}, which makes {shape}",
                    hint="Make them anew: they belong to another model.",
                )
        return self._asked(pairs, lambda features: _place(features), self._loaded_again)

    def score(self, pairs: Sequence[tuple[Image, str]]) -> FloatArray:
        """See :meth:`~shelfsight.core.vision.VisionLanguageModel.score`."""
        return self._asked(pairs, id, self._seen)

    def _asked(
        self,
        pairs: Sequence[tuple[Any, str]],
        who: Callable[[Any], Hashable],
        see: Callable[[Sequence[Any]], "torch.Tensor"],
    ) -> FloatArray:
        scores = np.empty(len(pairs), np.float32)
        with self._turn(None), self._told(pairs):
            texts = {text: self._split(text) for text in dict.fromkeys(text for _, text in pairs)}
        asks = [_Ask(picture, who(picture), *texts[text]) for picture, text in pairs]
        for members in self._together(asks):
            batch = [asks[member] for member in members]
            with self._turn(None), self._told(batch):
                scores[members] = within_memory(batch, lambda part: self._answers(part, see))
        return scores

    def _together(self, asks: Sequence[_Ask]) -> Iterator[list[int]]:
        """Which asks to answer together: with the same words before the picture, about so many pictures at most."""
        groups: dict[tuple[int, ...], dict[Hashable, list[int]]] = {}
        for index, ask in enumerate(asks):
            groups.setdefault(ask.before, {}).setdefault(ask.who, []).append(index)
        for of_pictures in groups.values():
            pictures = list(of_pictures.values())
            for start in range(0, len(pictures), self.batch_size):
                yield [index for own in pictures[start : start + self.batch_size] for index in own]

    def _answers(self, asks: Sequence[_Ask], see: Callable[[Sequence[Any]], "torch.Tensor"]) -> FloatArray:
        """P(yes) of asks that have the same words before the picture."""
        import torch

        pictures = {ask.who: ask.picture for ask in asks}
        rows = {who: row for row, who in enumerate(pictures)}
        with torch.inference_mode():
            prefixes = Prefixes(self._model, asks[0].before, see(list(pictures.values())))
            order = sorted(range(len(asks)), key=lambda index: len(asks[index].behind))
            scores = np.empty(len(asks), np.float32)
            for start in range(0, len(order), self.batch_size):
                part = order[start : start + self.batch_size]
                hidden = prefixes.ends([rows[asks[i].who] for i in part], [asks[i].behind for i in part])
                logits = self._head.logits(hidden, self._yes_no.ids)
                scores[part] = checked_scores(self._yes_no.masses(logits).softmax(1)[:, 0])
        return scores

    def _split(self, question: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The prompt's tokens before the picture, and behind it.

        Raises:
            ModelError: the prompt does not show the picture once, with words behind it.
            UsageError: the question is too long.
        """
        prompt = self._checked(self._prompts.question(question), 1)
        ids = list(self._tokenizer(prompt, add_special_tokens=self._wants_marks(prompt)).input_ids)
        if ids.count(self._mark) != 1 or ids[-1] == self._mark:
            raise ModelError("its chat template does not show the picture once, before the question's end")
        at = ids.index(self._mark)
        return tuple(ids[:at]), tuple(ids[at + 1 :])

    def _seen(self, pictures: Sequence[Image]) -> "torch.Tensor":
        """(n, t, d) on the model's device and in its precision: what the decoder sees of n pictures."""
        import torch

        fitted = [fit(picture) for picture in pictures]
        pixels = self._processor.image_processor(images=fitted, return_tensors="pt")["pixel_values"]
        on_device = pixels.to(self._loaded.device, dtype=self._model.dtype)
        with torch.inference_mode():
            return torch.stack(list(self._model.get_image_features(pixel_values=on_device).pooler_output))

    def _stored(self, pictures: Sequence[Image]) -> Any:
        """(n, t, d) float16.

        Raises:
            ModelError: a value is not finite there.
        """
        import torch

        features = self._seen(pictures).to(torch.float16).cpu().numpy()
        if not np.isfinite(features).all():
            raise ModelError("what it sees of a picture is too large for float16, or no number")
        return features

    def _loaded_again(self, features: Sequence[Features]) -> "torch.Tensor":
        import torch

        return torch.from_numpy(np.stack(features)).to(self._loaded.device, dtype=self._model.dtype)

    def _digest(self) -> str:
        core, config = self._model.model, self._model.config
        chosen = {
            name: getattr(config, name, None) for name in ("vision_feature_layer", "vision_feature_select_strategy")
        }
        parts = {"tower": core.vision_tower, "projector": core.multi_modal_projector}
        pictures = self._processor.image_processor.to_dict()
        return features_digest(parts, {"pictures": pictures, "limits": LIMITS, **chosen})

    def _quicken(self) -> None:
        """On a CPU, fold what a convolutional tower normalises and lay it out as convolutions like it: the same
        features, to rounding, in less than half the time (``benchmarks/vlm_rate.py``)."""
        import torch

        tower = self._model.model.vision_tower
        if self._loaded.device.type != "cpu" or not any(isinstance(m, torch.nn.BatchNorm2d) for m in tower.modules()):
            return
        if fold_batch_norms(getattr(tower, "timm_model", tower)):
            tower.to(memory_format=torch.channels_last)

    @property
    def _sees(self) -> int:
        return max(0, self._places - 1)  # one is in the prompt


def _place(features: Features) -> Hashable:
    """Where an array lies: two of the same place, while both are there, hold the same."""
    return features.__array_interface__["data"][0], features.strides
