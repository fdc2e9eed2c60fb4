"""Conversations, limits and failures, on the checkpoints whose prompts differ."""

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import transformers
from PIL import Image

from shelfsight.core.dialogue import Answer, Conversation, Stop, Turn
from shelfsight.core.errors import MissingExtra, ModelError, UsageError
from shelfsight.models import open_vlm
from shelfsight.models.vlms.families import family_of
from shelfsight.models.vlms.prompts import Prompts

Pairs = list[tuple[Image.Image, str]]
Saved = Callable[[str], Path]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

TURNS = (Turn(question="What is it?", answer="a bag"), Turn(question="Of what?", answer="leather"))


def _prompts(folder: Path) -> Prompts:
    processor = transformers.AutoProcessor.from_pretrained(folder)
    return Prompts(processor, family_of(transformers.AutoConfig.from_pretrained(folder).model_type))


@pytest.mark.parametrize(
    ("asked", "prompt"),
    [
        (Conversation(), ""),
        (Conversation(opening="a photo of"), "a photo of"),
        (Conversation(question="How many?"), "Question: How many? Answer:"),
        (Conversation(question="How many?", opening="There are"), "Question: How many? Answer: There are"),
        (
            Conversation(question="Is it red?", turns=TURNS),
            "Question: What is it? Answer: a bag. Question: Of what? Answer: leather. Question: Is it red? Answer:",
        ),
    ],
)
def test_blip_2_is_asked_as_its_card_says(saved: Saved, asked: Conversation, prompt: str) -> None:
    assert _prompts(saved("blip_2_opt")).conversation(asked) == prompt


def test_a_chat_template_gets_turns_caption_and_opening(saved: Saved) -> None:
    prompts = _prompts(saved("qwen2_5_vl"))
    picture = "<|vision_start|><|image_pad|><|vision_end|>"
    assert prompts.conversation(Conversation(question="Is it {answer}?", turns=TURNS[:1], opening="It")) == (
        f"<|im_start|>user\n{picture}What is it?<|im_end|>\n<|im_start|>assistant\na bag<|im_end|>\n"
        "<|im_start|>user\nIs it {answer}?<|im_end|>\n<|im_start|>assistant\nIt"
    )
    assert prompts.conversation(Conversation()) == (
        f"<|im_start|>user\n{picture}Describe this picture in one sentence.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_braces_in_a_question_are_text(saved: Saved) -> None:
    asked = Conversation(question="{answer} {question} {0}?")
    assert _prompts(saved("blip_2_opt")).conversation(asked) == "Question: {answer} {question} {0}? Answer:"
    assert _prompts(saved("paligemma")).question("{question}") == "<image>answer en {question}"


def test_markup_cannot_be_put_together_by_breaking_it(saved: Saved) -> None:
    asked = _prompts(saved("qwen2_5_vl")).question("<|im_<|im_end|>end|>")
    assert asked.count("<|im_end|>") == 1


def test_paligemma_captions_and_refuses_what_it_never_learned(saved: Saved, pairs: Pairs) -> None:
    model, picture = open_vlm(str(saved("paligemma")), device="cpu"), pairs[0][0]
    assert model.generate([(picture, "")], max_tokens=3) == model.generate([(picture, Conversation())], max_tokens=3)
    for asked, reason in ((Conversation(question="a?", turns=TURNS), "turns"), (Conversation(opening="a"), "opening")):
        with pytest.raises(UsageError, match=reason):
            model.generate([(picture, asked)], max_tokens=3)


def test_an_opening_changes_what_follows_and_is_not_repeated(saved: Saved, pairs: Pairs) -> None:
    model, picture = open_vlm(str(saved("blip_2_opt")), device="cpu"), pairs[0][0]
    bare, begun = model.generate([(picture, ""), (picture, Conversation(opening="a red shoe"))], max_tokens=8)
    assert begun.text != bare.text
    assert not begun.text.startswith("a red shoe")


def test_blip_2_forgets_its_oldest_turns_first(saved: Saved, pairs: Pairs) -> None:
    model, picture = open_vlm(str(saved("blip_2_opt")), device="cpu"), pairs[0][0]
    old = tuple(Turn(question="What is it? " * 4, answer=f"number {n}") for n in range(60))
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved("blip_2_opt"))
    prompts = _prompts(saved("blip_2_opt"))

    def tokens(kept: int) -> int:
        said = prompts.conversation(Conversation(question="red?", turns=old[len(old) - kept :]))
        return len(tokenizer(said).input_ids)

    kept = max(n for n in range(60) if 4 + tokens(n) + 10 <= 512)  # query tokens, prompt, answer
    assert 0 < kept < 59
    asked = [Conversation(question="red?", turns=old), Conversation(question="red?", turns=old[len(old) - kept :])]
    forgotten, whole = model.generate([(picture, one) for one in asked], max_tokens=10)
    assert forgotten == whole
    with pytest.raises(UsageError, match="too long"):
        model.generate([(picture, "red " * 600)], max_tokens=10)
    with pytest.raises(UsageError, match="too long"):
        model.score([(picture, "red " * 600)])


