"""Searching by words, by meaning and by both, in the asker's rights."""

import pytest
from tests.fixtures.rows import MOONS, PUMPS, add_document

from genwright.engines.scripted import ScriptedEngine
from genwright.errors import UsageError
from genwright.retrieval import EVERYWHERE, Hit, PassageSearch, Scope
from genwright.retrieval.rerankers.llamacpp import LlamaCppReranker
from genwright.retrieval.rerankers.none import NoReranker
from genwright.retrieval.search import MODES
from genwright.retrieval.vector import VectorSearch
from genwright.settings import RetrievalSettings
from genwright.storage import Document
from genwright.types import OWNER, Principal


def vectors_in(folder, embedder) -> VectorSearch:
    return VectorSearch(folder, embedder.fingerprint, embedder.dim, RetrievalSettings())


@pytest.fixture
def search(tmp_path, embedder):
    return PassageSearch(vectors_in(tmp_path / "indexes", embedder), embedder, RetrievalSettings())


@pytest.fixture
def ask(database, search):
    def ask(query: str, who: Principal = OWNER, **how: object) -> list[Hit]:
        with database.read(who) as session:
            return search.search(session, query, **how)

    return ask


@pytest.mark.parametrize("mode", MODES)
def test_the_best_passage_comes_first_in_every_mode(ask, mode):
    hits = ask("Which oil does pump P-8 take?", mode=mode)
    assert hits[0].text == PUMPS[1]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("mode", MODES)
def test_a_hit_points_at_its_text(ask, database, mode):
    for hit in ask("the moon and the oil", mode=mode):
        with database.read(OWNER) as session:
            assert session.get(Document, hit.document).text[hit.start : hit.end] == hit.text


@pytest.mark.parametrize("mode", MODES)
def test_rights_hold_in_every_mode(ask, mode):
    assert {hit.source for hit in ask("oil", Principal("ann"), mode=mode)} == {"/home/ann/diary.md"}
    assert ask("oil", Principal("bob"), mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
def test_others_passages_do_not_push_ones_own_out(ask, database, embedder, mode):
    with database.write(OWNER) as session:
        add_document(session, "/many", ["oil"] * 250, embedder=embedder)
    assert [hit.source for hit in ask("oil", Principal("ann"), k=3, mode=mode)] == [
        "/home/ann/diary.md"
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("scope", "sources"),
    [
        (Scope(collections=("sky",)), {"/docs/moons.md"}),
        (Scope(collections=("default", "sky")), {"/docs/moons.md", "/docs/pumps.md"}),
        (Scope(collections=("nowhere",)), set()),
        (Scope(filters={"source": "/docs/"}), {"/docs/moons.md", "/docs/pumps.md"}),
        (Scope(filters={"source": "/docs_"}), set()),
        (Scope(filters={"source": "%"}), set()),
        (Scope(filters={"format": "markdown"}), {"/docs/moons.md"}),
        (Scope(filters={"title": "/docs/pumps.md"}), {"/docs/pumps.md"}),
        (Scope(filters={"author": "Ada"}), {"/docs/pumps.md"}),
        (Scope(filters={"year": "2020"}), {"/docs/pumps.md"}),
        (Scope(filters={"a b.c": "odd"}), {"/docs/pumps.md"}),
        (Scope(filters={"author": "Ada", "format": "markdown"}), set()),
        (Scope(filters={"author": "' OR 1=1 --"}), set()),
        (Scope(filters={'"] $ .': "x"}), set()),
    ],
)
def test_a_scope_holds_in_every_mode(ask, mode, scope, sources):
    found = ask("the oil and the moon", mode=mode, scope=scope, k=50)
    assert {hit.source for hit in found} - {"/home/ann/diary.md"} == sources


def test_documents_can_be_left_out(ask):
    best = ask("moon")[0]
    rest = ask("moon", scope=Scope(without=(best.document,)))
    assert best.document not in {hit.document for hit in rest}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["", "  \n", "???", "...", "--", "🙂"])
def test_a_query_without_a_letter_or_digit_finds_nothing(ask, mode, query):
    assert ask(query, mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["NEAR(moon OR", 'moon"', "moon \udcff", "moon " * 100_000])
def test_odd_and_huge_queries_are_searched(ask, mode, query):
    assert ask(query, mode=mode)[0].text in MOONS


def test_a_question_without_spaces_finds_its_passage(ask):
    assert ask("北京的胡同在哪里?")[0].text == MOONS[2]


