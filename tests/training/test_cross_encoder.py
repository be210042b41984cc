"""The cross-encoder: shapes, loss over labels that count, what is frozen, batches of pairs."""

import json

import pytest
from tests.fixtures.tiny_bert import HEADS, HIDDEN, LAYERS, PIECES, POSITIONS, WIDTH, make_bert

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("transformers", reason="needs the train extra")

from genwright.training.cross_encoder import (  # noqa: E402
    IGNORED,
    CrossEncoder,
    average_sides,
    collate_pairs,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = make_bert(
        tmp_path_factory.mktemp("bert"),
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        vocab_size=len(PIECES),
        max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config = json.loads((made / "config.json").read_text())
    assert (config["num_hidden_layers"], config["num_attention_heads"]) == (LAYERS, HEADS)
    return made


@pytest.fixture
def model(folder):
    torch.manual_seed(0)
    return CrossEncoder(folder)


def pair(length: int, answers: float = 1.0, word: float = 1.0) -> dict:
    """A row: [CLS] question [SEP] [SEP] passage [SEP]."""
    return {
        "input_ids": [2, *(4 + place for place in range(length - 2)), 3],
        "first_end": 4,
        "second_start": 6,
        "labels": [answers, IGNORED],
        "word_labels": [*[IGNORED] * 6, *[word] * (length - 7), IGNORED],
    }


def test_logits_have_a_row_for_each_pair_and_one_for_each_token(model):
    batch = collate_pairs([pair(12), pair(9)])
    seen = model(batch["input_ids"], batch["attention_mask"], batch["sides"])
    assert seen.rows.shape == (2, 2)
    assert seen.words.shape == (2, 12)
    assert seen.loss is None


def test_padding_changes_no_logit(model):
    model.eval()
    alone, beside = collate_pairs([pair(9)]), collate_pairs([pair(9), pair(20)])
    with torch.inference_mode():
        one = model(alone["input_ids"], alone["attention_mask"], alone["sides"])
        two = model(beside["input_ids"], beside["attention_mask"], beside["sides"])
    torch.testing.assert_close(one.rows[0], two.rows[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(one.words[0], two.words[0, :9], atol=1e-5, rtol=1e-4)


def test_the_loss_of_logits_near_zero_is_log_two_for_each_head(model):
    for head in (model.row, model.word):
        torch.nn.init.zeros_(head.weight)
    loss = model(**collate_pairs([pair(12), pair(9, 0.0, 0.0)])).loss
    assert float(loss.detach()) == pytest.approx(2 * 0.693147, abs=1e-4)


def test_ignored_labels_count_for_nothing(model):
    rows = [pair(12), pair(9)]
    unlabelled = pair(15) | {"labels": [IGNORED] * 2, "word_labels": [IGNORED] * 15}
    with torch.inference_mode():
        loss, more, none = (
            model(**collate_pairs(each)).loss for each in (rows, [*rows, unlabelled], [unlabelled])
        )
    torch.testing.assert_close(loss, more, atol=1e-5, rtol=1e-4)
    assert float(none) == 0.0


def test_word_vectors_and_the_lowest_layers_stay_as_they_are(folder):
    model = CrossEncoder(folder, frozen=1)
    model(**collate_pairs([pair(12)])).loss.backward()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert not any("embeddings" in name or "layer.0." in name for name in moved)
    assert any("layer.1." in name for name in moved)
    assert {"row.weight", "word.weight"} <= moved


def test_a_few_steps_learn_which_pair_answers(model):
    torch.manual_seed(0)
    batch = collate_pairs([pair(12), pair(17, 0.0, 0.0)])
    optimizer = torch.optim.AdamW((w for w in model.parameters() if w.requires_grad), lr=1e-3)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2


def test_sides_average_the_tokens_of_each_text():
    sides = average_sides(pair(12), 15)
    torch.testing.assert_close(sides.sum(1), torch.ones(2))
    assert sides[0].nonzero().flatten().tolist() == [1, 2, 3]
    assert sides[1].nonzero().flatten().tolist() == [6, 7, 8, 9, 10]


def test_a_batch_is_as_long_as_its_longest_pair():
    batch = collate_pairs([pair(9), pair(12)])
    assert batch["input_ids"].shape == batch["word_labels"].shape == (2, 12)
    assert batch["sides"].shape == (2, 2, 12)
    assert batch["attention_mask"].sum(1).tolist() == [9, 12]
    assert (batch["word_labels"][0, 9:] == IGNORED).all()
