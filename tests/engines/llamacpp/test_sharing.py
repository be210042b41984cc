"""Adapters over one base: shared, kept apart, and switched without stopping."""

import threading

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import TEMPLATE, build  # noqa: E402

from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, collect_chat  # noqa: E402
from genwright.engines.llamacpp.engine import LlamaCppEngine  # noqa: E402
from genwright.engines.llamacpp.sharing import SharedBase  # noqa: E402
from genwright.errors import EngineFailed  # noqa: E402
from genwright.export import write_adapter, write_model  # noqa: E402
from genwright.settings import EngineSettings  # noqa: E402
from genwright.tuning.config import MethodConfig  # noqa: E402
from genwright.tuning.methods import methods  # noqa: E402

QUESTION = (ChatMessage("user", "open the valve slowly and say one two three"),)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from transformers import AutoModelForCausalLM

    root = tmp_path_factory.mktemp("m")
    folder = build("llama2", root / "m", template=TEMPLATE)
    write_model(folder, root / "base.gguf", "f32")
    adapters = []
    for seed in (1, 2):
        model = AutoModelForCausalLM.from_pretrained(folder)
        tuned = methods.get("lora")().apply(model, None, "generation", MethodConfig(rank=2))
        torch.manual_seed(seed)
        for name, parameter in tuned.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.5)
        tuned.save_pretrained(root / f"peft-{seed}")
        write_adapter(root / f"peft-{seed}", tuned.config.to_dict(), root / f"{seed}.gguf")
        adapters.append(root / f"{seed}.gguf")
    return root / "base.gguf", adapters


def said(engine: Engine, cache_key: str = "") -> str:
    request = ChatRequest(QUESTION, Sampling(max_tokens=8), cache_key=cache_key)
    return collect_chat(engine, request)[0]


@pytest.fixture
def shared(files):
    base, _ = files
    started = []

    def start(adapters):
        started.append(tuple(adapters))
        settings = EngineSettings(threads=1, context=256, parallel=2)
        return LlamaCppEngine(base, settings, adapters=adapters)

    made = SharedBase(start)
    made.started = started
    yield made
    made.close()


def test_adapters_share_a_process_and_prefixes_never_cross(shared, files):
    _, (one, two) = files
    plain, first, second = shared.view("base"), shared.view("one", one), shared.view("two", two)
    assert isinstance(first, Engine)
    alone = {id(e): said(e, "same key") for e in (plain, first, second)}
    assert len(set(alone.values())) == 3
    assert shared.started == [(), (one,), (one, two)]
    for engine in (first, plain, second, plain, first, second):
        assert said(engine, "same key") == alone[id(engine)], "as if nobody else had asked"
    assert len(shared.started) == 3


def test_a_new_adapter_switches_without_losing_a_request(shared, files):
    _, (one, two) = files
    first = shared.view("one", one)
    expected, failures, replies = said(first), [], []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            try:
                replies.append(said(first))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    before = first.process.pid
    second = shared.view("two", two)
    assert said(second) != expected
    after = first.process.pid
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(replies) > 3 and set(replies) == {expected}
    assert before != after


def test_a_closed_base_says_so(shared):
    view = shared.view("base")
    shared.close()
    with pytest.raises(EngineFailed, match="closed"):
        said(view)
