"""Overload: 50 times as much as the server can do, for a minute.

    python benchmarks/serve_overload.py [--seconds 60] [--times 50]

A stub model with a fixed speed makes the capacity known: slots / seconds a request. Clients offer
``times`` as many requests a second, open loop (they do not wait for one another). Printed: goodput
as a share of the capacity, how fast a refusal comes, whether each has a Retry-After, memory before,
during and after, and whether anything was answered by 5xx.
"""

import argparse
import asyncio
import time
from collections import Counter

import httpx
from servers import PLAIN, Server, percentile, serving

SLOTS, TOKENS, SPEED = 4, 50, 50
MODEL = f"scripted:tps={SPEED},least={TOKENS}"
SECONDS_EACH = TOKENS / SPEED
CAPACITY = SLOTS / SECONDS_EACH
"""Requests a second."""


class Seen:
    """What came of the requests."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.refusals: list[float] = []
        self.done: list[float] = []
        self.without_retry_after = 0


async def ask(client: httpx.AsyncClient, seen: Seen, user: int) -> None:
    """One request, counted."""
    request = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Go on."}],
        "max_tokens": TOKENS,
        "user": f"user-{user}",
    }
    began = time.perf_counter()
    try:
        response = await client.post("/v1/chat/completions", json=request)
    except httpx.HTTPError:
        seen.statuses[0] += 1
        return
    took = time.perf_counter() - began
    seen.statuses[response.status_code] += 1
    if response.status_code == 429:
        seen.refusals.append(took)
        seen.without_retry_after += "retry-after" not in response.headers
    elif response.status_code == 200:
        seen.done.append(time.perf_counter())


async def offer(server: Server, seconds: float, times: float, seen: Seen) -> None:
    """Send requests at a steady rate, whatever becomes of them."""
    limits = httpx.Limits(max_connections=600, max_keepalive_connections=600)
    async with httpx.AsyncClient(base_url=server.url, timeout=120, limits=limits) as client:
        tasks: set[asyncio.Task[None]] = set()
        began, number = time.perf_counter(), 0
        while (now := time.perf_counter() - began) < seconds:
            while number < now * CAPACITY * times:
                task = asyncio.create_task(ask(client, seen, number % 20))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                number += 1
            await asyncio.sleep(0.002)
        await asyncio.gather(*tasks)
        print(f"offered {number / seconds:.0f} requests/s for {seconds:.0f} s")


def main() -> None:
    """Parse, serve, offer, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=float, default=50)
    options = parser.parse_args()
    env = {**PLAIN, "GENWRIGHT_SERVER__PARALLEL": str(SLOTS), "GENWRIGHT_ANSWER__MODEL": MODEL}
    seen = Seen()
    with serving(env) as server:
        asyncio.run(offer(server, 3, 1, Seen()))  # warm
        before = server.memory_mb()
        began = time.perf_counter()
        asyncio.run(offer(server, options.seconds, options.times, seen))
        during = server.memory_mb()
        time.sleep(5)
        after = server.memory_mb()
    within = [each for each in seen.done if each - began <= options.seconds]
    goodput = len(within) / options.seconds
    print(f"capacity {CAPACITY:.1f}/s; goodput {goodput:.2f}/s = {goodput / CAPACITY:.1%}")
    print(
        f"refusals {len(seen.refusals)}: p50 {percentile(seen.refusals, 50) * 1000:.1f} ms, "
        f"p99 {percentile(seen.refusals, 99) * 1000:.1f} ms, "
        f"without Retry-After {seen.without_retry_after}"
    )
    print(f"statuses {dict(seen.statuses)} (0: the connection failed)")
    print(f"memory {before:.0f} MB before, {during:.0f} at the end, {after:.0f} after 5 s")


if __name__ == "__main__":
    main()
