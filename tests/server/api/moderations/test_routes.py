"""Moderation by rules: every category, bounds, and how often it is right."""

import pytest
from tests.fixtures.moderation_set import HARMFUL, HARMLESS

from genwright.privacy.moderation import CATEGORIES, FLAGGED_AT, moderate

MODERATIONS = "/v1/moderations"


def test_every_category_of_openai_is_there(http):
    from openai.types.moderation import Categories

    wanted = {field.alias or name for name, field in Categories.model_fields.items()}
    result = http.post(MODERATIONS, json={"input": "Hello."}).json()["results"][0]
    assert wanted == set(result["categories"]) == set(result["category_scores"]) == set(CATEGORIES)
    assert not result["flagged"] and result["x_genwright"]["never_detected"] == []


def test_texts_are_judged_one_by_one_and_parts_together(http):
    texts = http.post(MODERATIONS, json={"input": ["Hello.", "Kill all immigrants."]}).json()
    assert [each["flagged"] for each in texts["results"]] == [False, True]
    parts = [{"type": "text", "text": "Hello."}, {"type": "text", "text": "I will kill you."}]
    assert len(http.post(MODERATIONS, json={"input": parts}).json()["results"]) == 1


def test_identifiers_are_told_apart_from_harm(http):
    result = http.post(MODERATIONS, json={"input": "Write to ann@example.org."}).json()["results"][
        0
    ]
    assert not result["flagged"]
    assert result["x_genwright"]["identifiers"] == [{"kind": "email", "start": 9, "end": 24}]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": []},
        {"input": ["a"] * 257},
        {"input": "a" * 400_001},
        {"input": ["a" * 300_000] * 2},
        {"input": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
        {"input": "a", "unheard_of": 1},
    ],
)
def test_what_is_out_of_bounds_is_refused(http, body):
    assert http.post(MODERATIONS, json=body).status_code == 400


def test_scores_are_shares_and_a_narrower_category_counts_in_its_wider_one():
    for text, _ in HARMFUL:
        judged = moderate(text)
        assert all(0 <= score <= 1 for score in judged.scores.values())
        assert judged.scores["hate"] >= judged.scores["hate/threatening"]
        assert judged.is_flagged == any(score >= FLAGGED_AT for score in judged.scores.values())


def test_the_rules_are_as_often_right_as_the_docs_say():
    found = [moderate(text) for text, _ in HARMFUL]
    hits = sum(judged.is_flagged for judged in found)
    false = sum(moderate(text).is_flagged for text in HARMLESS)
    assert hits / len(HARMFUL) >= 0.8
    assert hits / (hits + false) >= 0.9


def test_a_long_hostile_text_takes_no_long_time():
    for text in ("you are " * 40_000, "kill " * 60_000, "i " * 150_000, "how to " * 50_000):
        moderate(text[:400_000])
