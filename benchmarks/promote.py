"""Promotion and rollback of a new adapter on the embedded model, under load.

A server answers by an alias while another process promotes a version whose adapter no engine has
loaded yet. Printed: seconds until the first answer of the new version, and failed requests.

    python benchmarks/promote.py
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from genwright.catalog import Catalog
from genwright.models.bases import find_base
from genwright.registry import VersionFacts
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

MODEL = "smollm2-135m-instruct"


def adapters(folder: Path) -> tuple[list[Path], str]:
    """Two LoRA adapters with small random weights, and the digest of their base."""
    import torch
    from transformers import AutoModelForCausalLM

    from genwright.export import write_adapter
    from genwright.tuning.config import MethodConfig
    from genwright.tuning.methods import methods

    models = Path(os.environ.get("GENWRIGHT_MODELS_DIR", ".models"))
    base = find_base(MODEL, Catalog(models), lambda name: None)  # type: ignore
    made = []
    for seed in (1, 2):
        model = AutoModelForCausalLM.from_pretrained(base.folder)
        tuned = methods.get("lora")().apply(model, None, "generation", MethodConfig(rank=8))
        torch.manual_seed(seed)
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.01)
        stage = folder / f"stage-{seed}"
        tuned.save_pretrained(stage / "adapter")
        write_adapter(stage / "adapter", base.read_config(), stage / "adapter.gguf")
        made.append(stage)
    return made, base.digest


def ask(client: httpx.Client) -> httpx.Response:
    """One short answer by the alias."""
    body = {"model": f"{MODEL}+calls@live", "max_tokens": 8, "temperature": 0,
            "messages": [{"role": "user", "content": "Say one word."}]}  # fmt: skip
    return client.post("/v1/chat/completions", json=body)


def main() -> None:
    """Publish, serve, promote, roll back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = create_workspace(Path(temporary) / "workspace")
        workspace = open_workspace(root)
        from genwright.registry.versions import open_versions

        stages, digest = adapters(root)
        facts = VersionFacts(kind="adapter", family="llama", objective="generation", method="lora",
                      base=MODEL, base_digest=digest, engine="llamacpp")  # fmt: skip
        versions = open_versions(workspace)
        for stage in stages:
            versions.publish(OWNER, "calls", stage, facts)
        server = subprocess.Popen(
            [sys.executable, "-m", "genwright", "-w", str(root), "serve", "--port", "8097"],
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        failures: list[int] = []
        done, count = threading.Event(), [0]
        try:
            with httpx.Client(base_url="http://127.0.0.1:8097", timeout=120) as client:
                for _ in range(200):
                    try:
                        if client.get("/ready").status_code == 200:
                            break
                    except httpx.HTTPError:
                        time.sleep(0.1)
                first = ask(client).json()["choices"][0]["message"]["content"]

                def load() -> None:
                    with httpx.Client(base_url="http://127.0.0.1:8097", timeout=120) as mine:
                        while not done.is_set():
                            reply = ask(mine)
                            count[0] += 1
                            if reply.status_code != 200:
                                failures.append(reply.status_code)

                threads = [threading.Thread(target=load) for _ in range(2)]
                for thread in threads:
                    thread.start()
                for what, move in (
                    ("promotion", lambda: versions.promote(OWNER, "calls", "2")),
                    ("rollback", lambda: versions.rollback(OWNER, "calls")),
                ):
                    time.sleep(2)
                    began = time.monotonic()
                    move()
                    said = ask(client).json()["choices"][0]["message"]["content"]
                    took = time.monotonic() - began
                    changed = (said != first) == (what == "promotion")
                    print(f"{what}: {took:.2f} s to the first answer of the other version "
                          f"(goal 5 s), {'its' if changed else 'NOT its'} answer")  # fmt: skip
                done.set()
                for thread in threads:
                    thread.join()
        finally:
            server.terminate()
            server.wait()
            workspace.close()
    print(f"{count[0]} requests under way, {len(failures)} failed: {json.dumps(failures[:5])}")


if __name__ == "__main__":
    main()
