"""From a conversation to the text that a model reads: by its chat template, or in the words of its model card."""

import re
from typing import Any

from shelfsight.core.dialogue import Conversation, Turn
from shelfsight.core.errors import ModelError, UsageError
from shelfsight.models.vlms.families import CHAT_CAPTION, CHAT_CHOICE, CHAT_YES_NO, Family

__all__ = ["Prompts"]

_SHORT = 3  # a special token of one or two characters is punctuation that people write


class Prompts:
    """The prompts of one model.

    A text cannot speak for the model's own markup: special tokens spelled out in it (``<image>``, ``<|im_end|>``) are
    broken up, so that they are read as the characters they are.
    """

    def __init__(self, processor: Any, family: Family) -> None:
        """
        Raises:
            ModelError: neither the model nor its family says how a prompt is written.
        """
        self._processor = processor
        self._wording = None if getattr(processor, "chat_template", None) else family.wording
        if self._wording is None and not getattr(processor, "chat_template", None):
            raise ModelError(
                "it has no chat template, which says how it is asked",
                hint="Put the chat_template.jinja of its model card into the folder.",
            )
        self._special = _special_tokens(processor)

    def question(self, question: str) -> str:
        """The prompt of a question to be answered by yes or no."""
        if self._wording is None:
            return self._chat(Conversation(question=CHAT_YES_NO.replace("{question}", self._plain(question))))
        return self._wording.question.replace("{question}", self._plain(question))

    def choice(self, sought: str, pictures: int) -> str:
        """The prompt that shows so many numbered pictures and asks for the number of the one that fits best.

        Raises:
            ModelError: the model has no chat template, which several pictures need.
        """
        if self._wording is not None:
            raise ModelError("it has no chat template, without which several pictures cannot be shown")
        content: list[dict[str, Any]] = []
        for number in range(1, pictures + 1):
            content += [_text(f"Picture {number}: "), {"type": "image"}, _text("\n")]
        content.append(_text(CHAT_CHOICE.replace("{sought}", self._plain(sought))))
        return self._rendered([{"role": "user", "content": content}])

    def conversation(self, asked: Conversation) -> str:
        """The prompt that ends where the model's words begin.

        Raises:
            UsageError: the model knows no turns, or no opening.
        """
        plain = Conversation(
            question=self._plain(asked.question),
            turns=tuple(Turn(question=self._plain(t.question), answer=self._plain(t.answer)) for t in asked.turns),
            opening=self._plain(asked.opening),
        )
        return self._chat(plain) if self._wording is None else self._worded(plain)

    def _chat(self, asked: Conversation) -> str:
        messages: list[dict[str, Any]] = []
        for turn in asked.turns:
            messages += [_message("user", turn.question), _message("assistant", turn.answer)]
        messages.append(_message("user", asked.question or CHAT_CAPTION))
        messages[0]["content"].insert(0, {"type": "image"})
        return _joined(self._rendered(messages), asked.opening)

    def _rendered(self, messages: list[dict[str, Any]]) -> str:
        return str(self._processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))

    def _worded(self, asked: Conversation) -> str:
        wording = self._wording
        assert wording is not None
        if asked.turns and wording.turn is None:
            raise UsageError("this model answers one question, and knows nothing of earlier turns")
        if asked.opening and not wording.continues:
            raise UsageError("this model begins its answers itself, and takes no opening")
        earlier = "".join(_fill(wording.turn or "", turn.question, turn.answer) for turn in asked.turns)
        text = earlier + (_fill(wording.question, asked.question) if asked.question else wording.caption)
        return _joined(text, asked.opening)

    def _plain(self, text: str) -> str:
        return self._special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [_text(text)]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _joined(prompt: str, opening: str) -> str:
    """The prompt with the answer's first words behind it, a space between where there is none."""
    space = " " if opening and prompt and not prompt[-1].isspace() else ""
    return f"{prompt}{space}{opening}"


def _fill(template: str, question: str, answer: str = "") -> str:
    words = {"{question}": question, "{answer}": answer}
    return re.sub(r"\{question\}|\{answer\}", lambda found: words[found[0]], template)


def _special_tokens(processor: Any) -> re.Pattern[str]:
    tokenizer = processor.tokenizer
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    names = ("image_token", "video_token", "boi_token", "eoi_token")
    own = {str(getattr(processor, name)) for name in names if getattr(processor, name, None)}
    tokens = {token for token in added | own | set(tokenizer.all_special_tokens) if len(token) >= _SHORT}
    return re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or r"(?!)")
