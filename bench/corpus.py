"""Makes documents to measure with: numbered paragraphs of training sentences, drawn by a seed."""

from __future__ import annotations

import json
import random
from pathlib import Path

PARAGRAPHS = 30
SENTENCES_IN_PARAGRAPH = 4


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
        sentences = [
            text for text in sentences_by_language[language] if text.endswith((".", "!", "?"))
        ]
        paragraphs = []
        for paragraph in range(1, n_paragraphs + 1):
            drawn = (dice.choice(sentences) for _ in range(SENTENCES_IN_PARAGRAPH))
            unlike = (f"{text[:-1]} ({dice.randrange(10**6)}){text[-1]}" for text in drawn)
            paragraphs.append(f"{paragraph}. {' '.join(unlike)}\n")
        path = (
            folder / f"st-{10_000 + number % 90_000}-{2031 + number // 90_000}-init_{language}.txt"
        )
        path.write_text("\n".join(paragraphs), encoding="utf-8")
