"""Makes documents to measure with: numbered paragraphs of training sentences, drawn by a seed."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

PARAGRAPHS = 30
SENTENCES_IN_PARAGRAPH = 4
UNITS_IN_DOCUMENT = 200


def read_sentences(folder: Path, languages: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the training sentences of each language."""
    sentences = {}
    for language in languages:
        lines = (folder / f"{language}.jsonl").read_text(encoding="utf-8").split("\n")
        sentences[language] = [json.loads(line)["text"] for line in lines if line]
    return sentences


def write_documents(
    folder: Path,
    sentences_by_language: dict[str, list[str]],
    n_documents: int,
    n_paragraphs: int = PARAGRAPHS,
    seed: int = 0,
) -> None:
    """Write text documents, language after language, no two sentences the same."""
    dice = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    languages = sorted(sentences_by_language)
    for number in range(n_documents):
        language = languages[number % len(languages)]
        draw = _draw(sentences_by_language[language], dice)
        paragraphs = [
            f"{paragraph}. {' '.join(islice(draw, SENTENCES_IN_PARAGRAPH))}\n"
            for paragraph in range(1, n_paragraphs + 1)
        ]
        path = (
            folder / f"st-{10_000 + number % 90_000}-{2031 + number // 90_000}-init_{language}.txt"
        )
        path.write_text("\n".join(paragraphs), encoding="utf-8")


def write_table(
    path: Path, sentences_by_language: dict[str, list[str]], n_units: int, seed: int = 0
) -> None:
    """Write a table of units, some hundred a document, no two the same."""
    dice = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    draws = {
        language: _draw(sentences, dice)
        for language, sentences in sorted(sentences_by_language.items())
    }
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("doc_id", "language", "text"))
        for number, language in zip(range(n_units), cycle(draws)):
            writer.writerow((f"d{number // UNITS_IN_DOCUMENT}", language, next(draws[language])))


def _draw(sentences: list[str], dice: random.Random) -> Iterator[str]:
    """Yield sentences without end, each with a number of its own."""
    whole = [text for text in sentences if text.endswith((".", "!", "?"))]
    while True:
        text = dice.choice(whole)
        yield f"{text[:-1]} ({dice.randrange(10**6)}){text[-1]}"
