"""What is sent, how servers differ, and how their answers are read."""

import io
import math
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastapi.responses import JSONResponse, Response
from openai_server import OpenAIServer, Scripted, event, refusal, text_of
from PIL import Image, ImageCms

from shelfsight.core.dialogue import Answer, Conversation, Stop, Turn
from shelfsight.core.errors import ModelError, UsageError
from shelfsight.models import open_vlm
from shelfsight.models.vlms.remote.answers import grade, yes_probability
from shelfsight.models.vlms.remote.settings import RemoteSettings
from shelfsight.models.vlms.remote.vlm import open_remote

EVENTS = "text/event-stream"


def _scripted(server: OpenAIServer) -> Scripted:
    assert isinstance(server.brain, Scripted)
    return server.brain


def _reply(**choice: object) -> Response:
    return JSONResponse({"choices": [choice]})


def test_a_question_is_put_in_the_words_of_local_models(scripted: OpenAIServer, red: Image.Image) -> None:
    scores = open_vlm(scripted.name("org/model:1")).score([(red, "Is it red?")])
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([1 / (1 + math.exp(-1.0))])
    body = scripted.bodies[0]
    assert body["messages"][0]["content"][0]["type"] == "image_url"
    assert text_of(body["messages"][0]) == "Is it red? Answer with yes or no only."
    del body["messages"]
    limits = {"max_tokens": 1, "logprobs": True, "top_logprobs": 20}
    assert body == {"model": "org/model:1", "temperature": 0, **limits}


def test_a_conversation_is_sent_turn_by_turn(scripted: OpenAIServer, red: Image.Image) -> None:
    turns = (Turn(question="What is it?", answer="a bag"), Turn(question="Of what?", answer="leather"))
    open_vlm(scripted.name()).generate([(red, Conversation(question="Is it red?", turns=turns))], max_tokens=5)
    messages = scripted.bodies[0]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant", "user"]
    assert [text_of(message) for message in messages] == ["What is it?", "a bag", "Of what?", "leather", "Is it red?"]
    assert len(scripted.pictures()) == 1


def test_markup_in_a_text_is_broken_up(scripted: OpenAIServer, red: Image.Image) -> None:
    open_vlm(scripted.name()).score([(red, "<|im_end|><image>[INST] 3 < 4, a [b]?")])
    assert text_of(scripted.bodies[0]["messages"][0]).startswith("< |im_end|>< image>[ INST] 3 < 4, a [b]?")


def test_small_pictures_are_sent_exactly_and_large_ones_small(scripted: OpenAIServer) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    large = Image.new("RGB", (2000, 1000), "blue")
    open_vlm(scripted.name()).score([(Image.fromarray(noise), "a?")])
    open_vlm(scripted.name()).score([(large, "b?")])
    exact, shrunk = scripted.pictures()
    assert exact.format == "PNG"
    assert np.array_equal(np.asarray(exact), noise)
    assert (shrunk.format, shrunk.size) == ("JPEG", (768, 384))
    assert np.abs(np.asarray(shrunk, int) - np.array([0, 0, 255])).max() <= 4


@pytest.mark.parametrize("side", [100, 900])
def test_only_pixels_are_sent(scripted: OpenAIServer, side: int) -> None:
    told = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "my home"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (side, side)).save(told, "JPEG", exif=exif, comment=b"my home", icc_profile=profile)
    open_vlm(scripted.name()).score([(Image.open(told), "a?")])
    sent = scripted.pictures()[0]
    assert not {"exif", "comment", "icc_profile"} & set(sent.info)
    assert not sent.getexif()


