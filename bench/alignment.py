"""Measures how well the units of two language versions are aligned, without paragraph numbers.

    python -m bench.alignment [GOLD.jsonl] [--dropped 0.03] [--merged 0.05]

The gold has the same contents in several languages, which share their ``group_id``. All of one
language make one long text, which is aligned with the English one after some units were dropped at
random and some merged with the next. A unit is right when it is aligned with exactly its contents.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pipeline.codebook import load_codebook
from pipeline.comparison.alignment import align
from pipeline.records import Sentence
from pipeline.storage.gold import GoldSentence, read_gold

ROOT = Path(__file__).resolve().parents[1]
PIVOT = "en"


def damage(
    texts: list[str], random: np.random.Generator, dropped: float, merged: float
) -> list[tuple[str, tuple[int, ...]]]:
    """Return the texts that are left, each with the places that it had."""
    left: list[tuple[str, tuple[int, ...]]] = []
    fates = random.choice(3, len(texts), p=(dropped, merged, 1 - dropped - merged))
    merges = False
    for place, (text, fate) in enumerate(zip(texts, fates.tolist(), strict=True)):
        if merges:
            before, places = left[-1]
            left[-1] = (f"{before} {text}", (*places, place))
            merges = False
        elif fate != 0:
            left.append((text, (place,)))
            merges = fate == 1
    return left


def share_right(pivot: list[str], damaged: list[tuple[str, tuple[int, ...]]]) -> float:
    """Return the share of units that are aligned with exactly their contents."""
    beads = align(_units(pivot), _units([text for text, _ in damaged]))
    found = {place: bead.left for bead in beads for place in bead.right}
    return float(np.mean([found[place] == true for place, (_, true) in enumerate(damaged)]))


def _units(texts: list[str]) -> list[Sentence]:
    return [
        Sentence(f"s{place}", "d", "xx", place + 1, 0, len(text), text, "sentence")
        for place, text in enumerate(texts)
    ]


def main() -> None:
    """Print the share of units aligned rightly, by language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, nargs="?", default=ROOT / "data/gold/natural.jsonl")
    parser.add_argument("--dropped", type=float, default=0.03, help="share of units")
    parser.add_argument("--merged", type=float, default=0.05, help="share of units")
    arguments = parser.parse_args()
    gold = read_gold(arguments.gold, load_codebook(ROOT / "configs/codebook.yaml"))
    by_language: dict[str, list[GoldSentence]] = {}
    for sentence in gold:
        by_language.setdefault(sentence.language, []).append(sentence)
    texts = {
        language: [s.text for s in sorted(found, key=lambda s: s.group_id)]
        for language, found in by_language.items()
    }
    random = np.random.default_rng(0)
    shares = {}
    for language in sorted(set(texts) - {PIVOT}):
        damaged = damage(texts[language], random, arguments.dropped, arguments.merged)
        shares[language] = share_right(texts[PIVOT], damaged)
        print(f"{language} {shares[language]:.3f}")
    print(f"mean {np.mean(list(shares.values())):.3f}, of {len(texts[PIVOT])} units a language")


if __name__ == "__main__":
    main()