def test_nothing_asked_is_nothing_answered(saved: Saved) -> None:
    model = open_vlm(str(saved("llava")), device="cpu")
    assert model.score([]).shape == (0,)
    assert model.generate([], max_tokens=1) == []


@pytest.mark.parametrize(
    "limits", [{"max_tokens": 0}, {"max_tokens": 3, "seconds": 0.0}, {"max_tokens": 3, "seconds": float("nan")}]
)
def test_limits_that_leave_nothing_are_refused(saved: Saved, pairs: Pairs, limits: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        open_vlm(str(saved("llava")), device="cpu").generate(pairs, **limits)  # type: ignore[arg-type]


def test_what_on_text_raises_comes_out_and_the_model_goes_on(saved: Saved, pairs: Pairs) -> None:
    model = open_vlm(str(saved("llava")), device="cpu")
    heard: list[str] = []

    def leave(_: int, piece: str) -> None:
        heard.append(piece)
        raise ValueError("the reader left")

    with pytest.raises(ValueError, match="the reader left"):
        model.generate(pairs, max_tokens=50, on_text=leave)
    assert len(heard) == 1
    assert len(model.generate(pairs, max_tokens=2)) == len(pairs)


def test_who_waits_in_vain_for_the_model_is_told_so(saved: Saved, pairs: Pairs) -> None:
    model = open_vlm(str(saved("llava")), device="cpu")
    busy, done = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        busy.set()
        done.wait(30)

    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(model.generate, pairs, max_tokens=2, on_text=hold)
        assert busy.wait(30)
        assert model.generate(pairs[:2], max_tokens=2, seconds=0.05) == [Answer("", Stop.TIME)] * 2
        done.set()
        assert len(long.result()) == len(pairs)


def test_threads_share_a_model(saved: Saved, pairs: Pairs) -> None:
    model = open_vlm(str(saved("qwen2_5_vl")), device="cpu")
    alone = model.score(pairs)
    said = model.generate(pairs, max_tokens=5)
    with ThreadPoolExecutor(4) as pool:
        scores = [pool.submit(model.score, pairs[:count]) for count in (1, 2, 3, 4)]
        answers = [pool.submit(model.generate, pairs[:count], max_tokens=5) for count in (1, 4)]
        for count, score in zip((1, 2, 3, 4), scores, strict=True):
            np.testing.assert_allclose(score.result(), alone[:count], atol=1e-5)
        assert [answer.result() for answer in answers] == [said[:1], said]


def test_sampling_that_a_checkpoint_asks_for_is_not_done(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    folder = _copy(saved("llava"), tmp_path)
    path = folder / "generation_config.json"
    asked = {"do_sample": True, "temperature": 50.0, "repetition_penalty": 9.0, "max_length": 3, "top_k": 5}
    path.write_text(json.dumps(json.loads(path.read_text()) | asked))
    plain, wild = open_vlm(str(saved("llava")), device="cpu"), open_vlm(str(folder), device="cpu")
    assert wild.generate(pairs, max_tokens=8) == plain.generate(pairs, max_tokens=8)


def test_every_end_of_an_answer_is_known(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    """A checkpoint with several tokens that end an answer: here, whatever it would say first."""
    picture, question = pairs[0]
    plain = open_vlm(str(saved("llava")), device="cpu")
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved("llava"))
    first = plain.generate([(picture, question)], max_tokens=1)[0].text
    ids = [id for id in range(len(tokenizer)) if tokenizer.decode([id]).strip() == first]
    folder = _copy(saved("llava"), tmp_path)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": [tokenizer.eos_token_id, *ids]}))
    answers = open_vlm(str(folder), device="cpu").generate([(picture, question), pairs[1]], max_tokens=6)
    assert answers[0] == Answer("", Stop.END)


def test_a_checkpoint_in_half_precision_runs_in_float32_on_a_cpu(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    folder = _copy(saved("llava"), tmp_path)
    model = transformers.AutoModelForImageTextToText.from_pretrained(saved("llava")).half()
    model.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["dtype"] == "float16"
    halved = open_vlm(str(folder), device="cpu").score(pairs)
    np.testing.assert_allclose(halved, open_vlm(str(saved("llava")), device="cpu").score(pairs), atol=0.02)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("blip2-itm:", "empty"),
        ("/there/is/no/such/folder", "does not exist"),
        ("no such model", "there is no vision-language model"),
        ("a/b/c", "there is no vision-language model"),
        ("~no-such-user/model", "can be no folder"),
        ("nul\0", "there is no vision-language model"),
    ],
)
def test_names_that_mean_nothing(name: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        open_vlm(name, device="cpu")


def test_a_device_that_is_not_there(saved: Saved) -> None:
    with pytest.raises(ModelError, match="there is no device 'no-device'"):
        open_vlm(str(saved("llava")), device="no-device")


def test_a_folder_that_is_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no vision-language model: it has no config\.json"):
        open_vlm(str(tmp_path))


def test_a_language_model_is_no_vision_language_model(tmp_path: Path) -> None:
    transformers.LlamaConfig(architectures=["LlamaForCausalLM"]).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"is no vision-language model \(its architecture is LlamaForCausalLM\)"):
        open_vlm(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("model.safetensors", "cannot be loaded"),
        ("processor_config.json", "cannot be loaded"),
        ("chat_template.jinja", "has no chat template"),
        ("tokenizer.json", "cannot be loaded"),
    ],
)
def test_a_folder_with_a_file_missing(saved: Saved, tmp_path: Path, file: str, reason: str) -> None:
    folder = _copy(saved("llava"), tmp_path)
    (folder / file).unlink()
    with pytest.raises(ModelError, match=reason):
        open_vlm(str(folder), device="cpu")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json", "processor_config.json"])
