"""Rubbish at every operation of the API: no 5xx, no hang, every error in OpenAI's shape.

    python benchmarks/serve_fuzz.py [--calls 20000] [--seed 0]

Half of the calls are drawn by schemathesis from the OpenAPI document, valid and not; the other half
are made here: bodies that are broken, deep, huge, of wrong types, with odd characters; odd paths,
queries, headers, content types and multipart.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from servers import PLAIN, serving

HANG_SECONDS = 10
ODD = [
    None, True, -1, 0, 1e308, -1e308, 2**63, 2**200, "", " ", "\x00", "\ud800",
    "\U0001d54f" * 50, "a" * 5000,
    "../../etc/passwd", "' OR 1=1 --", "{{7*7}}", "<script>alert(1)</script>", [], {}, [[]], [None],
    {"a": {"b": {"c": {}}}}, ["x"] * 300, "assistant", "scripted", "assistant@999", "NaN", 0.5,
]  # fmt: skip
FIELDS = """model messages input prompt stream n stop temperature top_p max_tokens seed tools role
    tool_choice response_format logprobs top_logprobs logit_bias query file_ids file_id name
    attributes filters max_num_results response_id thumb rating previous_response_id instructions
    encoding_format dimensions echo suffix user metadata stream_options""".split()


class Seen:
    """What came back."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.slowest = 0.0

    @property
    def calls(self) -> int:
        """How many there were."""
        return sum(self.statuses.values())

    def look(self, what: str, response: httpx.Response, seconds: float) -> None:
        """Note a reply, and what is wrong with it."""
        self.statuses[response.status_code] += 1
        self.slowest = max(self.slowest, seconds)
        if seconds > HANG_SECONDS:
            self.wrong.append(f"hang {seconds:.1f} s: {what}")
        if response.status_code >= 500:
            self.wrong.append(f"{response.status_code}: {what}: {response.text[:200]}")
        elif response.status_code >= 400 and not _in_shape(response):
            self.wrong.append(f"shape {response.status_code}: {what}: {response.text[:200]}")


def _in_shape(response: httpx.Response) -> bool:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return response.status_code == 400 and not response.content  # not HTTP at all
    return {"message", "type", "param", "code"} <= set(error) and bool(error["message"])


def by_schema(url: str, calls: int, start: int, seen: Seen) -> None:
    """Requests drawn from the document."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [each.ok() for each in schema.get_all_operations()]
    operations = [each for each in operations if each.path != "/metrics"]
    each = max(1, calls // len(operations))
    modes = schemathesis.GenerationMode
    for operation in operations:
        for mode in (modes.POSITIVE, modes.NEGATIVE):
            try:
                strategy = operation.as_strategy(generation_mode=mode)

                @seed(start)
                @settings(
                    max_examples=max(1, each // 2),
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=strategy)
                def call(case: schemathesis.Case) -> None:
                    began = time.perf_counter()
                    try:
                        reply = case.call(base_url=url, timeout=60)
                    except (ValueError, UnicodeError, OSError):
                        return  # what cannot be sent at all
                    response = httpx.Response(reply.status_code, content=reply.content)
                    what = f"{case.method} {case.path} {str(case.body)[:120]}"
                    seen.look(what, response, time.perf_counter() - began)

                call()
            except Exception as error:
                if "Unsatisfiable" not in type(error).__name__ and "negative" not in str(error):
                    print(f"{operation.label}: {type(error).__name__}: {str(error)[:100]}")


def by_hand(url: str, calls: int, start: int, seen: Seen) -> None:
    """Requests mutated here."""
    rng = random.Random(start)
    document = httpx.get(f"{url}/openapi.json").json()
    operations = [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if path != "/metrics"
    ]
    client = httpx.Client(base_url=url, timeout=60)
    for _ in range(calls):
        method, path = rng.choice(operations)
        while "{" in path:
            before, _, rest = path.partition("{")
            odd = rng.choice(
                ["1", "vs_1", "vs_999999999999", "file-x", "%00", "%2e%2e", "x" * 300, "é"]
            )
            path = before + odd + rest.partition("}")[2]
        headers = {"content-type": rng.choice(["application/json"] * 6 + ["text/plain", "x/y", ""])}
        if rng.random() < 0.1:
            headers["idempotency-key"] = rng.choice(["k", "a" * 300])
        content = _body(rng)
        if path == "/v1/files" and method == "POST" and rng.random() < 0.7:
            headers["content-type"] = "multipart/form-data; boundary=b"
            content = rng.choice(
                [
                    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
                    b"--b--\r\n",
                    b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx',
                    b"--b\r\n\r\n\r\n--b--",
                    rng.randbytes(60),
                    b"",
                ]
            )
        query = rng.choice(
            ["", "?limit=x", "?limit=-1", "?limit=99999999999999999999", "?after=%00"]
        )
        began = time.perf_counter()
        try:
            response = client.request(method, path + query, content=content, headers=headers)
        except httpx.HTTPError as error:
            if time.perf_counter() - began > HANG_SECONDS:
                seen.wrong.append(f"hang: {method} {path}: {error}")
            continue
        what = f"{method} {path}{query} {content[:150]!r}"
        seen.look(what, response, time.perf_counter() - began)
    client.close()


def _body(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.1:
        return rng.randbytes(rng.randrange(200))
    if kind < 0.15:
        return b"[" * rng.choice([10, 1000, 100_000])
    if kind < 0.2:
        return b'{"model": ' + b"1" * rng.choice([10, 5000]) + b"}"
    body = {field: rng.choice(ODD) for field in rng.sample(FIELDS, rng.randrange(1, 8))}
    if rng.random() < 0.6:
        body |= {
            "model": rng.choice(["scripted", "assistant", "hashing"]),
            "input": "x",
            "prompt": "x",
        }
        body["messages"] = [{"role": "user", "content": rng.choice(["Hi.", *ODD])}]
        for field in rng.sample(FIELDS, rng.randrange(4)):
            body[field] = rng.choice(ODD)
    return json.dumps(body).encode()


def main() -> None:
    """Parse, serve, send, print; status 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seen = Seen()
    with serving({**PLAIN}) as server:
        by_hand(server.url, options.calls // 2, options.seed, seen)
        by_schema(server.url, options.calls - seen.calls, options.seed, seen)
    print(f"{seen.calls} calls, statuses {dict(sorted(seen.statuses.items()))}")
    print(f"slowest {seen.slowest:.2f} s; wrong: {len(seen.wrong)}")
    for each in list(dict.fromkeys(seen.wrong))[:20]:
        print(" ", each[:400])
    sys.exit(bool(seen.wrong))


if __name__ == "__main__":
    main()
