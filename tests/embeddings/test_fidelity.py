"""Every way of multiplying that the processor has, and what is kept of the measurement."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.fixtures.tiny_bert import MAX_TOKENS, make_bert
from tokenizers import Tokenizer

from genwright.embeddings import open_embedder, prepare
from genwright.embeddings.arithmetic import load_bert
from genwright.embeddings.fidelity import (
    EXACT,
    LEAST_COSINE,
    TEXTS,
    WAYS,
    Probes,
    Way,
    choose,
    find_products,
    measure,
    name_processor,
)
from genwright.embeddings.graph import SMOOTHING, build_graph, calibrate
from genwright.errors import EngineFailed

BOUND = 0.999
"""What the tiny model reaches in every way that is right."""

SATURATES = "x86_64" in name_processor() and "vnni" not in name_processor()


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    return make_bert(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def probes(published) -> Probes:
    tokenizer = Tokenizer.from_file(str(published / "tokenizer.json"))
    return Probes.of(load_bert(published), tokenizer, MAX_TOKENS)


@pytest.fixture(scope="module")
def pulled(published, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    shutil.copytree(published, folder)
    prepare(folder)
    return folder


@pytest.fixture
def prepared(pulled, tmp_path) -> Path:
    folder = tmp_path / "tiny"
    shutil.copytree(pulled, folder)
    return folder


def about_of(folder: Path) -> dict:
    return json.loads((folder / "embedder.json").read_text())


def carried(folder: Path, **changes: object) -> dict:
    """The folder as if it had been prepared on another processor."""
    about = about_of(folder) | {"processor": "abacus onnxruntime-0.1"} | changes
    (folder / "embedder.json").write_text(json.dumps(about))
    return about


@pytest.mark.parametrize("form", WAYS)
def test_each_way_computes_what_plain_arithmetic_does(published, probes, tmp_path, form):
    bert = load_bert(published)
    graph = tmp_path / "model.onnx"
    graph.write_bytes(build_graph(bert, calibrate(bert) if form == "int8-1" else None))
    ways = measure(graph, form, probes)
    assert [way.products for way in ways] == list(WAYS[form])
    assert choose(ways).cosine > BOUND
    for way in ways:
        if way.products == "u8s8" and SATURATES:
            assert choose(ways).products == EXACT
        else:
            assert way.cosine > BOUND, way


def test_what_was_measured_is_recorded(pulled):
    about = about_of(pulled)
    assert about["processor"] == name_processor()
    measured = {way["products"]: way["cosine"] for way in about["measured"]}
    assert set(measured) == set(WAYS[about["form"]])
    assert measured[about["products"]] >= LEAST_COSINE


def test_a_record_of_this_processor_is_trusted(prepared):
    (prepared / "model.onnx").unlink()  # so it cannot be measured
    assert find_products(prepared, about_of(prepared) | {"products": "u8u8"}) == "u8u8"


def test_on_another_processor_it_is_measured_again_and_once(prepared):
    about = carried(prepared, products="made up")
    before = sorted(prepared.iterdir())
    embedder = open_embedder(prepared, name="tiny", threads=1, batch_tokens=4096)
    assert np.linalg.norm(embedder.embed(["The pump is warm."])) == pytest.approx(1, abs=1e-5)

    assert sorted(prepared.iterdir()) == before  # a pulled model's files are pinned
    record = json.loads((prepared.parent / ".measured" / "tiny.json").read_text())
    assert record["processor"] == name_processor()
    assert record["products"] in WAYS["int8-1"]
    (prepared / "model.onnx").unlink()
    assert find_products(prepared, about) == record["products"]


def test_a_record_of_other_weights_does_not_count(prepared):
    find_products(prepared, carried(prepared))
    (prepared / "model.onnx").unlink()
    with pytest.raises(Exception, match=r"model\.onnx"):
        find_products(prepared, carried(prepared, weights_sha256="0" * 64))


@pytest.mark.parametrize("kept", ["a file in the way", "rubbish"])
def test_it_works_where_no_record_can_be_kept_or_read(prepared, kept):
    place = prepared.parent / ".measured"
    if kept == "rubbish":
        place.mkdir()
        (place / "tiny.json").write_bytes(b"\xff[")
    else:
        place.write_text(kept)
    assert find_products(prepared, carried(prepared)) in WAYS["int8-1"]


def test_a_folder_from_before_there_were_probes_is_held_against_its_exact_way(prepared):
    (prepared / "probes.npz").unlink()
    about = {
        key: value
        for key, value in about_of(prepared).items()
        if key not in ("processor", "products", "measured")
    }
    products = find_products(prepared, about)
    assert products == EXACT or (products in WAYS["int8-1"] and not SATURATES)


def test_a_processor_on_which_no_way_is_right_is_told(prepared):
    probes = Probes.load(prepared / "probes.npz")
    Probes(probes.ids, -probes.vectors).save(prepared / "probes.npz")
    with pytest.raises(EngineFailed, match="genwright models pull tiny"):
        find_products(prepared, carried(prepared))


def test_weights_that_do_not_suit_int8_run_in_float32(tmp_path):
    folder = make_bert(tmp_path / "spiky")
    tensors = load_file(folder / "model.safetensors")
    tensors["embeddings.word_embeddings.weight"][:, 0] *= 3000  # one scale for a word's vector
    tensors["embeddings.LayerNorm.weight"][:] *= 3000
    tensors["embeddings.LayerNorm.weight"][0] = 0
    save_file(tensors, folder / "model.safetensors")
    prepare(folder)
    about = about_of(folder)
    assert (about["form"], about["products"]) == ("float32-1", "f32")
    assert about["measured"][0]["cosine"] > 0.9999
    embedder = open_embedder(folder, name="tiny", threads=1, batch_tokens=4096)
    assert embedder.fingerprint.endswith("-float32-1")


def test_the_fastest_of_the_faithful_is_chosen():
    slow, fast = Way("u8u8", 0.9992, 2.0), Way("u8s8", 0.9991, 1.0)
    assert choose([slow, fast]) == fast
    assert choose([slow, Way("u8s8", 0.9975, 1.0)]) == slow  # right alone, not beside the other
    assert choose([Way("u8s8", 0.99, 1.0)]) is None
    assert choose([Way("u8s8", math.nan, 1.0)]) is None
    assert choose([Way("u8s8", math.nan, 1.0), slow]) == slow


def test_the_processor_is_named_by_what_decides_the_arithmetic(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse2 avx2 avx_vnni\n")
    newer = name_processor(cpuinfo)
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse2 avx2 ssse3\n")
    assert name_processor(cpuinfo) == newer.replace(" avx_vnni", "")
    assert "avx2" not in name_processor(tmp_path / "nowhere")


def pmaddubsw(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``x @ weight.T`` of u8 by s8, two products added in a saturating 16-bit number."""
    products = x[:, None, :].astype(np.int32) * weight[None].astype(np.int32)
    pairs = products[..., 0::2] + products[..., 1::2]
    return np.clip(pairs, -(2**15), 2**15 - 1).sum(axis=-1)


