"""txtai's extension point for a language model, pointed at an OpenAI-compatible server.

txtai loads it by ``LLM(url, method="served.Served")``; this file runs under the peer's Python.
"""

import httpx
from txtai.pipeline.llm.generation import Generation


class Served(Generation):
    """Asks ``path``, the base URL of a server, for each chat."""

    def stream(self, texts, maxlength, stream, stop, **kwargs):
        """Yield one answer per text."""
        for messages in texts:
            body = {"messages": messages, "max_tokens": maxlength, "stop": stop or [], **kwargs}
            headers = {"Authorization": f"Bearer {self.kwargs['key']}"}
            url = f"{self.path}/chat/completions"
            reply = httpx.post(url, json=body, headers=headers, timeout=600)
            reply.raise_for_status()
            yield from self.response([reply.json()])
