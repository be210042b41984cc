"""What llama.cpp computes with exported files is what transformers computes with the weights."""

import math

import pytest
from tests.fixtures.tiny_families import TEMPLATE, build

torch = pytest.importorskip("torch", reason="needs the train extra")

from genwright.engines import ChatMessage  # noqa: E402
from genwright.engines.llamacpp.engine import LlamaCppEngine  # noqa: E402
from genwright.errors import Refused  # noqa: E402
from genwright.export import find_adapter_problem, permute_rows, write_adapter, write_model  # noqa: E402
from genwright.settings import EngineSettings  # noqa: E402
from genwright.tuning.config import MethodConfig  # noqa: E402
from genwright.tuning.methods import methods  # noqa: E402

TOLERANCE = 1e-2
"""Nats a token: float32 on both sides; llama.cpp rounds keys and values to 16 bits."""
DECODERS = ("llama2", "mistral", "granite", "qwen", "gemma", "gpt2")
SETTINGS = EngineSettings(threads=1, context=256)
PROMPT, REPLY = "the red pump is on", " the left and the blue pump"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def of(family: str):
        if family not in made:
            folder = tmp_path_factory.mktemp("models") / family
            made[family] = build(family, folder, template=TEMPLATE)
        return made[family]

    return of


def loaded(folder):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return (
        AutoModelForCausalLM.from_pretrained(folder).eval(),
        AutoTokenizer.from_pretrained(folder),
    )


def logprobs(model, tokenizer, text: str) -> list[float]:
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        logits = torch.log_softmax(model(input_ids=ids).logits[0].float(), -1)
    return [float(logits[i, token]) for i, token in enumerate(ids[0, 1:])]


def with_noise(model, seed: int = 1):
    """LoRA matrices that are not zero, so that they change something."""
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.12)
    return model


@pytest.mark.parametrize("family", DECODERS)
def test_a_model_in_f32_scores_as_transformers_does(family, folders, tmp_path):
    model, tokenizer = loaded(folders(family))
    path = tmp_path / "model.gguf"
    write_model(folders(family), path, "f32")

    with LlamaCppEngine(path, SETTINGS) as engine:
        ids = engine.tokenize(PROMPT + REPLY)
        scores = [each.logprob for each in engine.score_tokens(ids)]

    assert ids == tokenizer(PROMPT + REPLY)["input_ids"]
    expected = logprobs(model, tokenizer, PROMPT + REPLY)
    assert scores == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("rslora", [False, True])
def test_an_adapter_scores_as_transformers_does_and_at_scale_0_not_at_all(
    family, rslora, folders, tmp_path
):
    model, tokenizer = loaded(folders(family))
    base, adapter = tmp_path / "base.gguf", tmp_path / "adapter.gguf"
    write_model(folders(family), base, "f32")
    options = MethodConfig(rank=4, alpha=8, rslora=rslora)
    tuned = with_noise(methods.get("lora")().apply(model, tokenizer, "generation", options)).eval()
    tuned.save_pretrained(tmp_path / "peft")

    alpha = write_adapter(tmp_path / "peft", tuned.config.to_dict(), adapter)

    assert alpha == pytest.approx(8 * math.sqrt(4) if rslora else 8)
    text = PROMPT + REPLY
    with LlamaCppEngine(base, SETTINGS) as plain:
        alone = [each.logprob for each in plain.score_tokens(plain.tokenize(text))]
    with LlamaCppEngine(base, SETTINGS, adapters=[adapter]) as engine:
        ids = engine.tokenize(text)
        acting = [each.logprob for each in engine.copy_with_adapter(0).score_tokens(ids)]
        resting = [each.logprob for each in engine.copy_without_adapter().score_tokens(ids)]
    expected = logprobs(tuned, tokenizer, text)
    assert acting == pytest.approx(expected, abs=TOLERANCE)
    assert resting == alone, "scale 0 is bit-identical to the base without an adapter"
    assert max(abs(a - b) for a, b in zip(acting, alone, strict=True)) > 0.05


def test_a_bert_embeds_as_transformers_does(tmp_path):
    import numpy as np
    from transformers import AutoModel, AutoTokenizer

    # Small weights: llama.cpp approximates GELU, which large ones make much of.
    folder = build("bert", tmp_path / "bert", spread=0.05)
    write_model(folder, tmp_path / "bert.gguf", "f32")
    model, tokenizer = (
        AutoModel.from_pretrained(folder).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    text = "open the valve slowly"

    with LlamaCppEngine(tmp_path / "bert.gguf", SETTINGS, kind="embed") as engine:
        vector = engine.embed([text])[0]

    with torch.inference_mode():
        hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0).numpy()
    assert float(vector @ (hidden / np.linalg.norm(hidden))) > 0.9999


def test_quantising_loses_more_with_fewer_bits(folders, tmp_path):
    sizes, gaps = {}, {}
    model, tokenizer = loaded(folders("llama2"))
    expected = logprobs(model, tokenizer, PROMPT + REPLY)
    for kind in ("f16", "q8_0", "q4_0"):
        path = tmp_path / f"{kind}.gguf"
        write_model(folders("llama2"), path, kind)
        sizes[kind] = path.stat().st_size
        with LlamaCppEngine(path, SETTINGS) as engine:
            scores = [e.logprob for e in engine.score_tokens(engine.tokenize(PROMPT + REPLY))]
        gaps[kind] = sum(abs(a - b) for a, b in zip(scores, expected, strict=True)) / len(scores)
    assert sizes["f16"] > sizes["q8_0"] > sizes["q4_0"]
    assert gaps["f16"] <= gaps["q8_0"] + 1e-3 < gaps["q4_0"]


def test_the_chat_template_goes_with_the_model(folders, tmp_path):
    write_model(folders("llama2"), tmp_path / "m.gguf", "f32")
    _, tokenizer = loaded(folders("llama2"))
    turns = [
        ChatMessage("user", "open"),
        ChatMessage("assistant", "yes"),
        ChatMessage("user", "the valve"),
    ]
    given = [{"role": each.role, "content": each.content} for each in turns]

    with LlamaCppEngine(tmp_path / "m.gguf", SETTINGS) as engine:
        prompt = engine.render_prompt(turns)

    assert prompt == tokenizer.apply_chat_template(
        given, tokenize=False, add_generation_prompt=True
    )


def test_permuting_is_undone_by_the_order_of_rotated_pairs():
    import numpy as np

    weight = np.arange(16.0).reshape(8, 2)
    back = permute_rows(weight, 2).reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(8, 2)
    np.testing.assert_array_equal(back, weight)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["score"]}, "saved whole"),
        ({"rank_pattern": {"q_proj": 2}}, "ranks that differ"),
        ({"bias": "all"}, "biases"),
        ({"peft_type": "PREFIX_TUNING"}, "PREFIX_TUNING"),
    ],
)
def test_what_llama_cpp_would_lose_is_said(change, said):
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none"}
    assert find_adapter_problem(config, "llama") == ""
    assert said in find_adapter_problem(config | change, "llama")


def test_a_family_without_a_gguf_is_refused_with_what_is_left(tmp_path):
    folder = build("gptj", tmp_path / "gptj")
    with pytest.raises(Refused, match="served by transformers"):
        write_model(folder, tmp_path / "x.gguf")