def test_unsigned_by_signed_saturates_without_vnni_and_unsigned_by_unsigned_cannot(published):
    bert = load_bert(published)
    seen: dict[str, list[np.ndarray]] = {}
    for text in TEXTS:
        tokenizer = Tokenizer.from_file(str(published / "tokenizer.json"))
        ids = tokenizer.encode(text).ids[:MAX_TOKENS]
        bert.embed(ids, lambda name, values: seen.setdefault(name, []).append(values))
    ranges = calibrate(bert)
    worst = 0.0
    for number, layer in enumerate(bert.layers):
        move = ranges[f"{number}.qkv"] ** SMOOTHING
        move = move / np.abs(layer.qkv).max(axis=0) ** (1 - SMOOTHING)
        smoothed = layer.qkv * move
        scale = np.abs(smoothed).max(axis=1, keepdims=True) / 127
        weight = np.round(smoothed / scale).astype(np.int8)
        for values in seen[f"{number}.qkv"]:
            x = values / move
            low, high = min(x.min(), 0), max(x.max(), 0)
            zero = np.round(-low / (high - low) * 255)
            x = np.clip(np.round(x / (high - low) * 255) + zero, 0, 255).astype(np.uint8)
            exact = x.astype(np.int64) @ weight.T.astype(np.int64)
            worst = max(worst, np.abs(pmaddubsw(x, weight) - exact).max())

            # u8u8: the same numbers, moved by 128; every partial sum fits in 32 bits.
            unsigned = (weight.astype(np.int16) + 128).astype(np.uint8)
            wide = (x.astype(np.int32) @ unsigned.T.astype(np.int32)) - 128 * x.sum(
                axis=1, keepdims=True, dtype=np.int32
            )
            np.testing.assert_array_equal(wide, exact)
    assert worst > 0
    widest = max(layer.up.shape[1] for layer in bert.layers)
    assert widest * 255 * 255 < 2**31


@pytest.mark.skipif(
    shutil.which("qemu-x86_64") is None, reason="needs qemu-user, to be another processor"
)
@pytest.mark.parametrize("processor", ["Haswell", "Skylake-Server"])
def test_a_processor_without_vnni_takes_the_exact_way(pulled, processor):
    """ONNX Runtime itself, on AVX2 and on AVX-512 without VNNI."""
    program = (
        "import json, sys; from pathlib import Path\n"
        "from genwright.embeddings.fidelity import Probes, choose, measure\n"
        "folder = Path(sys.argv[1])\n"
        "ways = measure(folder / 'model.onnx', 'int8-1', Probes.load(folder / 'probes.npz'))\n"
        "print(json.dumps([choose(ways).products, {w.products: w.cosine for w in ways}]))\n"
    )
    command = ["qemu-x86_64", "-cpu", processor, sys.executable, "-c", program, str(pulled)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    chosen, cosines = json.loads(ran.stdout)
    assert chosen == EXACT
    assert cosines["u8s8"] < 0.995
    assert cosines["u8u8"] > BOUND
