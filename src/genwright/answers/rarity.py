"""How rare words are in a workspace, each word asked of the store once."""

from collections.abc import Sequence

from genwright.grounding import words
from genwright.retrieval import measure_rarity
from genwright.storage import Database
from genwright.types import Principal

NOWHERE = "qqxzjvkwqqxzjvkw"
"""A word that no document has: what is as rare is in none either."""
MOST_WEIGHED = 200
"""Words of a text whose rarity is looked up; further ones count 1. A page may be pasted."""


class RarityTable:
    """Inverse document frequencies by word, each asked of the store once.

    A model words its sentences mostly by the texts that it reads: with their words loaded, checking
    a sentence seldom needs the store.

    Args:
        database: The store.
        principal: Who reads.
    """

    def __init__(self, database: Database, principal: Principal) -> None:
        self._database, self._principal = database, principal
        self._known: dict[str, float] = {}
        self._asked: set[str] = set()

    def load(self, texts: Sequence[str]) -> None:
        """Look up the words of texts that are not known yet, in one transaction."""
        wanted = {word for text in texts for word in _weighed(text)} - self._asked
        if not wanted:
            return
        with self._database.read(self._principal) as session:
            self._known |= measure_rarity(session, sorted(wanted))
        self._asked |= wanted

    def list_known(self, text: str) -> set[str]:
        """Stems of a text's words that some document has."""
        most = self.look_up(NOWHERE)[words.stem(NOWHERE)]
        return {stem for stem, value in self.look_up(text).items() if value < most}

    def look_up(self, text: str) -> dict[str, float]:
        """Inverse document frequency of a text's stems; one that no document has is missing."""
        self.load([text])
        return {
            words.stem(word): self._known[word] for word in _weighed(text) if word in self._known
        }


def _weighed(text: str) -> list[str]:
    return [*dict.fromkeys(words.split_tokens(text))][:MOST_WEIGHED]
