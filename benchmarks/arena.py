"""Ratings: a million votes, active choice of pairs, rigged judges, and a peer in the same run.

Prints, each from simulated voters where it says so: seconds from stored integer ids to ratings with
95 % intervals for 1,000,000 votes on 100 models, and for one vote more; the same work by arena-rank
and by FastChat (logistic regression, 100 bootstraps by one round timed) under the peers' Python;
votes that active choice needs against random; how many colluding judges are flagged.

    python benchmarks/arena.py [--peer-python PEERS/bin/python] [--votes 1000000] [--models 100]

PEERS needs ``pip install --no-deps arena-rank==0.1.1 fschat==0.2.36`` and jax, jaxtyping, pandas,
scikit-learn, plotly, tqdm; FastChat also imports torch, transformers, accelerate, aiohttp, psutil.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from genwright.arena.anomalies import find_anomalies
from genwright.arena.ratings.bradley_terry import fit_bradley_terry
from genwright.arena.ratings.ranking import POINTS, rank
from genwright.arena.ratings.tally import tally_votes
from genwright.arena.ratings.uncertainty import Z95
from genwright.arena.simulation import count_votes_until, simulate_votes
from genwright.arena.ticker import Standing
from genwright.arena.votes import SIMULATED, Vote, VoteFilter, add_votes, read_tally
from genwright.storage import Database
from genwright.types import OWNER

PEER = Path(__file__).parent / "peers" / "rank.py"


def best_of(times: int, do) -> float:
    """Shortest seconds of several runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return min(found)


def million(votes: int, models: int, peer: str) -> None:
    """Ratings with intervals from integer ids, one vote more, and the peers."""
    theta = np.random.default_rng(0).normal(0, 1, models)
    made, names = (
        simulate_votes(theta, votes, judges=5000, seed=1),
        [f"m{n}" for n in range(models)],
    )

    def rated():
        counted = tally_votes(names, made.left, made.right, made.winner)
        fit = fit_bradley_terry(counted)
        spread = Z95 * np.sqrt(np.diag(fit.covariance)) * POINTS
        return fit.theta * POINTS + 1000, spread

    seconds = best_of(5, rated)
    print(f"{votes:,} simulated votes, {models} models: ratings and intervals in {seconds:.4f} s")
    counted = tally_votes(names, made.left, made.right, made.winner)
    whole = best_of(2, lambda: rank(counted))
    print(f"the same with ranges of ranks and flips of each group: {whole:.2f} s")
    start = fit_bradley_terry(counted).theta
    one = best_of(5, lambda: fit_bradley_terry(counted.with_votes(3, 4, 0), start))
    print(f"one vote more, from the last fit: {one * 1000:.2f} ms")
    with tempfile.TemporaryDirectory() as folder:
        stored(Path(folder), made, names)
    if not peer:
        print("no peer: name one with --peer-python")
        return
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/votes.npz", left=made.left, right=made.right, winner=made.winner)
        reply = subprocess.run(
            [peer, str(PEER), f"{folder}/votes.npz", str(models)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    for line in reply.stderr.strip().splitlines():
        if ": " in line and "Error" in line:
            print(f"peer failed: {line}")
    if reply.returncode:
        print(f"the peers failed: {reply.stderr.strip().splitlines()[-1:]}")
        return
    for name, each in json.loads(reply.stdout.splitlines()[-1]).items():
        gap = float(np.abs(np.array(each["ratings"]) - rated()[0]).max())
        print(f"{name}: {each['seconds']:.2f} s, {each['seconds'] / seconds:.0f} times as long; "
              f"ratings differ by {gap:.3f} points at most")  # fmt: skip


def stored(folder: Path, made, names: list[str]) -> None:
    """The same votes in the store: reading the kept counts, and one vote with its fit."""
    database = Database(folder / "genwright.db")
    rows = zip(made.left.tolist(), made.right.tolist(), made.winner.tolist(), strict=True)
    few = [
        Vote(names[a], names[b], w, f"judge-{n % 5000}", float(n), SIMULATED)
        for n, (a, b, w) in enumerate(rows)
        if n < 200_000
    ]
    began = time.perf_counter()
    add_votes(database, OWNER, few)
    print(f"storing {len(few):,} of them: {time.perf_counter() - began:.1f} s")
    wanted = VoteFilter(("simulated",))
    read = best_of(5, lambda: fit_bradley_terry(read_tally(database, OWNER, wanted)))
    print(f"from the store's kept counts to ratings and intervals: {read:.3f} s")
    standing = Standing(kind=SIMULATED)
    standing.catch_up(database, OWNER)
    times = []
    for n in range(20):
        vote = Vote(names[n], names[n + 1], 0, "judge-1", 1.0, SIMULATED)
        began = time.perf_counter()
        add_votes(database, OWNER, [vote])
        kept = time.perf_counter() - began
        began = time.perf_counter()
        standing.catch_up(database, OWNER)
        times.append((kept, time.perf_counter() - began))
    keep, fit = np.median(times, axis=0) * 1000
    print(f"one more vote: stored in {keep:.1f} ms, ratings, intervals and ticker in {fit:.1f} ms")
    database.close()


def active(seeds: int) -> None:
    """Votes until every interval is at most 120 points wide."""
    theta = np.linspace(-1, 1, 12)
    old = simulate_votes(theta[:10], 3000, seed=5)
    before = tally_votes([str(n) for n in range(12)], old.left, old.right, old.winner)
    for what, given, strengths in (
        ("two newcomers among ten known", before, theta),
        ("twelve from nothing", None, theta),
        ("twenty from nothing, far apart", None, np.linspace(-2, 2, 20)),
    ):
        spent = {
            rule: np.array([
                count_votes_until(strengths, 120, rule, before=given, seed=seed, at_once=10)
                for seed in range(seeds)
            ])
            for rule in ("random", "pairs", "ratings")
        }  # fmt: skip
        said = ", ".join(
            f"{rule} {each.mean():.0f} ({1 - each.mean() / spent['random'].mean():+.0%} fewer)"
            for rule, each in spent.items()
        )
        print(f"simulated voters, {what}: {said}")


def rigged(seeds: int) -> None:
    """Five per cent of 400 judges promote one model; 50 votes each."""
    theta, names = np.linspace(0.8, -0.8, 10), tuple(f"m{n}" for n in range(10))
    hits, alarms, tops = [], [], []
    for seed in range(seeds):
        made = simulate_votes(theta, 400 * 50, judges=400, colluders=20, target=4, seed=seed)
        found = find_anomalies(names, made.left, made.right, made.winner, made.judge)
        flagged = {each.judge for each in found if each.is_flagged}
        hits.append(sum(judge < 20 for judge in flagged) / 20)
        alarms.append(sum(judge >= 20 for judge in flagged) / 380)
        kept = ~np.isin(made.judge, list(flagged))
        left = tally_votes(names, made.left[kept], made.right[kept], made.winner[kept])
        tops.append(rank(left).rows[0].model == "m0")
    print(f"simulated collusion, {seeds} times: {np.mean(hits):.1%} of colluders flagged,")
    print(f"{np.mean(alarms):.1%} of honest judges; top rank unchanged {np.mean(tops):.0%}")


def main() -> None:
    """All four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", default="")
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=10)
    told = parser.parse_args()
    million(told.votes, told.models, told.peer_python)
    active(told.seeds)
    rigged(told.seeds * 2)


if __name__ == "__main__":
    main()
