import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genwright.catalog.gguf_header import BLOCKS, read_header
from genwright.errors import UntrustedWeights


def write(path: Path, alignment: int = 32) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(alignment)
    writer.add_name("tïny")
    writer.add_context_length(64)
    writer.add_token_list(["a", "b", "<end>"])
    writer.add_array("tiny.sizes", [1, 2, 3])
    writer.add_bool("tiny.yes", True)
    writer.add_float32("tiny.half", 0.5)
    writer.add_tensor("one", np.arange(12, dtype=np.float32).reshape(3, 4))
    writer.add_tensor("two", np.arange(5, dtype=np.int8))
    packed = gguf.quants.quantize(np.ones((2, 64), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("three", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("gguf") / "sound.gguf")


@pytest.mark.parametrize("alignment", [8, 32, 256])
def test_it_reads_what_the_reference_library_reads(tmp_path, alignment):
    path = write(tmp_path / "tiny.gguf", alignment)

    header, reference = read_header(path), gguf.GGUFReader(path)

    fields = {name for name in reference.fields if not name.startswith("GGUF.")}
    assert header.metadata.keys() == fields
    assert header.metadata["general.name"] == "tïny"
    assert header.metadata["tokenizer.ggml.tokens"] == ["a", "b", "<end>"]
    assert header.metadata["tiny.sizes"] == [1, 2, 3]
    assert header.metadata["tiny.yes"] is True
    assert header.metadata["tiny.half"] == 0.5
    assert (header.version, header.alignment, header.architecture) == (3, alignment, "llama")
    assert header.data_start == reference.data_offset
    assert [(each.name, each.type, each.size) for each in header.tensors] == [
        (each.name, each.tensor_type, each.n_bytes) for each in reference.tensors
    ]
    assert [each.shape for each in header.tensors] == [
        tuple(each.shape.tolist()) for each in reference.tensors
    ]


def test_sizes_of_types_are_those_of_the_reference_library():
    assert BLOCKS == {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}


def test_version_two_is_read_and_others_are_refused(sound, tmp_path):
    data, path = bytearray(sound.read_bytes()), tmp_path / "other.gguf"
    data[4:8] = struct.pack("<I", 2)
    path.write_bytes(data)
    assert read_header(path).metadata == read_header(sound).metadata
    for other in (struct.pack("<I", 1), struct.pack("<I", 4), struct.pack(">I", 3)):
        data[4:8] = other
        path.write_bytes(data)
        with pytest.raises(UntrustedWeights, match="version"):
            read_header(path)


def test_no_beginning_of_a_file_is_taken_for_the_whole(sound, tmp_path):
    data, path = sound.read_bytes(), tmp_path / "cut.gguf"
    last = max(read_header(sound).tensors, key=lambda each: each.offset)
    whole = read_header(sound).data_start + last.offset + last.size
    for length in range(whole):
        path.write_bytes(data[:length])
        with pytest.raises(UntrustedWeights):
            read_header(path)
    path.write_bytes(data[:whole])
    read_header(path)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_refused_or_its_tensors_lie_within_it(sound, tmp_path, data):
    content = bytearray(sound.read_bytes())
    head = read_header(sound).data_start
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, head - 1))
        new = data.draw(st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 8)))
        content[at : at + data.draw(st.sampled_from([len(new), 0]))] = new
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)

    try:
        header = read_header(path)
    except UntrustedWeights:
        return

    for tensor in header.tensors:
        assert header.data_start + tensor.offset + tensor.size <= len(content)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf_file(keys: list[bytes], tensors: list[bytes], weights: int = 4096) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys + tensors)
    return head + bytes(weights)


def tensor(name: str = "t", shape: tuple[int, ...] = (4,), kind: int = 0, offset: int = 0) -> bytes:
    place = struct.pack(f"<{len(shape)}QIQ", *shape, kind, offset)
    return text(name) + struct.pack("<I", len(shape)) + place


HUGE = 2**63 + 5
NESTED = struct.pack("<IQ", 9, 1) * 40
WRONG = {
    "more tensors than": b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0),
    "more keys than": b"GGUF" + struct.pack("<IQQ", 3, 0, HUGE),
    "a list of": gguf_file([text("k") + struct.pack("<IIQ", 9, 4, HUGE)], []),
    "a short file's list of": gguf_file([text("k") + struct.pack("<IIQ", 9, 4, 4_000_000)], []),
    "a text of": gguf_file([text("k") + struct.pack("<IQ", 8, HUGE)], []),
    "a key of": gguf_file([struct.pack("<Q", HUGE)], []),
    "lists in lists in": gguf_file([text("k") + struct.pack("<I", 9) + NESTED], []),
    "no such value type": gguf_file([text("k") + struct.pack("<IQ", 77, 1)], []),
    "a boolean of 2": gguf_file([text("k") + struct.pack("<IB", 7, 2)], []),
    "a key twice": gguf_file([text("k") + struct.pack("<IB", 7, 1)] * 2, []),
    "no power of two": gguf_file([text("general.alignment") + struct.pack("<II", 4, 24)], []),
    "alignment zero": gguf_file([text("general.alignment") + struct.pack("<II", 4, 0)], []),
    "alignment a text": gguf_file(
        [text("general.alignment") + struct.pack("<I", 8) + text("")], []
    ),
    "five dimensions": gguf_file([], [tensor(shape=(1, 1, 1, 1, 1))]),
    "no dimensions": gguf_file([], [tensor(shape=())]),
    "an empty dimension": gguf_file([], [tensor(shape=(4, 0))]),
    "sizes that overflow": gguf_file([], [tensor(shape=(2**62, 2**62))]),
    "half a block": gguf_file([], [tensor(shape=(33,), kind=8)]),
    "a removed type": gguf_file([], [tensor(kind=4)]),
    "an offset past the end": gguf_file([], [tensor(offset=1 << 40)]),
    "an offset out of step": gguf_file([], [tensor(offset=8)]),
    "a tensor over another": gguf_file([], [tensor("a", (64,)), tensor("b", offset=32)]),
    "a name twice": gguf_file([], [tensor("a"), tensor("a", offset=32)]),
    "a long name": gguf_file([], [tensor("n" * 65)]),
    "nothing": b"",
    "a pickle": b"\x80\x04" + bytes(100),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    path = tmp_path / "wrong.gguf"
    path.write_bytes(WRONG[wrong])
    with pytest.raises(UntrustedWeights, match=r"wrong\.gguf is not a valid GGUF file"):
        read_header(path)


def test_the_smallest_sound_file_is_read(tmp_path):
    path = tmp_path / "sound.gguf"
    path.write_bytes(gguf_file([text("k") + struct.pack("<IB", 7, 1)], [tensor()]))
    assert read_header(path).metadata == {"k": True}


def test_the_tensors_of_the_embedded_model_fill_its_file(models_dir):
    path = next(models_dir.glob("smollm2-135m-instruct/*.gguf"))
    header = read_header(path)
    end = max(tensor.offset + tensor.size for tensor in header.tensors)
    assert 0 <= path.stat().st_size - header.data_start - end < header.alignment
    assert len(header.metadata["tokenizer.ggml.tokens"]) == header.metadata["llama.vocab_size"]
