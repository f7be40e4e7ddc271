"""Measures whether a sentence gets the same labels in every language.

    python -m bench.language_agreement ALIGNED.tsv [--model models/default] [--worst 15]
    python -m bench.language_agreement data/gold/natural.jsonl

The table has one column a language (ISO 639-1) and one row a sentence; or it is gold, of which
language versions share their ``group_id``. Disagreement of a pair of languages is the symmetric
difference of the labels assigned, over their union.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np

from pipeline.codebook import Codebook, load_codebook
from pipeline.records import EU_LANGUAGES
from pipeline.storage.gold import read_gold
from pipeline.storage.tables import read_table
from pipeline.workflows.models import open_model

ROOT = Path(__file__).resolve().parents[1]
Bools = np.ndarray


def assign(table: Path, model_folder: Path) -> tuple[dict[str, Bools], tuple[str, ...]]:
    """Return, for each language of the model, the labels of every row, (n_rows, n_labels)."""
    codebook = load_codebook(ROOT / "configs/codebook.yaml")
    model = open_model(model_folder, codebook)
    assigned = {
        language: model.tagger.score(texts, language) >= model.thresholds
        for language, texts in _aligned_texts(table, codebook).items()
        if language in model.tagger.languages
    }
    return assigned, codebook.label_ids


def _aligned_texts(table: Path, codebook: Codebook) -> dict[str, list[str]]:
    """Return the sentences of each language, the same ones in the same order."""
    if table.suffix == ".jsonl":
        by_language: dict[str, dict[str, str]] = {}
        for sentence in read_gold(table, codebook):
            by_language.setdefault(sentence.language, {})[sentence.group_id] = sentence.text
        shared = sorted(set.intersection(*map(set, by_language.values())))
        return {name: [texts[group] for group in shared] for name, texts in by_language.items()}
    rows = read_table(table, required=())
    columns = {name: [row.text_of(name) for row in rows] for name in EU_LANGUAGES}
    return {name: texts for name, texts in columns.items() if any(texts)}


def disagreement(first: Bools, second: Bools) -> float:
    """Return the symmetric difference of two assignments over their union."""
    union = int((first | second).sum())
    return int((first ^ second).sum()) / union if union else 0.0


def main() -> None:
    """Print the disagreement of all pairs, of each language, and where languages stand alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "models/default")
    parser.add_argument("--worst", type=int, default=15, help="language-label pairs to name")
    arguments = parser.parse_args()
    assigned, label_ids = assign(arguments.table, arguments.model)
    pairs = {
        pair: disagreement(assigned[pair[0]], assigned[pair[1]])
        for pair in combinations(assigned, 2)
    }
    print(
        f"{len(assigned)} languages, {len(pairs)} pairs: mean {np.mean(list(pairs.values())):.3f}"
    )
    for language in assigned:
        own = [value for pair, value in pairs.items() if language in pair]
        print(f"  {language}  {np.mean(own):.3f}")
    share = np.mean(list(assigned.values()), axis=0)
    alone: Counter[str] = Counter()
    for language, labels in assigned.items():
        for column, label in enumerate(label_ids):
            more = int((labels[:, column] & (share[:, column] < 0.5)).sum())
            less = int((~labels[:, column] & (share[:, column] > 0.5)).sum())
            alone[f"{language} {label}: {more} more and {less} fewer than most"] = more + less
    for line, _ in alone.most_common(arguments.worst):
        print(f"  {line}")


if __name__ == "__main__":
    main()
