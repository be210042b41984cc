import io
import pickle
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from genwright.catalog.contents import check
from genwright.errors import UntrustedWeights


def torch_like() -> bytes:
    """What torch.save writes: a zip archive with a pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"weight": [1.0]}))
    return buffer.getvalue()


FOREIGN = {
    "pickle": pickle.dumps({"weight": [1.0]}),
    "an old pickle": pickle.dumps({"weight": [1.0]}, protocol=0),
    "zip archive": torch_like(),
    "NumPy array": b"\x93NUMPY" + bytes(100),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "web page": b"<!doctype html><title>Sign in</title>",
    "onnx": b"\x08\x08\x12\x07pytorch" + bytes(100),
    "nothing": b"",
}


@pytest.mark.parametrize("suffix", [".gguf", ".safetensors", ".json", ".bin", ".pkl", ".onnx"])
@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_is_not_weights_is_refused_whatever_its_name(tmp_path, foreign, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(FOREIGN[foreign])
    with pytest.raises(UntrustedWeights, match="model"):
        check(path)


def test_a_pickle_is_called_by_its_name(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(FOREIGN["pickle"])
    with pytest.raises(
        UntrustedWeights, match="expected to be safetensors, and is a Python pickle"
    ):
        check(path)


def test_sound_files_pass(tmp_path, weights):
    sound = {
        "a.gguf": weights,
        "a.safetensors": save({"one": np.ones(3, np.float32)}),
        "a.json": b'{"hidden_size": 32}',
        "a.txt": "[PAD]\nwörd\n".encode(),
    }
    for name, content in sound.items():
        (tmp_path / name).write_bytes(content)
        check(tmp_path / name)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b", pickle.dumps(1)])
def test_a_vocabulary_that_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(UntrustedWeights, match="plain text"):
        check(path)
