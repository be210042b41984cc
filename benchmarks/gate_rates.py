"""How often the gate errs, by simulation: false promotions, and true gains that it misses.

Outcomes of both versions on the same questions are right or wrong; in ``--differ`` of the cases the
two differ. Prints the share of promotions by true gain, for one look and for four looks at growing
data, with 95 % intervals (simulated; no model is asked).

    python benchmarks/gate_rates.py [--runs 2000] [--questions 400] [--differ 0.12]
"""

import argparse

import numpy as np

from genwright.evaluation.intervals import bootstrap_mean
from genwright.improve import GateTarget, decide


def outcomes(random, n: int, gain: float, differ: float) -> tuple[list[float], list[float]]:
    """Right or wrong for live and candidate, on the same questions."""
    fixed, broken = (differ + gain) / 2, (differ - gain) / 2
    live = (random.random(n) < 0.6).astype(float)
    draw = random.random(n)
    candidate = np.where(live == 0, draw < fixed / 0.4, ~(draw < broken / 0.6)).astype(float)
    return live.tolist(), candidate.tolist()


def promoted(random, n: int, gain: float, differ: float, looks: int) -> float:
    """1 where some look promotes."""
    live, candidate = outcomes(random, n, gain, differ)
    for look in range(1, looks + 1):
        cut = n * look // looks
        target = GateTarget("quality", live[:cut], candidate[:cut])
        if decide(target, [], look=look, looks=looks).passed:
            return 1.0
    return 0.0


def main() -> None:
    """A table of gains and looks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--differ", type=float, default=0.12)
    told = parser.parse_args()
    random = np.random.default_rng(0)
    for looks in (1, 4):
        for gain in (-0.05, 0.0, 0.02, 0.05, 0.08):
            found = bootstrap_mean([
                promoted(random, told.questions, gain, told.differ, looks)
                for _ in range(told.runs)
            ])  # fmt: skip
            print(f"{looks} look{'s' * (looks > 1)}, true gain {gain * 100:+.0f} points, "
                  f"{told.questions} simulated questions: promoted {found}")  # fmt: skip


if __name__ == "__main__":
    main()
