"""BM25 by FTS5, whatever the query holds."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy import text as sql
from tests.fixtures.rows import add_document

from genwright.retrieval import EVERYWHERE, Scope, measure_rarity, search_keywords
from genwright.retrieval.keyword import SMALL
from genwright.retrieval.terms import MAX_TERMS, extract_terms
from genwright.storage import Database, Passage
from genwright.types import OWNER, Principal


def found(database: Database, query: str, who: Principal = OWNER, **scope: object) -> list[str]:
    with database.read(who) as session:
        ranking = search_keywords(session, query, Scope(**scope), 10)
        assert [score for _, score in ranking] == sorted((s for _, s in ranking), reverse=True)
        assert all(score >= 0 for _, score in ranking)
        return [session.get(Passage, id_).text for id_, _ in ranking]


def test_the_passage_with_the_words_comes_first(database):
    assert found(database, "Which oil does pump P-8 take?")[0].startswith("Pump P-8")


def test_words_match_by_their_stems_without_case(database):
    assert len(found(database, "PUMPING")) == 3  # two by their text, all of them by the title


def test_what_one_may_not_read_is_not_found(database):
    assert any("diary" in text for text in found(database, "oil"))
    assert found(database, "oil", Principal("ann")) == ["Dear diary, the oil."]
    assert found(database, "oil", Principal("bob")) == []
    assert found(database, "oil", Principal("bob", ("ann",))) == ["Dear diary, the oil."]


def test_others_documents_do_not_push_ones_own_out_of_the_k(database):
    with database.write(OWNER) as session:
        add_document(session, "/many", ["oil oil oil"] * 30)
    assert found(database, "oil", Principal("ann")) == ["Dear diary, the oil."]


def test_a_scope_leaves_out_what_is_outside(database):
    assert found(database, "the", collections=("sky",)) != []
    assert found(database, "oil", collections=("sky",)) == []
    assert found(database, "moon", collections=("nowhere",)) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "???", "!!! -- ***", '"', "___", "🙂", "\x00", "'; DROP TABLE passage; --"]
)
def test_a_query_without_known_words_finds_nothing_and_does_no_harm(database, query):
    assert found(database, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "moon AND",
        "NEAR(moon)",
        '"moon',
        "moon*",
        "text:moon",
        "-moon",
        "moon OR OR",
        "^moon (",
        "{moon} : +",
        "mo\x00on moon",
    ],
)
def test_operators_of_the_index_are_only_words(database, query):
    assert any("moon" in text for text in found(database, query))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_is_a_query(database, query):
    found(database, query)


def test_a_script_without_spaces_is_found_by_its_words(database):
    assert found(database, "胡同在哪里?")[0].startswith("北京")
    assert found(database, "胡同") == found(database, "北京 胡同") != []
    assert found(database, "同胡") == []  # a word is a phrase, not a bag of characters


def test_combined_and_composed_letters_are_the_same(database):
    with database.write(OWNER) as session:
        add_document(session, "/cafe", ["Two cafés in हिन्दी"])
    assert found(database, "cafe\u0301s") == found(database, "café") != []
    assert found(database, "हिन्दी") != []
    assert len(extract_terms("हिन्दी cafe\u0301s")) == 2


def test_a_pasted_book_is_searched_by_its_first_words(database):
    book = " ".join(f"word{number}" for number in range(200_000))
    assert len(extract_terms(book)) == MAX_TERMS
    assert found(database, f"moon {book}") != []
    assert found(database, "x" * 5_000_000) == []


def test_function_words_count_only_alone(database):
    assert extract_terms("What is the moon?") == ['"moon"']
    assert extract_terms("who is it") == ['"who"', '"is"', '"it"']


def test_among_scores_only_the_passages_it_names(database):
    with database.read(OWNER) as session:
        ids = session.scalars(select(Passage.id).where(Passage.text.contains("oil"))).all()
        some = np.array(ids[:1], dtype=np.int64)
        whole = dict(search_keywords(session, "oil", EVERYWHERE, 10))
        assert dict(search_keywords(session, "oil", EVERYWHERE, 10, among=some)) == {
            ids[0]: whole[ids[0]]
        }


def test_the_best_k_are_the_first_of_the_best_ten(database):
    assert found(database, "the oil of the moon")[:2] == _first(database, "the oil of the moon", 2)


def _first(database: Database, query: str, k: int) -> list[str]:
    with database.read(OWNER) as session:
        ranking = search_keywords(session, query, EVERYWHERE, k)
        return [session.get(Passage, id_).text for id_, _ in ranking]


def test_choosing_passages_by_their_words_keeps_the_best_in_a_large_store(database):
    def words(place: int) -> str:
        return " ".join(f"w{size}x{place % size}" for size in (2, 3, 5, 7, 11, 97, 101))

    with database.write(OWNER) as session:
        texts = [f"{words(place)} {'filler ' * (place % 13)}" for place in range(SMALL)]
        add_document(session, "/large", texts)
    with database.read(OWNER) as session:
        for place in range(0, SMALL, 1999):
            some = np.array([1, 7, 3000], dtype=np.int64)
            query, within = words(place), Scope(filters={"source": "/large"})
            exact = dict(search_keywords(session, query, within, 10))  # a scope scores every match
            found = dict(search_keywords(session, query, EVERYWHERE, 10))
            assert found == pytest.approx(exact)
            assert list(found) == list(exact)
            among = dict(search_keywords(session, query, EVERYWHERE, 10, among=some))
            with_some = dict(search_keywords(session, query, EVERYWHERE, 10, also=some))
            assert with_some == pytest.approx({**exact, **among})


def test_a_rarer_word_tells_more(database):
    with database.read(OWNER) as session:
        found = measure_rarity(session, ["oil", "moon", "seal", "unheard", "moon", "胡同"])
    assert list(found) == ["oil", "moon", "seal", "unheard", "胡同"]
    assert 0 < found["oil"] == found["moon"] < found["seal"] < found["unheard"]
    assert found["胡同"] == found["seal"]


@pytest.mark.parametrize(
    "word", ['oi"l', '"', "", "a OR b", "NEAR(", "\0", "oil\udcff", "🙂", "-*"]
)
def test_any_word_has_a_rarity(database, word):
    with database.read(OWNER) as session:
        assert measure_rarity(session, [word])[word] > 0


IN_LANGUAGES = {
    "de": ("Die Häuser wurden 1901 gebaut.", "Wer baute das Haus?"),
    "fi": ("Pumppu on asennettu taloihin.", "Missä talossa?"),
    "fr": ("Les pompes tournaient sans bruit.", "Pourquoi la pompe tourne-t-elle?"),
    "ru": ("Масло в насосах меняют ежегодно.", "Какое масло для насоса?"),
    "ar": ("كتب المكتبة قديمة", "أين الكتب؟"),
}


@pytest.mark.parametrize("language", IN_LANGUAGES)
def test_other_forms_of_a_word_are_found_in_its_documents_language(database, language):
    text, query = IN_LANGUAGES[language]
    with database.write(OWNER) as session:
        add_document(session, "/own", [text], collection="own", language=language)
        add_document(session, "/plain", [text], collection="plain")
    assert found(database, query, collections=("own",)) == [text]
    assert found(database, query)[0] == text


def test_a_scope_is_asked_in_its_own_languages(database):
    german, text = "Die Druckpumpen laufen.", "Welche Druckpumpe läuft?"
    with database.write(OWNER) as session:
        add_document(session, "/de", [german], collection="german", language="de")
    assert found(database, text, collections=("german",)) == [german]
    assert found(database, "Druckpumpe", Principal("ann")) == []
    assert found(database, "oil", Principal("ann")) == ["Dear diary, the oil."]


def test_documents_in_a_stemmed_language_come_and_go_with_their_words(database):
    with database.write(OWNER) as session:
        first = add_document(session, "/de", ["Die Häuser."], language="de")
        add_document(session, "/fi", ["Taloissa."], language="fi")
        session.delete(first)
    assert found(database, "Häuser") == []
    assert found(database, "talon") == ["Taloissa."]
    with database.write(OWNER) as session:
        check = "INSERT INTO passage_fts (passage_fts, rank) VALUES ('integrity-check', 1)"
        session.execute(sql(check))


def test_a_word_is_as_rare_as_its_stem_in_its_documents_language(database):
    with database.write(OWNER) as session:
        add_document(session, "/de", ["Ein Haus.", "Viele Häuser."], language="de")
    with database.read(OWNER) as session:
        rarity = measure_rarity(session, ["Hauses", "Haus", "Turm"])
    assert rarity["Hauses"] == rarity["Haus"] < rarity["Turm"]
