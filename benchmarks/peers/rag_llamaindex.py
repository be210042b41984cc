"""LlamaIndex's query engine over paragraphs: JSON on standard input, a line of JSON per answer."""

import json
import sys
import time

from llama_index.core import Document, QueryBundle, VectorStoreIndex
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.llms.openai_like import OpenAILike


def main() -> None:
    """Index the paragraphs with the defaults, then answer the questions."""
    told = json.load(sys.stdin)
    embedder = HuggingFaceEmbedding(model_name=told["embedder"], device="cpu")
    documents = [Document(text=text) for text in told["paragraphs"]]
    index = VectorStoreIndex.from_documents(documents, embed_model=embedder)
    model = OpenAILike(
        model="smollm2",
        api_base=told["url"],
        api_key=told["key"],
        is_chat_model=True,
        temperature=0.0,
        max_tokens=told["max_tokens"],
        context_window=4096,
        timeout=600,
    )
    engine = index.as_query_engine(llm=model)
    for question in told["questions"]:
        start = time.perf_counter()
        # The wish for a short answer is for the model, not for the retriever.
        asked = QueryBundle(
            question["text"] + told["suffix"], custom_embedding_strs=[question["text"]]
        )
        answer = str(engine.query(asked))
        row = {"id": question["id"], "answer": answer, "seconds": time.perf_counter() - start}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
