"""txtai's RAG pipeline over hybrid search; see ``told.py``."""

import json
import sys
from pathlib import Path

import numpy as np
from txtai import RAG, Embeddings
from txtai.pipeline import LLM

sys.path.insert(0, str(Path(__file__).parent))

from told import answer_questions, fetch_vectors, is_served

TEMPLATE = """
  Answer the following question using the provided context.

  Question:
  {question}

  Context:
  {context}
"""
"""The template of txtai's page on this pipeline; its default is just "{question} {context}"."""
PASSAGES = 3
"""What the pipeline reads by default."""
MARKS = {"query": "query: ", "data": "passage: "}


def open_index(named):
    """An empty index with the embedder that is named."""
    if not is_served(named):
        return Embeddings(path=named, content=True, hybrid=True)

    def transform(texts):
        return np.array(fetch_vectors(named, texts), dtype=np.float32)

    return Embeddings(
        method="external", transform=transform, content=True, hybrid=True, instructions=MARKS
    )


def split(text):
    """Paragraphs, as txtai's own segmentation makes them."""
    from txtai.pipeline import Segmentation

    return Segmentation(paragraphs=True)(text)


def main() -> None:
    """Index each collection, then answer the questions."""
    told = json.load(sys.stdin)
    model = LLM(told["url"], method="served.Served", key=told["key"])
    indexes, pipelines = {}, {}
    for name, texts in told["collections"].items():
        rows = [
            (f"{each}\t{number}", part, None)
            for each, text in texts
            for number, part in enumerate(split(text) if told["split"] else [text])
        ]
        indexes[name] = open_index(told["embedder"])
        indexes[name].index(rows)
        pipelines[name] = RAG(indexes[name], model, template=TEMPLATE, output="flatten")

    def ask(question):
        rag = pipelines[question["collection"]]
        queue = [{"name": "q", "query": question["query"], "question": question["text"]}]
        answer = rag(queue, maxlength=told["max_tokens"], temperature=0.0)[0]
        # It says of none of its passages that it is a source: all that the model read are.
        read = indexes[question["collection"]].search(question["query"], PASSAGES)
        return (
            answer if isinstance(answer, str) else answer["answer"],
            [each["id"].partition("\t")[0] for each in read],
        )

    answer_questions(told, ask)


if __name__ == "__main__":
    main()
