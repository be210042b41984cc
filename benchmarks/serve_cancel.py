"""Cancelling: a client that hangs up frees its slot within a second, in every phase.

    python benchmarks/serve_cancel.py [--times 100] [--model scripted…|smollm2-135m-instruct]

Phases: queued behind others, while the prompt is read, while the answer streams, and while a whole
reply is waited for. What counts is the time until the server has nothing at work and nothing
waiting for it any more, read from its own gauges' source, ``/metrics`` being too slow: each phase
ends when a new request gets its first token.
"""

import argparse
import asyncio
import time

import httpx
from servers import PLAIN, percentile, serving

SLOTS = 2
WORDS = "Tell me everything about the history of pumps and valves. " * 40
"""A prompt that takes seconds to read at the prefill speed below."""
SLOW = "scripted:tps=20,prefill=100,least=400,context=20000"
"""Reads 100 words and writes 20 a second."""


def body(model: str, text: str, stream: bool) -> dict[str, object]:
    """A request."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
        "max_tokens": 400,
    }


async def cancelled(client: httpx.AsyncClient, model: str, phase: str) -> float:
    """Begin a request, hang up in a phase, and measure until its slot is free.

    With one slot fewer than requests, a probe waits for exactly the slot that is given back.
    """
    text = "Go on." if phase in ("streaming", "whole") else WORDS
    holders = []
    number = SLOTS if phase != "queued" else SLOTS + 1
    for _ in range(number):
        holders.append(asyncio.create_task(hold(client, body(model, text, phase != "whole"))))
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.6 if phase == "streaming" else 0.3)
    probe = asyncio.create_task(first_byte(client, model))
    await asyncio.sleep(0.05)
    began = time.perf_counter()
    for task in holders:
        task.cancel()
    await asyncio.gather(*holders, return_exceptions=True)
    await probe
    return time.perf_counter() - began


async def hold(client: httpx.AsyncClient, request: dict[str, object]) -> None:
    """Send a request and read what comes, until cancelled."""
    async with client.stream("POST", "/v1/chat/completions", json=request) as response:
        async for _ in response.aiter_raw():
            pass


async def first_byte(client: httpx.AsyncClient, model: str) -> None:
    """Wait for the first piece of a short request."""
    short = body(model, "Hi", True) | {"max_tokens": 1}
    async with client.stream("POST", "/v1/chat/completions", json=short) as response:
        response.raise_for_status()
        async for _ in response.aiter_raw():
            return


async def run(url: str, model: str, times: int) -> None:
    """All phases, and a line for each."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
    print(f"{model}: seconds until a hung-up client's slot served somebody else")
    print("phase      within 1 s      p50      max")
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        for phase in ("queued", "prefill", "streaming", "whole"):
            took = [await cancelled(client, model, phase) for _ in range(times)]
            within = sum(each <= 1 for each in took)
            print(
                f"{phase:10} {within:4} of {len(took):4}"
                f"   {percentile(took, 50):.3f}   {max(took):.3f}"
            )


def main() -> None:
    """Parse, serve, run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--model", default=SLOW)
    options = parser.parse_args()
    own = {"GENWRIGHT_SERVER__PARALLEL": str(SLOTS), "GENWRIGHT_ANSWER__MODEL": options.model}
    env = {**PLAIN, **own}
    with serving(env) as server:
        asyncio.run(run(server.url, options.model, options.times))


if __name__ == "__main__":
    main()
