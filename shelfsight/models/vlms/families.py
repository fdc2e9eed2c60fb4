"""What differs between architectures, as data: everything else is one adapter's."""

from dataclasses import dataclass

__all__ = ["CHAT_CAPTION", "CHAT_CHOICE", "CHAT_YES_NO", "Family", "Wording", "family_of"]

CHAT_CAPTION = "Describe this picture in one sentence."
CHAT_YES_NO = "{question} Answer with yes or no only."
CHAT_CHOICE = "Which picture fits best: {sought}? Answer with its number only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The prompt of an architecture that has no chat template, as its model card gives it.

    Attributes:
        question: around ``{question}``.
        caption: what asks for a caption.
        turn: around ``{question}`` and ``{answer}`` of an earlier turn; ``None`` where the model knows no turns.
        continues: whether the prompt may end with the first words of the answer.
    """

    question: str
    caption: str
    turn: str | None = None
    continues: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One architecture's ways.

    Attributes:
        wording: the prompt, where it has no chat template.
        context: tokens of prompt and answer together, where that is less than the decoder reads.
        flat_pictures: whether its processor wants a plain list of pictures, not one list a text.
        reusable: whether what the decoder sees of a picture is a fixed number of vectors, put where the picture stands
            in the prompt, and nothing else.
        most_pictures: that it was taught to compare in one prompt, at most 9; 0 for none.
        packages: (package, extra) that its processor needs beside Transformers.
    """

    wording: Wording | None = None
    context: int | None = None
    flat_pictures: bool = False
    reusable: bool = False
    most_pictures: int = 0
    packages: tuple[tuple[str, str], ...] = ()


_CHAT = Family()
_FAMILIES = {
    # Salesforce/blip2-opt-2.7b: captions from no prompt, "Question: ... Answer:" for questions; its conversations
    # were made with at most 512 tokens of text and query tokens.
    "blip-2": Family(
        wording=Wording(
            question="Question: {question} Answer:",
            caption="",
            turn="Question: {question} Answer: {answer}. ",
        ),
        context=512,
        flat_pictures=True,
    ),
    # google/paligemma-3b-mix-224: task prefixes; its processor ends the prefix itself, so no answer can be begun.
    "paligemma": Family(
        wording=Wording(question="<image>answer en {question}", caption="<image>caption en", continues=False)
    ),
    "llava": Family(reusable=True),
    "fast_vlm": Family(reusable=True),
    # Their cards show several pictures in a prompt. As many as stay well within what the decoder reads, at the tokens
    # that a large picture takes: some 4000 (Qwen), 3300 (InternVL), 2900 (Idefics3), 1400 (SmolVLM).
    "qwen2_5_vl": Family(most_pictures=6),
    "qwen3_vl": Family(most_pictures=6),
    "internvl": Family(most_pictures=4),
    "idefics3": Family(most_pictures=3),
    "smolvlm": Family(most_pictures=4, packages=(("num2words", "vlm"),)),
}


def family_of(model_type: str) -> Family:
    """The ways of an architecture, by Transformers' ``model_type``; one that is not listed has a chat template."""
    return _FAMILIES.get(model_type, _CHAT)
