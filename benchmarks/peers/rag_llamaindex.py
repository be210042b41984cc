"""LlamaIndex's query engine with its defaults; see ``told.py``."""

import json
import sys
from pathlib import Path

from llama_index.core import Document, QueryBundle, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.llms.openai_like import OpenAILike

sys.path.insert(0, str(Path(__file__).parent))

from told import answer_questions, fetch_vectors, is_served


class ServedEmbedding(BaseEmbedding):
    """Asks a server of vectors."""

    url: str

    def _get_query_embedding(self, query):
        return fetch_vectors(self.url, [f"query: {query}"])[0]

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text):
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts):
        return fetch_vectors(self.url, [f"passage: {text}" for text in texts])


def open_embedder(named):
    """The embedder that is named."""
    if is_served(named):
        return ServedEmbedding(url=named)
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    return HuggingFaceEmbedding(model_name=named, device="cpu")


def main() -> None:
    """Index each collection, then answer the questions."""
    told = json.load(sys.stdin)
    embedder = open_embedder(told["embedder"])
    model = OpenAILike(
        model="served",
        api_base=told["url"],
        api_key=told["key"],
        is_chat_model=True,
        temperature=0.0,
        max_tokens=told["max_tokens"],
        context_window=told["context"],
        timeout=600,
    )
    engines = {}
    for name, texts in told["collections"].items():
        documents = [
            Document(text=text, metadata={"file_name": each} if each else {})
            for each, text in texts
        ]
        index = VectorStoreIndex.from_documents(documents, embed_model=embedder)
        engines[name] = index.as_query_engine(llm=model)

    def ask(question):
        # What is asked of the model may be more than what is searched for.
        asked = QueryBundle(question["text"], custom_embedding_strs=[question["query"]])
        reply = engines[question["collection"]].query(asked)
        return str(reply), [each.metadata.get("file_name", "") for each in reply.source_nodes]

    answer_questions(told, ask)


if __name__ == "__main__":
    main()
