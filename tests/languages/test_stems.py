"""Stems by language: forms of one word become one."""

import subprocess
import sys
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.languages import compute_stems_version, has_stems, stem_word, stem_words
from genwright.languages.stems import STEMMERS

FORMS = {
    "ar": ("الكتاب", "كتاب"),
    "de": ("Häuser", "Hauses"),
    "es": ("bombas", "bomba"),
    "fi": ("taloissa", "talon"),
    "fr": ("tournait", "tournaient"),
    "ru": ("насосами", "насосов"),
    "sv": ("husen", "husens"),
    "tr": ("kitaplar", "kitap"),
}


@pytest.mark.parametrize("language", FORMS)
def test_forms_of_one_word_become_one(language):
    one, other = (stem_word(form, language) for form in FORMS[language])
    assert one == other


@given(
    st.sampled_from(sorted(STEMMERS)),
    st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=12),
)
def test_every_language_stems_any_word(language, word):
    assert has_stems(language)
    assert isinstance(stem_word(word, language), str)


@pytest.mark.parametrize("language", ["", "en", "zh", "xx"])
def test_a_text_is_left_alone_where_there_is_no_stemmer(language):
    assert stem_words("The Pumps of 北京\n", language) == "The Pumps of 北京\n"


def test_what_stands_between_words_stays():
    assert stem_words("«Häuser», 12-B\tund_Häuser", "de") == "«haus», 12-b\tund_haus"


def test_letters_and_their_marks_apart_are_the_same_word():
    apart = unicodedata.normalize("NFD", "Häuser größer")
    assert stem_words(apart, "de") == stem_words("Häuser größer", "de")


def test_threads_do_not_disturb_one_another():
    words = [f"Wartungs{'anleitung' * (n % 3)}{n}en" for n in range(400)]
    alone = [stem_word.__wrapped__(word, "de") for word in words]
    found: list[list[str]] = []
    threads = [
        threading.Thread(
            target=lambda: found.append([stem_word.__wrapped__(word, "de") for word in words])
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 4


def test_the_version_is_the_same_in_every_process_and_fits_the_database():
    code = "from genwright.languages import compute_stems_version as c; print(c())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) == compute_stems_version()
    assert 0 < compute_stems_version() < 2**31
