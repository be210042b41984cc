import json
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from genwright.catalog.safetensors_header import read_header
from genwright.errors import UntrustedWeights


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("safetensors") / "sound.safetensors"
    tensors = {
        "one": np.arange(12, dtype=np.float32).reshape(3, 4),
        "two": np.arange(5, dtype=np.int8),
        "three": np.ones((2, 2), dtype=np.float16),
        "none": np.zeros((0, 7), dtype=np.int64),
    }
    save_file(tensors, path, metadata={"format": "pt"})
    return path


def test_it_reads_what_the_reference_library_reads(sound):
    header = read_header(sound)
    with safetensors.safe_open(sound, "numpy") as reference:
        assert {each.name for each in header.tensors} == set(reference.keys())
        for each in header.tensors:
            assert list(each.shape) == reference.get_slice(each.name).get_shape()
            assert each.dtype == reference.get_slice(each.name).get_dtype()
        assert header.metadata == reference.metadata()


def test_no_beginning_of_a_file_is_taken_for_the_whole(sound, tmp_path):
    data, path = sound.read_bytes(), tmp_path / "cut.safetensors"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(UntrustedWeights):
            read_header(path)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_it_accepts_of_damaged_files_the_reference_library_accepts(sound, tmp_path, data):
    content = bytearray(sound.read_bytes())
    head = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, head - 1))
        new = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"0", b"9", b'"', b"["])))
        content[at : at + data.draw(st.sampled_from([len(new), 0]))] = new
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)

    try:
        read_header(path)
    except UntrustedWeights:
        return

    safetensors.deserialize(bytes(content))


def described(head: object, weights: int = 16) -> bytes:
    text = head if isinstance(head, str) else json.dumps(head)
    return struct.pack("<Q", len(text)) + text.encode() + bytes(weights)


def entry(start: int = 0, end: int = 16, shape: object = (4,), dtype: object = "F32") -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


WRONG = {
    "a hole": described({"a": entry(0, 8, [2]), "b": entry(12, 16, [1])}),
    "a hole at the start": described({"a": entry(8, 16, [2])}),
    "an overlap": described({"a": entry(0, 12, [3]), "b": entry(8, 16, [2])}),
    "more bytes than tensors": described({"a": entry()}, weights=20),
    "fewer bytes than tensors": described({"a": entry()}, weights=12),
    "a size that is not the shape's": described({"a": entry(shape=[5])}),
    "an unknown type": described({"a": entry(dtype="F31")}),
    "a type that is a list": described({"a": entry(dtype=["F32"])}),
    "a negative size": described({"a": entry(shape=[-2, -2])}),
    "a boolean size": described({"a": entry(shape=[4, True])}),
    "a fraction": described({"a": entry(shape=[4.0])}),
    "an end before its start": described({"a": entry(16, 0)}),
    "a name twice": described('{"a": %s, "a": %s}' % ((json.dumps(entry()),) * 2)),
    "metadata of numbers": described({"a": entry(), "__metadata__": {"n": 1}}),
    "a list": described([entry()]),
    "deep nesting": described("{" + '"a":[' * 200_000),
    "a number without end": described('{"a": ' + "9" * 10_000 + "}"),
    "a head longer than the file": struct.pack("<Q", 2**60) + b"{}",
    "nothing": b"",
    "a pickle": b"\x80\x04" + bytes(100),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    path = tmp_path / "wrong.safetensors"
    path.write_bytes(WRONG[wrong])
    with pytest.raises(UntrustedWeights, match=r"wrong\.safetensors is not a valid safetensors"):
        read_header(path)


def test_one_whole_tensor_is_read(tmp_path):
    path = tmp_path / "sound.safetensors"
    path.write_bytes(described({"a": entry()}))
    assert read_header(path).tensors[0].shape == (4,)
