"""Identifiers of persons are found by form and check digit, and other numbers are left alone."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.errors import Refused, SettingsError
from genwright.privacy import KINDS, Privacy, find_identifiers, redact
from genwright.privacy.identifiers import mask
from genwright.settings import PrivacySettings


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "anna.k+x@mail.firma.de"),
        ("email", "a@b.co"),
        ("phone", "+49 30 123456"),
        ("phone", "(212) 555-0143"),
        ("phone", "020 7946 0958"),
        ("card", "4111 1111 1111 1111"),
        ("card", "5500-0000-0000-0004"),
        ("card", "340000000000009"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
        ("ip", "192.168.1.17"),
        ("ip", "2001:db8::ff00:42:8329"),
        ("national_id", "536-90-4399"),
        ("national_id", "44051401359"),
        ("national_id", "AB123456C"),
    ],
)
def test_an_identifier_is_found_at_its_place(kind, text):
    whole = f"Write to {text}, please."
    [found] = [each for each in find_identifiers(whole) if each.kind == kind]
    assert whole[found.start : found.end] == text
    assert redact(whole) == f"Write to [{kind}], please."


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111111111111112 of 2024-10-11 at 10:20:30.",
        "ISBN 978-3-16-148410-0, pages 12-15, 3.14159 and 1,234,567.",
        "GB82WEST12345698765433 has wrong check digits.",
        "Use a@b as an operator, and 127.0.0.1 or ::1 at home.",
        "999.999.999.999 is no address, 000-12-3456 no number of anybody.",
        "In 1999 there were 12 000 of them; call back at 5.",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert find_identifiers(text) == []


@given(st.text(max_size=300))
def test_masking_keeps_the_length_and_findings_are_in_order(text):
    assert len(mask(text)) == len(text)
    ends = [(each.start, each.end) for each in find_identifiers(text)]
    assert all(start < end <= len(text) for start, end in ends)
    assert ends == sorted(ends) and all(a[1] <= b[0] for a, b in itertools.pairwise(ends))


@pytest.mark.parametrize(
    "piece", ["1", "a@", "1.1.", ":", "DE12", "+1 ", "1-", "a", "1 ", "a.", "@a."]
)
def test_a_hostile_text_takes_no_more_than_linear_time(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.perf_counter()
        find_identifiers(text)
        return time.perf_counter() - began

    small, large = seconds(20_000), seconds(160_000)
    assert large < 0.5 + 40 * small  # eight times the text: a square would be sixty-four


def test_the_policy_keeps_redacts_or_refuses():
    text = "Ask ann@example.org."
    assert Privacy(PrivacySettings()).screen_prompt(text) == text
    assert Privacy(PrivacySettings(prompts="redact")).screen_prompt(text) == "Ask [email]."
    assert Privacy(PrivacySettings(ingest="redact")).screen_document(text) == "Ask •••••••••••••••."
    assert Privacy(PrivacySettings()).screen_log(text) == "Ask [email]."
    with pytest.raises(Refused, match="1 email"):
        Privacy(PrivacySettings(prompts="refuse")).screen_prompt(text)
    assert Privacy(PrivacySettings(prompts="refuse")).screen_prompt("Ask Ann.") == "Ask Ann."
    with pytest.raises(SettingsError, match="shoe"):
        Privacy(PrivacySettings(kinds=("shoe",)))
    assert set(PrivacySettings().kinds) == set(KINDS)
