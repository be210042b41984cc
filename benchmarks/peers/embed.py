"""One way to run MiniLM on a CPU, as a process: JSON on standard input tells which.

``{"way", "threads", "texts", "published", "prepared", "work", "out"}``; the vectors go to ``out``
(npy), ``{"seconds", "load_seconds", "busy"}`` (the
last is processor seconds) to standard output. The heavy packages are imported by the
way that needs them, so one file serves genwright's Python and the peers'.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

BATCH = 16


def genwright(told, folder=None):
    """The embedder as the product runs it, from a folder with an ONNX graph."""
    from genwright.embeddings import open_embedder

    embedder = open_embedder(
        Path(folder or told["prepared"]), name="minilm", threads=told["threads"], batch_tokens=4096
    )
    return embedder.embed


def onnx_float(told):
    """The same runtime and batching, float32."""
    return genwright(told, Path(told["work"]) / "float")


def onnx_float_padded(told):
    """Float32 in batches of like length, padded."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = told["threads"]
    file = Path(told["work"]) / "float-padded/model.onnx"
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    tokenize = _tokenizer(told)

    def run(ids, mask):
        return session.run(["vectors"], {"ids": ids, "mask": mask.astype(np.int32)})[0]

    return lambda texts: _padded(tokenize(texts), run)


def llamacpp_f16(told, kind="F16"):
    """llama.cpp through genwright's engine."""
    from genwright.engines.llamacpp.engine import LlamaCppEngine
    from genwright.settings import EngineSettings

    file = Path(told["work"]) / f"minilm-{kind}.gguf"
    return LlamaCppEngine(file, EngineSettings(threads=told["threads"]), kind="embed").embed


def llamacpp_q8_0(told):
    """llama.cpp, matrices in 8 bits."""
    return llamacpp_f16(told, "Q8_0")


def sentence_transformers(told):
    """The reference."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(told["threads"])
    model = SentenceTransformer(told["published"], device="cpu")
    return lambda texts: model.encode(texts, normalize_embeddings=True, batch_size=32)


def ctranslate2_float32(told, kind="float32"):
    """CTranslate2's encoder, mean of its last states."""
    import ctranslate2

    folder = Path(told["work"]) / f"ctranslate2-{kind}"
    if not folder.exists():
        converter = ctranslate2.converters.TransformersConverter(told["published"])
        converter.convert(str(folder), quantization=kind)
    encoder = ctranslate2.Encoder(
        str(folder), compute_type=kind, intra_threads=told["threads"], inter_threads=1
    )
    tokenize = _tokenizer(told)

    def run(ids, mask):
        rows = [row[: int(count)].tolist() for row, count in zip(ids, mask.sum(1), strict=True)]
        states = np.array(encoder.forward_batch(rows).last_hidden_state)
        return (states * mask[:, : states.shape[1], None]).sum(1)

    return lambda texts: _padded(tokenize(texts), run)


def ctranslate2_int8(told):
    """CTranslate2 in int8."""
    return ctranslate2_float32(told, "int8")


def openvino_f32(told, precision="f32"):
    """OpenVINO from the torch model, mean of its last states."""
    import openvino

    file = Path(told["work"]) / "openvino.xml"
    if not file.exists():
        _convert_to_openvino(told["published"], file)
    hints = {
        "INFERENCE_NUM_THREADS": told["threads"],
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": 1,
    }
    model = openvino.Core().compile_model(str(file), "CPU", hints)
    tokenize = _tokenizer(told)

    def run(ids, mask):
        states = model({"input_ids": ids, "attention_mask": mask})[0]
        return (states * mask[:, :, None]).sum(1)

    return lambda texts: _padded(tokenize(texts), run)


def openvino_bf16(told):
    """OpenVINO in bfloat16, on processors that have it."""
    return openvino_f32(told, "bf16")


def _convert_to_openvino(published, file):
    import openvino
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(published, attn_implementation="eager").eval()
    ids = torch.ones((2, 8), dtype=torch.int64)
    inputs = {"input_ids": ids, "attention_mask": ids}
    openvino.save_model(openvino.convert_model(model, example_input=inputs), file, False)


def _tokenizer(told):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(told["prepared"]) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def _padded(ids, run):
    """Batches of like length through ``run(ids, mask)``, in the order given, unit length."""
    order = sorted(range(len(ids)), key=lambda number: -len(ids[number]))
    vectors = np.empty((len(ids), 384), np.float32)
    for first in range(0, len(order), BATCH):
        batch = order[first : first + BATCH]
        block = np.zeros((len(batch), len(ids[batch[0]])), np.int64)
        mask = np.zeros_like(block)
        for row, number in enumerate(batch):
            block[row, : len(ids[number])] = ids[number]
            mask[row, : len(ids[number])] = 1
        vectors[batch] = run(block, mask)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main():
    """Load, warm up, measure."""
    told = json.load(sys.stdin)
    start = time.perf_counter()
    embed = globals()[told["way"]](told)
    embed(told["texts"][:2])
    loaded, idle = time.perf_counter(), time.process_time()
    vectors = embed(told["texts"])
    figures = {
        "seconds": time.perf_counter() - loaded,
        "load_seconds": loaded - start,
        "busy": time.process_time() - idle,
    }
    np.save(told["out"], np.asarray(vectors))
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