def test_a_server_that_gives_fewer_tokens_is_asked_for_fewer(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.refuses_above = 5
    model = open_vlm(scripted.name())
    for _ in range(2):
        assert model.score([(red, "red?")]).tolist() == pytest.approx([1 / (1 + math.exp(-1.0))])
    assert [body["top_logprobs"] for body in scripted.bodies] == [20, 5, 5]
    assert not model.graded


@pytest.mark.parametrize(("refuses", "tried"), [(("logprobs",), 2), ((), 1)])
def test_without_log_probabilities_it_is_graded(
    scripted: OpenAIServer, red: Image.Image, refuses: tuple[str, ...], tried: int
) -> None:
    scripted.refuses, scripted.logprobs = refuses, 0
    _scripted(scripted).text = lambda asked: "8" if "scale" in asked and "red?" in asked else "3"
    model = open_vlm(scripted.name())
    assert model.score([(red, "red?")]).tolist() == pytest.approx([0.8])
    assert model.graded
    assert model.score([(red, "blue?"), (red, "red?")]).tolist() == pytest.approx([0.3, 0.8])
    asked = ["logprobs" in body for body in scripted.bodies]
    assert asked == [True] * tried + [False] * 3  # learnt once


def test_what_says_neither_yes_nor_no_is_graded_alone(scripted: OpenAIServer, red: Image.Image) -> None:
    model = open_vlm(scripted.name())
    brain = _scripted(scripted)
    brain.text, brain.tokens = "9/10", [("The", -0.1), ("A", -2.0)]
    assert model.score([(red, "red?")]).tolist() == pytest.approx([0.9])
    assert model.graded
    brain.tokens = [("no", -0.2), (" YES", -0.2)]
    assert model.score([(red, "red?")]).tolist() == pytest.approx([0.5])
    assert model.graded  # as soon as any is


def test_nonsense_is_an_error(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.logprobs = 0
    _scripted(scripted).text = "What a lovely shoe"
    with pytest.raises(ModelError, match="What a lovely shoe"):
        open_vlm(scripted.name()).score([(red, "red?")])


def test_a_server_names_its_limit_otherwise(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.refuses = ("max_tokens", "temperature")
    model = open_vlm(scripted.name())
    assert model.generate([(red, "what?")], max_tokens=5) == [Answer("Yes", Stop.END)]
    assert model.generate([(red, "what?")], max_tokens=6) == [Answer("Yes", Stop.END)]
    assert len(scripted.bodies) == 4
    assert scripted.bodies[-1].keys() == {"model", "messages", "max_completion_tokens"}
    assert scripted.bodies[-1]["max_completion_tokens"] == 6


def test_a_model_that_thinks_first_is_given_room_for_it(scripted: OpenAIServer, red: Image.Image) -> None:
    thought = {"message": {"role": "assistant", "reasoning_content": "Hm."}, "finish_reason": "length"}
    spoken = {"message": {"role": "assistant", "content": "7"}, "finish_reason": "stop"}
    scripted.script += [_reply(**thought), _reply(**thought), _reply(**spoken), _reply(**spoken)]
    model = open_vlm(scripted.name())
    assert [float(model.score([(red, "red?")])[0]) for _ in range(2)] == pytest.approx([0.7, 0.7])
    assert [body["max_tokens"] for body in scripted.bodies] == [1, 8, 1032, 1032]


def test_no_room_for_thoughts_is_told(scripted: OpenAIServer, red: Image.Image) -> None:
    refused = refusal(400, "Could not finish the message because max_tokens or model output limit was reached.")
    scripted.script.append(refused)
    assert open_vlm(scripted.name()).generate([(red, "what?")], max_tokens=5)[0].text == "Yes"
    assert [body["max_tokens"] for body in scripted.bodies] == [5, 1029]


def test_the_older_half_of_the_turns_is_forgotten(scripted: OpenAIServer, red: Image.Image) -> None:
    turns = tuple(Turn(question=f"{n}?", answer=f"{n}") for n in range(5))
    too_long = refusal(400, "This model's maximum context length is 4096 tokens.")
    scripted.script += [too_long, too_long]
    model = open_vlm(scripted.name())
    assert model.generate([(red, Conversation(question="red?", turns=turns))], max_tokens=5)[0].text == "Yes"
    assert [len(body["messages"]) for body in scripted.bodies] == [11, 5, 3]
    assert text_of(scripted.bodies[-1]["messages"][0]) == "4?"
    scripted.script.append(too_long)
    with pytest.raises(UsageError, match="too long"):
        model.generate([(red, "red?")], max_tokens=5)


@pytest.mark.parametrize(("finish", "stop"), [("stop", Stop.END), ("length", Stop.MAX_TOKENS), (None, Stop.END)])
def test_why_an_answer_ends(scripted: OpenAIServer, red: Image.Image, finish: str | None, stop: Stop) -> None:
    scripted.script.append(_reply(message={"content": " a red shoe \n"}, finish_reason=finish))
    assert open_vlm(scripted.name()).generate([(red, "what?")], max_tokens=3) == [Answer("a red shoe", stop)]


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (event({"content": " a "}) + event({"content": "bag "}) + event({}, "stop"), EVENTS),  # as transformers serve
        (event({"content": " a bag"}) + "data: [DONE]\n\n", f"{EVENTS}; charset=utf-8"),
        ((event({"content": "a bag"}) + "data:[DONE]\n\n").replace("\n", "\r\n"), EVENTS),
        ('{"choices": [{"message": {"content": "a bag"}, "finish_reason": "stop"}]}', "application/json"),
    ],
)
def test_streams_of_all_kinds_are_read(scripted: OpenAIServer, red: Image.Image, stream: str, kind: str) -> None:
    scripted.script.append(Response(stream, media_type=kind))
    said: list[tuple[int, str]] = []
    answers = open_vlm(scripted.name()).generate([(red, "")], max_tokens=9, on_text=lambda *piece: said.append(piece))
    assert answers == [Answer("a bag", Stop.END)]
    assert "".join(piece for _, piece in said) == "a bag"


def test_text_is_said_in_the_thread_that_asks(scripted: OpenAIServer, red: Image.Image) -> None:
    _scripted(scripted).text = "  a leather bag, and ünïcode 👜 "
    threads: set[int] = set()
    said: list[str] = ["", ""]

    def hear(index: int, piece: str) -> None:
        threads.add(threading.get_ident())
        said[index] += piece

    answers = open_vlm(scripted.name()).generate([(red, "a"), (red, "b")], max_tokens=9, on_text=hear)
    assert threads == {threading.get_ident()}
    assert said == [answer.text for answer in answers] == ["a leather bag, and ünïcode 👜"] * 2


def test_what_hearing_raises_ends_the_call(scripted: OpenAIServer, red: Image.Image) -> None:
    _scripted(scripted).text, scripted.pause = "abc" * 200, 0.05

    def hear(_: int, piece: str) -> None:
        raise KeyError(piece)

    model = open_vlm(scripted.name())
    with pytest.raises(KeyError, match="abc"):
        model.generate([(red, "a")], max_tokens=9, on_text=hear)
    scripted.pause = 0
    assert model.score([(red, "red?")]).shape == (1,)


def test_never_more_requests_than_allowed(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.delay = 0.1
    model = open_remote(scripted.name(), RemoteSettings(concurrency=3))
    assert model.batch_size == 3
    _scripted(scripted).tokens = [("Yes", 0.0), ("No", -20.0)]
    with ThreadPoolExecutor(3) as threads:
        scores = list(threads.map(lambda _: model.score([(red, "red?")] * 4), range(3)))
    assert np.concatenate(scores).tolist() == pytest.approx([1.0] * 12)
    assert scripted.most_at_once == 3


def test_scores_come_in_the_order_of_the_pairs(scripted: OpenAIServer, red: Image.Image) -> None:
    scripted.logprobs = 0
    _scripted(scripted).text = lambda asked: asked.split("?")[0]
    pairs = [(red, f"{n}?") for n in (3, 9, 1, 7, 0, 10, 2)]
    model = open_vlm(scripted.name())
    assert model.score(pairs).tolist() == pytest.approx([0.3, 0.9, 0.1, 0.7, 0.0, 1.0, 0.2])
    assert [answer.text for answer in model.generate(pairs, max_tokens=5)] == ["3", "9", "1", "7", "0", "10", "2"]


def test_nothing_asked_is_nothing_answered(scripted: OpenAIServer) -> None:
    model = open_vlm(scripted.name())
    assert model.score([]).shape == (0,)
    assert model.generate([], max_tokens=1) == []
    assert scripted.bodies == []


def test_what_cannot_be_asked(scripted: OpenAIServer, red: Image.Image) -> None:
    model = open_vlm(scripted.name())
    with pytest.raises(UsageError, match="opening"):
        model.generate([(red, Conversation(opening="a photo of"))], max_tokens=3)
    with pytest.raises(UsageError, match="at most 0 tokens"):
        model.generate([(red, "")], max_tokens=0)
    with pytest.raises(UsageError, match="no time"):
        model.generate([(red, "")], max_tokens=1, seconds=0.0)
    assert scripted.bodies == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 0.7),
        (" **7.5** ", 0.75),
        ("7/10", 0.7),
        ("8 out of 10.", 0.8),
        ("Score: 9", 0.9),
        ("On a scale from 0 to 10: 8", 0.8),
        ("Rating (0-10): 3", 0.3),
        ("7,5", 0.75),
        ("70%", 0.7),
        ("10", 1.0),
        ("0", 0.0),
        ("8, because 2 of them are red", 0.8),
        ("Yes.", 1.0),
        ("no", 0.0),
        ("<think>3 or 4?</think>\n4", 0.4),
        ("11", None),
        ("-3", None),
        ("It may be 3 or 4", None),
        ("B2", None),
        ("", None),
        ("I cannot tell.", None),
    ],
)
def test_grades_are_read(text: str, value: float | None) -> None:
    assert grade(text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        ([("Yes", math.log(0.3)), (" yes", math.log(0.3)), ("No", math.log(0.2)), ("The", math.log(0.1))], 0.75),
        ([("Ġno", math.log(0.5)), ("▁Yes", math.log(0.25))], 1 / 3),
        ([("Yes", -800.0), ("No", -800.0)], 0.5),
        ([("yes", -0.1), ("no", -9999.0)], 1.0),
        ([("yes", -math.inf), ("no", -1.0)], 0.0),
        ([("No", -0.1), ("not", -0.2)], 0.0),
        ([("yesterday", -0.1), ("nothing", -0.2)], None),
        ([], None),
    ],
)
def test_the_mass_of_yes_among_yes_and_no(tokens: list[tuple[str, float]], value: float | None) -> None:
    assert yes_probability(tokens) == (None if value is None else pytest.approx(value))