def test_hybrid_knows_both_scores_of_every_hit(ask):
    for hit in ask("moon", k=50):
        assert set(hit.scores) == {"keyword", "vector"}
        assert hit.scores["keyword"] >= 0
        assert -1 <= hit.scores["vector"] <= 1 + 1e-6


def test_the_scores_of_hybrid_are_those_of_its_parts(ask):
    both = {hit.passage: hit.scores for hit in ask("the moon and oil", k=50)}
    for mode in ("keyword", "vector"):
        for hit in ask("the moon and oil", k=50, mode=mode):
            # The index rounds to half precision, what it did not find is computed in full.
            assert both[hit.passage][mode] == pytest.approx(hit.score, abs=2e-3)


def test_what_only_one_side_found_has_its_score_of_the_other_too(database, tmp_path, embedder):
    texts = [f"oil {'filler ' * (place % 7)}pump {place}" for place in range(30)]
    with database.write(OWNER) as session:
        add_document(session, "/many", [*texts, "filler moon " * 20], embedder=embedder)
    few = PassageSearch(
        vectors_in(tmp_path / "few", embedder), embedder, RetrievalSettings(candidates=10)
    )
    query = "oil filler of the pump moon"
    with database.read(OWNER) as session:
        whole = {
            mode: {h.passage: h.score for h in few.search(session, query, k=1000, mode=mode)}
            for mode in ("keyword", "vector")
        }
        hits = few.search(session, query, k=10)
    for hit in hits:
        assert hit.scores["vector"] == pytest.approx(whole["vector"][hit.passage], abs=2e-3)
        keyword = whole["keyword"].get(hit.passage, 0.0)
        assert hit.scores["keyword"] == pytest.approx(keyword)


@pytest.mark.parametrize("fusion", ["convex", "rrf"])
def test_k_hits_are_the_first_k_of_more(database, tmp_path, embedder, fusion):
    search = PassageSearch(
        vectors_in(tmp_path / "indexes", embedder), embedder, RetrievalSettings(fusion=fusion)
    )
    with database.read(OWNER) as session:
        more = [hit.passage for hit in search.search(session, "the moon and oil", k=6)]
        assert len(more) == 6
        assert [h.passage for h in search.search(session, "the moon and oil", k=2)] == more[:2]


def test_an_unknown_mode_is_the_callers_mistake(ask):
    with pytest.raises(UsageError, match="keyword, vector, hybrid"):
        ask("moon", mode="telepathy")


def test_a_reranker_puts_its_best_first_and_says_its_score(database, tmp_path, embedder):
    reranker = LlamaCppReranker(ScriptedEngine())  # scores by the share of the query's words
    search = PassageSearch(
        vectors_in(tmp_path / "indexes", embedder), embedder, RetrievalSettings(), reranker
    )
    with database.read(OWNER) as session:
        hits = search.search(session, "tides follow", k=3)
    assert hits[0].text == MOONS[1]
    assert hits[0].score == hits[0].scores["rerank"] == 1.0
    assert "keyword" in hits[0].scores


def test_only_the_best_are_reranked_and_the_others_follow(database, tmp_path, embedder, ask):
    class Counting(LlamaCppReranker):
        def rerank(self, query, texts):
            self.seen = len(texts)
            return super().rerank(query, texts)

    reranker = Counting(ScriptedEngine())
    settings = RetrievalSettings(rerank_top=2)
    search = PassageSearch(vectors_in(tmp_path / "indexes", embedder), embedder, settings, reranker)
    plain = [hit.passage for hit in ask("the moon and the oil", k=6)]
    with database.read(OWNER) as session:
        hits = search.search(session, "the moon and the oil", k=6)
    assert reranker.seen == 2
    assert {hit.passage for hit in hits[:2]} == set(plain[:2])
    assert [hit.passage for hit in hits[2:]] == plain[2:]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert ["rerank" in hit.scores for hit in hits] == [True] * 2 + [False] * 4


def test_no_reranking_keeps_the_order(database, tmp_path, embedder, ask):
    search = PassageSearch(
        vectors_in(tmp_path / "indexes", embedder), embedder, RetrievalSettings(), NoReranker()
    )
    with database.read(OWNER) as session:
        kept = [hit.passage for hit in search.search(session, "the moon and oil")]
    assert kept == [hit.passage for hit in ask("the moon and oil")]


def test_an_empty_store_finds_nothing(tmp_path, embedder, search):
    from genwright.storage import Database

    empty = Database(tmp_path / "empty.db")
    with empty.read(OWNER) as session:
        for mode in MODES:
            assert search.search(session, "moon", mode=mode, scope=EVERYWHERE) == []
    empty.close()
