"""A vision-language model and its processor as Transformers gives them: what our adapters are compared with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image

__all__ = ["Direct"]


class Direct:
    """One prompt at a time, nothing padded."""

    def __init__(self, folder: Path, prompt: str) -> None:
        self.model = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = transformers.AutoProcessor.from_pretrained(folder)
        self.prompt = prompt

    def inputs(self, pictures: Sequence[Image.Image], prompt: str) -> dict[str, Any]:
        bos = self.processor.tokenizer.bos_token
        flat = isinstance(self.processor, transformers.Blip2Processor)
        inputs = self.processor(
            images=list(pictures) if flat else [list(pictures)],
            text=[prompt],
            return_tensors="pt",
            add_special_tokens=not (bos and prompt.startswith(bos)),
        )
        assert inputs["input_ids"][0].tolist().count(self.processor.tokenizer.bos_token_id) == bool(bos)
        return {key: value for key, value in inputs.items() if key != "labels"}

    def probability(self, picture: Image.Image, question: str) -> float:
        """P(yes)."""
        return self.shares([picture], self.prompt.replace("{question}", question), ("yes", "no"))[0]

    def shares(self, pictures: Sequence[Image.Image], prompt: str, words: Sequence[str]) -> list[float]:
        """How probably each word is the answer's first, among them."""
        inputs = self.inputs(pictures, prompt)
        if isinstance(getattr(self.model, "language_model", None), transformers.T5ForConditionalGeneration):
            inputs["decoder_input_ids"] = torch.tensor([[self.processor.tokenizer.pad_token_id]])
        with torch.no_grad():
            mass = self.model(**inputs).logits[0, -1].double().softmax(0)
        masses = [float(mass[self.saying(word)].sum()) for word in words]
        return [mass / sum(masses) for mass in masses]

    def saying(self, word: str) -> list[int]:
        tokenizer = self.processor.tokenizer
        return [id for id in range(len(tokenizer)) if tokenizer.decode([id]).strip().lower() == word]

    def greedy(self, picture: Image.Image, prompt: str, max_tokens: int) -> str:
        inputs = self.inputs([picture], prompt)
        with torch.no_grad():
            ids = self.model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)[0]
        said = ids[inputs["input_ids"].shape[1] :] if ids.shape[0] > max_tokens + 1 else ids
        return str(self.processor.tokenizer.decode(said, skip_special_tokens=True)).strip()
