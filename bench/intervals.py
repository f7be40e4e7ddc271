"""Measures how often intervals from a coded sample hold, by simulation.

    python -m bench.intervals [--draws 4000]

A corpus of 3,000 sentences is made again and again, with a label of some prevalence that a model
finds and mistakes at some rate; a random sample of it is coded. Told are: how often something is
said of the label, how often its 95 % interval then holds, and how far estimates are off on average.
The second rule, beside ours, says something where ten coded sentences have the label by hand.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from pipeline.comparison.intervals import CodedCounts, estimate_share

N_SENTENCES = 3000
SETTINGS = (
    (0.005, 150),
    (0.02, 200),
    (0.02, 400),
    (0.05, 150),
    (0.05, 400),
    (0.1, 150),
    (0.3, 150),
)
"""Prevalence of the label, and sentences coded."""
MODELS = ((0.7, 0.03), (0.85, 0.01), (0.8, 0.1))
"""What share of true sentences a model finds, and of the others mistakes."""
RULES: dict[str, Callable[[CodedCounts], bool]] = {
    "ours": lambda counts: counts.is_estimable,
    "ten found": lambda counts: counts.n_positives >= 10 and counts.n_with > 0,
}


def draw(
    random: np.random.Generator, prevalence: float, n_coded: int, model: tuple[float, float]
) -> tuple[CodedCounts, float]:
    """Return the counts of one simulated corpus and sample, and the true share."""
    true = random.random(N_SENTENCES) < prevalence
    found = random.random(N_SENTENCES) < np.where(true, *model)
    coded = random.choice(N_SENTENCES, n_coded, replace=False)
    given, by_hand = found[coded], true[coded]
    counts = CodedCounts(
        n_sentences=N_SENTENCES,
        n_predicted=int(found.sum()),
        n_with=int(given.sum()),
        true_with=int((given & by_hand).sum()),
        n_without=int((~given).sum()),
        true_without=int((~given & by_hand).sum()),
    )
    return counts, float(true.mean())


def main() -> None:
    """Print a line for each setting, model and rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=4000)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    print("share  coded  finds  mistakes  rule       said  holds  off by")
    for prevalence, n_coded in SETTINGS:
        for model in MODELS:
            drawn = [draw(random, prevalence, n_coded, model) for _ in range(arguments.draws)]
            for name, says in RULES.items():
                told = [(estimate_share(counts), share) for counts, share in drawn if says(counts)]
                head = f"{prevalence:5.3f}  {n_coded:5}  {model[0]:5.2f}  {model[1]:8.2f}  {name:9}"
                if len(told) < arguments.draws / 100:
                    print(f"{head}  {len(told) / arguments.draws:5.2f}  (too seldom)")
                    continue
                holds = np.mean([found.low <= share <= found.high for found, share in told])
                off = np.mean([found.value / share - 1 for found, share in told])
                print(f"{head}  {len(told) / arguments.draws:5.2f}  {holds:5.2f}  {off:+5.0%}")


if __name__ == "__main__":
    main()
