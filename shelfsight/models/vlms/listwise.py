"""The adapter of models that take several pictures in one prompt."""

from collections.abc import Sequence

from PIL.Image import Image

from shelfsight.core.errors import UsageError
from shelfsight.core.vectors import FloatArray
from shelfsight.models.vlms.generative import GenerativeVlm
from shelfsight.models.vlms.loading import Loaded, told
from shelfsight.models.vlms.memory import in_parts
from shelfsight.models.vlms.yes_no import checked_scores, words_of

__all__ = ["ListwiseVlm"]


class ListwiseVlm(GenerativeVlm):
    """A :class:`~shelfsight.core.vision.Listwise` model: it is shown numbered pictures and asked for a number.

    A picture's share is the probability of the tokens of its number among those of all numbers, where the answer
    begins. Models lean towards some numbers whatever is shown: who compares has to show the pictures in several orders.
    """

    def __init__(self, loaded: Loaded) -> None:
        """
        Raises:
            ModelError: the model cannot be asked: no token for a number.
        """
        super().__init__(loaded)
        numbers = [str(number) for number in range(1, self.most_pictures + 1)]
        with told(f"vision-language model {self.name} cannot be used"):
            self._numbers = words_of(self._tokenizer.get_vocab(), numbers)

    @property
    def most_pictures(self) -> int:
        """See :class:`~shelfsight.core.vision.Listwise`."""
        return self._loaded.family.most_pictures

    def choose(self, lists: Sequence[tuple[Sequence[Image], str]]) -> list[FloatArray]:
        """See :meth:`~shelfsight.core.vision.Listwise.choose`.

        Raises:
            UsageError: a list has less than 2 pictures or more than :attr:`most_pictures`, or what is sought is
                longer than the model reads.
            ModelError: the network fails.
        """
        for pictures, _ in lists:
            if not 2 <= len(pictures) <= self.most_pictures:
                raise UsageError(f"{self.name} compares 2 to {self.most_pictures} pictures, not {len(pictures)}")
        size = max(1, self.batch_size // self.most_pictures)
        shares: list[FloatArray] = []
        for start in range(0, len(lists), size):
            shares += self._chosen(lists[start : start + size])
        return shares

    def _chosen(self, batch: Sequence[tuple[Sequence[Image], str]]) -> list[FloatArray]:
        with self._turn(None), self._told(batch):
            return [share for part in in_parts(batch, self._shares) for share in part]

    def _shares(self, batch: Sequence[tuple[Sequence[Image], str]]) -> list[FloatArray]:
        prompts = [self._checked(self._prompts.choice(sought, len(own)), 1) for own, sought in batch]
        inputs = self._inputs([own for own, _ in batch], prompts)
        masses = self._first_words(inputs, self._numbers)
        return [checked_scores(row[: len(own)].softmax(0)) for row, (own, _) in zip(masses, batch, strict=True)]
