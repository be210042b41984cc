"""Speed: tokens a second and time to the first token, through the API and at the engine itself.

    python benchmarks/serve_speed.py [--rounds 5] [--model smollm2-135m-instruct]

The same model with the same slots is driven directly, by threads in this process, and through
``/v1/chat/completions`` by as many clients, in turns. Also printed: what a request costs beside the
model (authentication, tracing, metrics, admission), against an engine that answers at once.
"""

import argparse
import asyncio
import statistics
import threading
import time
from pathlib import Path

import httpx
from servers import PLAIN, ROOT, percentile, serving

from genwright.engines import ChatMessage, ChatRequest, Sampling, open_engine
from genwright.settings import EngineSettings

SLOTS, TOKENS = 8, 64
QUESTION = "Explain how a pump works, step by step."


def directly(engine: object, clients: int) -> tuple[float, float]:
    """Tokens a second of all threads together, and the mean time to the first token."""
    firsts: list[float] = []
    tokens: list[int] = []

    def ask(number: int) -> None:
        request = ChatRequest(
            (ChatMessage("user", f"{QUESTION} ({number})"),),
            Sampling(TOKENS),
            cache_key=f"c{number}",
        )
        began, first, count = time.perf_counter(), 0.0, 0
        for delta in engine.chat(request):
            first = first or time.perf_counter() - began
            count = delta.usage.completion_tokens if delta.usage else count
        firsts.append(first)
        tokens.append(count)

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(tokens) / (time.perf_counter() - began), statistics.mean(firsts)


async def served(url: str, model: str, clients: int) -> tuple[float, float]:
    """The same through the API."""
    firsts: list[float] = []
    tokens: list[int] = []

    async def ask(client: httpx.AsyncClient, number: int) -> None:
        request = {
            "model": model,
            "messages": [{"role": "user", "content": f"{QUESTION} ({number})"}],
            "max_tokens": TOKENS,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "user": f"c{number}",
        }
        began, first, last = time.perf_counter(), 0.0, ""
        async with client.stream("POST", "/v1/chat/completions", json=request) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if '"content":"' in line.replace(" ", "") and not first:
                    first = time.perf_counter() - began
                if '"completion_tokens"' in line:
                    last = line
        firsts.append(first)
        import json

        tokens.append(json.loads(last.removeprefix("data: "))["usage"]["completion_tokens"])

    async with httpx.AsyncClient(base_url=url, timeout=300) as client:
        # Making a client takes tens of milliseconds, and the first connection some: not counted.
        await asyncio.gather(*(client.get("/health") for _ in range(clients)))
        began = time.perf_counter()
        await asyncio.gather(*(ask(client, number) for number in range(clients)))
        seconds = time.perf_counter() - began
    return sum(tokens) / seconds, statistics.mean(firsts)


def overhead(number: int) -> list[float]:
    """Seconds of whole requests at a stub that answers at once, one after the other."""
    took = []
    with serving({**PLAIN}) as server, httpx.Client(base_url=server.url) as client:
        request = {"model": "scripted", "messages": [{"role": "user", "content": "Yes."}]}
        for _ in range(number):
            began = time.perf_counter()
            client.post("/v1/chat/completions", json=request).raise_for_status()
            took.append(time.perf_counter() - began)
    return took[number // 10 :]


def main() -> None:
    """Parse, take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    file = next((ROOT / ".models" / options.model).glob("*.gguf"))
    settings = EngineSettings(parallel=SLOTS, context=1024, threads=options.threads)
    env = {
        "GENWRIGHT_EMBEDDING__MODEL": "hashing",
        "GENWRIGHT_ANSWER__MODEL": options.model,
        "GENWRIGHT_SERVER__PARALLEL": str(SLOTS),
        "GENWRIGHT_ENGINE__CONTEXT": "1024",
        "GENWRIGHT_ENGINE__THREADS": str(options.threads),
    }
    print("clients   tokens/s served : direct   ratio   first token served - direct")
    with open_engine(Path(file), settings) as engine, serving(env) as server:
        for clients in (1, 8):
            asyncio.run(served(server.url, options.model, clients))
            directly(engine, clients)
            ratios, added, pairs = [], [], []
            for _ in range(options.rounds):
                one = asyncio.run(served(server.url, options.model, clients))
                other = directly(engine, clients)
                ratios.append(one[0] / other[0])
                added.append(one[1] - other[1])
                pairs.append((one[0], other[0]))
            print(
                f"{clients:7}   {statistics.median(a for a, _ in pairs):7.1f} : "
                f"{statistics.median(b for _, b in pairs):7.1f}        "
                f"{statistics.median(ratios):.3f}   {statistics.median(added) * 1000:+.1f} ms"
            )
    took = overhead(500)
    print(
        f"a request at a stub that answers at once: p50 {percentile(took, 50) * 1000:.2f} ms, "
        f"p99 {percentile(took, 99) * 1000:.2f} ms (HTTP, gate, admission, trace, metrics)"
    )


if __name__ == "__main__":
    main()
