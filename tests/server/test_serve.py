"""Starting, draining and ending; engines that die and come back; two servers at once."""

import json
import os
import signal
import threading
from pathlib import Path

import httpx
from tests.fixtures.command_line import CommandLine
from tests.fixtures.running import PLAIN, Running, Serve
from tests.fixtures.waiting import wait_until

SLOW = "scripted:tps=20,least=60"
QUESTION = [{"role": "user", "content": "Explain in detail how a pump works."}]


def stream(server: Running, model: str, got: list[str], **more: object) -> threading.Thread:
    """Read a streamed reply in a thread; its lines are appended as they come."""
    request = {"model": model, "messages": QUESTION, "stream": True, **more}

    def read() -> None:
        url = f"{server.api}/chat/completions"
        try:
            with httpx.stream("POST", url, json=request, timeout=90) as response:
                got.append(str(response.status_code))
                got.extend(line for line in response.iter_lines() if line)
        except httpx.HTTPError as error:
            got.append(f"broke off: {error}")

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def test_sigterm_lets_running_requests_end_and_then_exits_with_0(serve: Serve):
    server = serve({**PLAIN, "GENWRIGHT_ANSWER__MODEL": SLOW})
    got: list[str] = []
    thread = stream(server, SLOW, got)
    wait_until(lambda: len(got) > 3)
    server.process.send_signal(signal.SIGTERM)
    thread.join(60)
    assert got[0] == "200" and got[-1] == "data: [DONE]"
    assert server.process.wait(40) == 0


def test_after_the_time_to_drain_it_ends_all_the_same(serve: Serve):
    endless = "scripted:tps=5,least=2000"
    env = {"GENWRIGHT_ANSWER__MODEL": endless, "GENWRIGHT_SERVER__DRAIN_SECONDS": "1"}
    server = serve({**PLAIN, **env})
    got: list[str] = []
    thread = stream(server, endless, got)
    wait_until(lambda: len(got) > 2)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(40) == 0
    thread.join(30)


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


def test_a_killed_engine_comes_back_and_others_go_on(serve: Serve, models_dir: Path):
    model = "smollm2-135m-instruct"
    server = serve(
        {
            "GENWRIGHT_EMBEDDING__MODEL": "hashing",
            "GENWRIGHT_ANSWER__MODEL": SLOW,
            "GENWRIGHT_MODELS_DIR": str(models_dir),
        }
    )
    again = {"model": model, "messages": QUESTION, "max_tokens": 3}
    first = httpx.post(f"{server.api}/chat/completions", json=again, timeout=60)
    assert first.status_code == 200  # it is loaded
    [child] = children_of(server.process.pid)
    got: list[str] = []
    other: list[str] = []
    threads = [
        stream(server, model, got, max_tokens=2000),
        stream(server, SLOW, other),
    ]
    wait_until(lambda: len(got) > 3 and len(other) > 3)
    os.kill(child, signal.SIGKILL)
    for thread in threads:
        thread.join(90)
    last = json.loads(got[-1].removeprefix("data: "))
    assert got[0] == "200" and set(last["error"]) == {"message", "type", "param", "code"}
    assert other[-1] == "data: [DONE]"
    wait_until(lambda: httpx.get(f"{server.url}/ready").status_code == 200)
    reply = httpx.post(f"{server.api}/chat/completions", json=again, timeout=60)
    assert reply.status_code == 200 and children_of(server.process.pid) != [child]


def test_two_servers_share_a_workspace(serve: Serve):
    first, second = serve(PLAIN), serve(PLAIN)
    made = httpx.post(f"{first.api}/vector_stores", json={"name": "shared"}).json()
    seen = httpx.get(f"{second.api}/vector_stores/{made['id']}").json()
    assert seen["name"] == "shared"


def test_a_port_that_is_taken_is_said(serve: Serve, workspace: Path):
    port = serve(PLAIN).url.rpartition(":")[2]
    command = CommandLine(workspace, dict(PLAIN))
    assert "choose another port" in command("serve", "--port", port, status=2).stderr.lower()


def test_a_killed_server_leaves_no_child_behind(serve: Serve, models_dir: Path):
    server = serve(
        {
            "GENWRIGHT_EMBEDDING__MODEL": "hashing",
            "GENWRIGHT_ANSWER__MODEL": "smollm2-135m-instruct",
            "GENWRIGHT_MODELS_DIR": str(models_dir),
        }
    )
    children = children_of(server.process.pid)
    assert children
    server.kill()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_ready_says_what_is_missing(serve: Serve):
    server = serve({**PLAIN, "GENWRIGHT_ANSWER__MODEL": "qwen3-8b"}, ready=False)
    wait_until(lambda: "qwen3-8b" in httpx.get(f"{server.url}/ready").text)
    assert httpx.get(f"{server.url}/ready").status_code == 503
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_the_log_is_lines_of_json_that_hold_no_question(serve: Serve):
    server = serve(PLAIN)
    secret = "my very private question"
    request = {"model": "scripted", "messages": [{"role": "user", "content": secret}]}
    httpx.post(f"{server.api}/chat/completions", json=request, headers={"x-request-id": "r-1"})
    wait_until(lambda: any('"r-1"' in line for line in server.log))
    lines = [json.loads(line) for line in server.log if line.startswith("{")]
    [line] = [line for line in lines if line["request_id"] == "r-1"]
    assert (line["route"], line["status"]) == ("/v1/chat/completions", 200)
    assert secret not in "\n".join(server.log)
