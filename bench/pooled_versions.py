"""Measures how much better labels are when the language versions of a text are taken together.

    python -m bench.pooled_versions [GOLD.jsonl] [--model models/default] [--draws 100]

The gold has the same contents in several languages, which share their ``group_id``. So many
languages are drawn again and again; their probabilities are pooled as ``compare`` pools them for
``contents.csv``, and held against the gold. Which units say the same is given here, not found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pipeline.codebook import load_codebook
from pipeline.comparison.versions import pool_probabilities
from pipeline.evaluation.metrics import measure
from pipeline.storage.gold import read_gold
from pipeline.workflows.evaluate import score_sentences
from pipeline.workflows.models import open_model
from pipeline.workflows.train import gold_matrix

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 2, 3, 5, 12, 24)


def main() -> None:
    """Print micro-F1 by the number of versions that are pooled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, nargs="?", default=ROOT / "data/gold/natural.jsonl")
    parser.add_argument("--model", type=Path, default=ROOT / "models/default")
    parser.add_argument("--draws", type=int, default=100, help="sets of languages of each size")
    arguments = parser.parse_args()
    codebook = load_codebook(ROOT / "configs/codebook.yaml")
    model = open_model(arguments.model, codebook)
    gold = read_gold(arguments.gold, codebook)
    scores, truth = score_sentences(model, gold), gold_matrix(gold, codebook)
    row_by_key = {(s.group_id, s.language): row for row, s in enumerate(gold)}
    counts = {s.group_id: 0 for s in gold}
    for sentence in gold:
        counts[sentence.group_id] += 1
    most = max(counts.values())
    groups = [group for group, count in counts.items() if count == most and most > 1]
    languages = sorted({language for group, language in row_by_key if group in set(groups)})
    rows = np.array([[row_by_key[group, language] for language in languages] for group in groups])
    print(f"{len(groups)} contents in {len(languages)} languages")
    draws = np.random.default_rng(0)
    for size in SIZES:
        if size > len(languages):
            continue
        found = []
        for _ in range(arguments.draws):
            chosen = rows[:, draws.choice(len(languages), size, replace=False)]
            pooled = pool_probabilities(scores[chosen], np.ones_like(scores[chosen], dtype=bool))
            given = pooled >= model.thresholds
            found.append(measure(truth[rows[:, 0]], given, groups))
        precision, recall, f1, macro = (
            np.mean([getattr(metrics, name) for metrics in found])
            for name in ("micro_precision", "micro_recall", "micro_f1", "macro_f1")
        )
        print(
            f"{size:3} versions: micro-F1 {f1:.3f} (precision {precision:.3f}, recall "
            f"{recall:.3f}), macro-F1 {macro:.3f}"
        )


if __name__ == "__main__":
    main()