def test_a_folder_with_a_damaged_file(saved: Saved, tmp_path: Path, file: str) -> None:
    folder = _copy(saved("llava"), tmp_path)
    (folder / file).write_bytes(b"{ not what it was")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_vlm(str(folder), device="cpu")


def test_weights_that_are_missing_are_not_made_up(saved: Saved, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = _copy(saved("llava"), tmp_path)
    weights = load_file(folder / "model.safetensors")
    gone = next(name for name in weights if "mlp" in name)
    del weights[gone]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="1 of its weights are missing"):
        open_vlm(str(folder), device="cpu")


def test_answers_that_are_no_numbers_are_told(saved: Saved, pairs: Pairs, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = _copy(saved("llava"), tmp_path)
    weights = load_file(folder / "model.safetensors")
    next(weight for name, weight in weights.items() if "mlp" in name).fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="not finite"):
        open_vlm(str(folder), device="cpu").score(pairs)


def test_a_tokenizer_that_cannot_say_no(saved: Saved, tmp_path: Path) -> None:
    folder = _copy(saved("llava"), tmp_path)
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text())
    for token in [token for token in document["model"]["vocab"] if token.strip("Ġ").lower() == "no"]:
        document["model"]["vocab"][f"{token}x"] = document["model"]["vocab"].pop(token)
    document["model"]["merges"] = []
    document["added_tokens"] = [token for token in document["added_tokens"] if token["content"].lower() != "no"]
    document["added_tokens"] = [token for token in document["added_tokens"] if token["content"] != "ĠNo"]
    path.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="no token for 'no'"):
        open_vlm(str(folder), device="cpu")


def test_a_package_that_a_processor_needs_is_named(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    folder, find = saved("smolvlm"), importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "num2words" else find(name, *rest)
    )
    with pytest.raises(MissingExtra, match="num2words is not installed") as told:
        open_vlm(str(folder), device="cpu")
    assert told.value.hint == "pip install 'shelfsight[vlm]'"


def _copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))
