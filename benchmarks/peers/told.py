"""What a peer's pipeline is told, as JSON on its standard input, and the embedder that it names.

``{"url", "key", "max_tokens", "context", "embedder", "split", "collections", "questions"}``. The
embedder is a folder of published weights, or the URL of a server of vectors. ``collections`` has
lists of ``[name, text]`` by the collection's name; where ``split`` is false each text is a passage
as it stands. A question has ``id``, ``collection``, ``query`` (what is searched for) and ``text``
(what the model is asked). An answer is printed with the names of what it was made of.
"""

import json
import time

import httpx


def answer_questions(told, ask):
    """Print an answer a line; ``ask(question)`` gives the text and the names of documents."""
    for question in told["questions"]:
        start = time.perf_counter()
        answer, sources = ask(question)
        row = {
            "id": question["id"],
            "answer": answer,
            "sources": list(dict.fromkeys(sources)),
            "seconds": time.perf_counter() - start,
        }
        print(json.dumps(row), flush=True)


def is_served(embedder):
    """Whether the embedder is a server, and not a folder."""
    return embedder.startswith("http://")


def fetch_vectors(url, texts):
    """Vectors of marked texts; see ``peer_models.serve_vectors``."""
    reply = httpx.post(url, json=list(texts), timeout=600)
    reply.raise_for_status()
    return reply.json()
