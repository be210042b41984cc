import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.documents.encoding import clean, decode, looks_binary
from genwright.errors import UnreadableDocument

EXPECTED = {
    "arabic-1": "cp1256", "arabic": "utf-8", "bulgarian": "utf-8", "chinese": "big5",
    "english.bom": "utf-8", "french-1": "cp1252", "french": "utf-8", "greek": "cp1253",
    "greek-2": "cp1253", "hebrew-2": "cp1255", "hebrew-3": "cp1255", "korean": "cp949",
    "polish": "utf-8", "russian": "mac_cyrillic", "russian-2": "utf-8", "russian-3": "utf-8",
    "spanish": "utf-8", "turkish": "cp1254",
}  # fmt: skip


@pytest.mark.parametrize(("name", "encoding"), EXPECTED.items())
def test_the_encoding_of_real_texts_is_found(name, encoding, files):
    data = (files / "charset-samples" / f"sample-{name}.txt").read_bytes()

    assert decode(data, name)[1] == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_mark(encoding):
    text = "Oil the seven pumps of the plant."

    assert decode(text.encode(encoding), "x")[0] == text


@given(st.text())
def test_cleaning_is_idempotent_and_can_be_encoded(text):
    once = clean(text)

    assert clean(once) == once
    assert "\0" not in once and "\r" not in once
    once.encode()


def test_random_bytes_are_no_text():
    data = bytes(range(256)) * 16

    assert looks_binary(data)
    with pytest.raises(UnreadableDocument, match="no known encoding"):
        decode(data, "x")
