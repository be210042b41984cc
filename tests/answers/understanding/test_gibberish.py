"""Letters of no language are told from words that no document has."""

import pytest

from genwright.answers.rarity import RarityTable
from genwright.answers.understanding.gibberish import is_gibberish


class Pieces:
    """Cuts as an embedder would: a word that is written whole, other letters in twos."""

    WRITTEN = frozenset({"gauge", "oil", "the", "where"})

    def locate_tokens(self, text):
        spans, at = [], 0
        for word in text.split():
            start = text.index(word, at)
            at = start + len(word)
            step = len(word) if word in self.WRITTEN else 2
            spans += [(n, min(n + step, at)) for n in range(start, at, step)]
        return spans


def test_letters_that_fall_apart_and_that_no_document_has_say_nothing():
    assert is_gibberish("asdf qwer zxcv", set(), Pieces())


@pytest.mark.parametrize(
    ("text", "known"),
    [("where the gauge", set()), ("asdf qwer", {"asdf"}), ("油はどこ", set()), ("42", set())],
)
def test_words_names_that_documents_have_and_other_scripts_say_something(text, known):
    assert not is_gibberish(text, known, Pieces())


def test_words_are_known_where_a_document_has_them(library):
    runtime = library()
    table = RarityTable(runtime.database, runtime.principal)
    assert table.list_known("pump zxcvq") == {"pump"}
