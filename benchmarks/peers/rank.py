"""Under the peers' Python: ratings with intervals by arena-rank, and FastChat's bootstrap."""

import contextlib
import io
import json
import sys
import time

import numpy as np
import pandas as pd

ROUNDS = 100
"""Bootstraps, as both peers do by default."""


def frame(path: str) -> pd.DataFrame:
    """Votes as the peers read them."""
    votes = np.load(path)
    words = np.array(["model_a", "model_b", "tie", "tie (bothbad)"])
    name = np.vectorize(lambda n: f"m{n}")
    return pd.DataFrame(
        {
            "model_a": name(votes["left"]),
            "model_b": name(votes["right"]),
            "winner": words[votes["winner"]],
        }
    )


def in_order(ratings, models: int) -> list[float]:
    """By number of the model."""
    return [float(ratings[f"m{n}"]) for n in range(models)]


def arena_rank(votes: pd.DataFrame, models: int):
    """Its Bradley-Terry with sandwich intervals."""
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    winner = votes["winner"].replace({"tie (bothbad)": "tie"})
    given = votes.assign(winner=winner)
    seconds = []
    for _ in range(2):  # the first one compiles
        began = time.perf_counter()
        data = PairDataset.from_pandas(given)
        model = BradleyTerry(n_competitors=len(data.competitors))
        found = model.compute_ratings_and_cis(data)
        seconds.append(time.perf_counter() - began)
    ratings = dict(zip(found["competitors"], found["ratings"], strict=True))
    return {"seconds": min(seconds), "ratings": in_order(ratings, models)}


def fastchat(votes: pd.DataFrame, models: int):
    """Its fit and bootstrap intervals, one round timed and multiplied: all of them take minutes."""
    from fastchat.serve.monitor.elo_analysis import compute_elo_mle_with_tie

    began = time.perf_counter()
    found = compute_elo_mle_with_tie(votes)
    first = time.perf_counter() - began
    began = time.perf_counter()
    compute_elo_mle_with_tie(votes.sample(frac=1.0, replace=True, random_state=0))
    again = time.perf_counter() - began
    return {"seconds": first + again * ROUNDS, "ratings": in_order(found, models)}


def main() -> None:
    """Both, as one line of JSON."""
    votes, models = frame(sys.argv[1]), int(sys.argv[2])
    found = {}
    for name, do in (("arena-rank", arena_rank), ("FastChat, 100 times a round", fastchat)):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found[name] = do(votes, models)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
