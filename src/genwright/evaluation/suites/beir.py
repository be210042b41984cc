"""Retrieval sets in the form of BEIR (Thakur et al. 2021, arXiv:2104.08663)."""

from dataclasses import dataclass
from pathlib import Path

from genwright.errors import NotFound, UsageError
from genwright.evaluation.suites.files import find_maybe_gzipped, hash_files, read_jsonl, read_text


@dataclass(frozen=True)
class BeirSet:
    """Documents, queries and which documents answer which query."""

    corpus: dict[str, tuple[str, str]]
    """Title and text by document id."""
    queries: dict[str, str]
    """Those that have judgements."""
    qrels: dict[str, dict[str, float]]
    """Relevance by query id and document id."""
    sha256: str


def read_beir(folder: Path, split: str = "test") -> BeirSet:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/SPLIT.tsv``; each may be gzipped.

    Raises:
        NotFound: A file is missing; for the split the message lists those there are.
        UsageError: A file is not in the form.
    """
    corpus_file, queries_file = (
        find_maybe_gzipped(folder, "corpus.jsonl"),
        find_maybe_gzipped(folder, "queries.jsonl"),
    )
    qrels_file = find_maybe_gzipped(folder / "qrels", f"{split}.tsv")
    if not qrels_file.is_file():
        there = ", ".join(sorted(file.name for file in (folder / "qrels").glob("*.tsv*"))) or "none"
        raise NotFound(f"{folder} has no qrels/{split}.tsv; there: {there}. Name one by --split.")
    qrels = _read_qrels(qrels_file)
    try:
        corpus = {
            str(row["_id"]): (str(row.get("title") or ""), str(row["text"]))
            for row in read_jsonl(corpus_file)
        }
        queries = {str(row["_id"]): str(row["text"]) for row in read_jsonl(queries_file)}
    except KeyError as error:
        raise UsageError(f"{folder}: every row needs _id and text; {error} is missing.") from error
    judged = {id_: text for id_, text in queries.items() if any(qrels.get(id_, {}).values())}
    return BeirSet(corpus, judged, qrels, hash_files((corpus_file, queries_file, qrels_file)))


def _read_qrels(path: Path) -> dict[str, dict[str, float]]:
    qrels: dict[str, dict[str, float]] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            query, document, relevance = line.split("\t")
            qrels.setdefault(query, {})[document] = float(relevance)
        except ValueError as error:
            if number == 1 and line.count("\t") == 2:
                qrels.clear()  # the header: its third field is a word
                continue
            raise UsageError(
                f"{path}, line {number}: expected query, document and relevance, parted by tabs; "
                f"got {line[:60]!r}."
            ) from error
    return qrels
