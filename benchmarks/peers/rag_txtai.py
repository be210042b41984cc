"""txtai's RAG pipeline over paragraphs: JSON on standard input, a line of JSON per answer."""

import json
import sys
import time
from pathlib import Path

from txtai import RAG, Embeddings
from txtai.pipeline import LLM

sys.path.insert(0, str(Path(__file__).parent))

TEMPLATE = """
  Answer the following question using the provided context.

  Question:
  {question}

  Context:
  {context}
"""
"""The template of txtai's page on this pipeline; its default is just "{question} {context}"."""


def main() -> None:
    """Index the paragraphs, then answer the questions."""
    told = json.load(sys.stdin)
    embeddings = Embeddings(path=told["embedder"], content=True, hybrid=True)
    embeddings.index(told["paragraphs"])
    model = LLM(told["url"], method="served.Served", key=told["key"])
    rag = RAG(embeddings, model, template=TEMPLATE, output="flatten")
    for question in told["questions"]:
        start = time.perf_counter()
        asked = f"{question['text']}{told['suffix']}"
        queue = [{"name": "q", "query": question["text"], "question": asked}]
        answer = rag(queue, maxlength=told["max_tokens"], temperature=0.0)[0]
        answer = answer if isinstance(answer, str) else answer["answer"]
        row = {"id": question["id"], "answer": answer, "seconds": time.perf_counter() - start}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
