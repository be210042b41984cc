"""Tables that are made, and measures of how like and how private they are; diversity of texts."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.errors import Refused, UsageError
from genwright.synthesis import fit_copula, measure_fidelity, measure_privacy
from genwright.synthesis.commands import SynthesisRequest, synthesize_table
from genwright.synthesis.diversity import (
    distinct_n,
    mean_distance,
    measure_diversity,
    self_bleu,
    vendi_score,
)


def table(count, seed=0):
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, count)
    income = age * 0.5 + random.normal(0, 3, count)
    return {
        "age": [str(each) for each in age],
        "income": [f"{each:.2f}" for each in income],
        "city": [["Rome", "Oslo", ""][n] for n in random.choice(3, count, p=[0.6, 0.3, 0.1])],
        "works": ["yes" if a < 65 else "no" for a in age],
    }


def test_made_rows_have_the_format_and_the_associations():
    real = table(1500)
    made = fit_copula(real).sample(1500, seed=1)
    assert all(value.isdigit() and 18 <= int(value) < 90 for value in made["age"])
    assert all(len(value.partition(".")[2]) == 2 for value in made["income"])
    assert set(made["city"]) == {"Rome", "Oslo", ""}
    found = measure_fidelity(real, made)
    assert min(found.columns.values()) > 0.93
    assert found.associations > 0.8  # a class has no order, so codes tell less than ranks
    numbers = [np.array(made[name], float) for name in ("age", "income")]
    assert np.corrcoef(numbers)[0, 1] > 0.85
    assert fit_copula(real).sample(20, seed=1) == fit_copula(real).sample(20, seed=1)


def test_fidelity_is_perfect_with_itself_and_bad_with_another():
    real = table(400)
    assert measure_fidelity(real, real).overall == pytest.approx(1)
    shuffled = {**real, "income": real["income"][::-1]}
    assert (
        measure_fidelity(real, shuffled).associations
        < measure_fidelity(real, real).associations - 0.1
    )


def test_copies_of_the_training_rows_are_seen():
    train, held_out = table(300, 1), table(300, 2)
    honest = measure_privacy(train, held_out, fit_copula(train).sample(300, 3))
    assert 0.4 < honest.nearer_to_train < 0.62
    assert honest.low <= 0.55
    leaked = measure_privacy(train, held_out, train)
    assert leaked.copies == 300
    assert leaked.nearer_to_train > 0.9
    assert leaked.low > 0.6


def test_independent_columns_stay_independent():
    random = np.random.default_rng(0)
    real = {name: [f"{v:.3f}" for v in random.normal(size=2000)] for name in "ab"}
    made = fit_copula(real).sample(2000)
    assert abs(np.corrcoef([np.array(made[n], float) for n in "ab"])[0, 1]) < 0.06


def test_bad_tables(tmp_path):
    with pytest.raises(UsageError, match="20 rows"):
        fit_copula({"a": ["1"] * 5})
    with pytest.raises(UsageError, match="one length"):
        fit_copula({"a": ["1"] * 30, "b": ["1"] * 29})
    with pytest.raises(UsageError, match="held-out"):
        measure_privacy(table(30), {name: [] for name in table(30)}, table(30))
    file = tmp_path / "t.csv"
    file.write_text("a,b\n" + "1,x\n" * 30)
    (tmp_path / "made.csv").write_text("")
    with pytest.raises(Refused, match="there already"):
        synthesize_table(file, SynthesisRequest(tmp_path / "made.csv"))


def test_a_real_table(test_data, tmp_path):
    pandas = pytest.importorskip("pandas")
    adults = pandas.read_parquet(test_data / "14-profiles-logs/adult/adults.parquet").head(1500)
    adults.to_csv(tmp_path / "adults.csv", index=False)
    report = synthesize_table(tmp_path / "adults.csv", SynthesisRequest(tmp_path / "made.csv", 800))
    assert report["fidelity"]["overall"] > 0.93
    assert report["privacy"]["low"] < 0.53
    assert report["privacy"]["copies"] <= report["privacy"]["copies_expected"] + 5
    with (tmp_path / "made.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 800
    assert {row["synthetic"] for row in rows} == {"gaussian copula"}


def test_diversity_of_texts():
    same = ["the pump holds two bar at the outlet"] * 6
    different = [
        "pumps hold two bar", "valves open slowly", "rain fell on hills", "she reads old books",
        "bread needs salt", "trains leave at noon",
    ]  # fmt: skip
    assert self_bleu(same) == pytest.approx(1)
    assert self_bleu(different) < 0.2
    assert distinct_n(different, 2) == 1
    assert distinct_n(same, 2) < 0.2
    one = np.tile(np.eye(4, dtype="f4")[0], (5, 1))
    assert mean_distance(one) == pytest.approx(0)
    assert vendi_score(one) == pytest.approx(1)
    assert vendi_score(np.eye(4, dtype="f4")) == pytest.approx(4)
    found = measure_diversity(different, lambda texts: np.eye(6, dtype="f4")[: len(texts)])
    assert found.json()["vendi"] == pytest.approx(6)
    assert measure_diversity([]).self_bleu == 0


@given(st.lists(st.text("ab c", min_size=1, max_size=12), min_size=2, max_size=8))
def test_self_bleu_stays_within_its_range(texts):
    assert 0 <= self_bleu(texts) <= 1 + 1e-9
