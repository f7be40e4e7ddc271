"""Measures labelling side by side with the naive way, interleaved, as ratios.

    python bench/labelling.py [--documents 200] [--rounds 3] [--transformers]

Ratios hold for one machine and one run; absolute figures are printed with the machine's facts.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from bench.corpus import PARAGRAPHS, read_sentences, write_documents, write_table
from pipeline.codebook import load_codebook
from pipeline.config import LabelConfig, load_config
from pipeline.storage.gold import read_gold
from pipeline.workflows.label import LabelProgress, label_documents
from pipeline.workflows.models import open_model
from pipeline.workflows.train import gold_matrix

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("de", "en", "fr", "nl")
NAIVE_BATCH = 1000
ENCODED_SENTENCES = {"MiniLM-L6": 640, "XLM-R-base": 320}
"""The slower shape gets fewer."""


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor time that something took, which other programs hardly disturb."""
    started = time.process_time()
    work()
    return time.process_time() - started


def wall_seconds(work: Callable[[], object]) -> float:
    """Return the time that something took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def best_of(
    rounds: int, ways: dict[str, Callable[[], object]], seconds: Callable[..., float]
) -> dict[str, float]:
    """Return each way's best time; the ways take turns, so that a slow minute hits all."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            times[name].append(seconds(work))
    return {name: min(found) for name, found in times.items()}


def measure_tagging(rounds: int) -> None:
    """Score sentences with the default model and with hashed n-grams, one model a label."""
    codebook = load_codebook(ROOT / "configs/codebook.yaml")
    gold = [entry for entry in read_gold(ROOT / "data/train", codebook) if entry.language == "en"]
    texts = [f"{entry.text} ({number})" for number in range(20) for entry in gold]
    model = open_model(ROOT / "models/default", codebook)
    model.tagger.score(texts[:1], "en")
    vectorizer = HashingVectorizer(n_features=2**18, analyzer="char_wb", ngram_range=(3, 5))
    naive = OneVsRestClassifier(LogisticRegression(C=10))
    naive.fit(vectorizer.transform([entry.text for entry in gold]), gold_matrix(gold, codebook))

    def score_naively() -> None:
        for start in range(0, len(texts), NAIVE_BATCH):
            naive.predict_proba(vectorizer.transform(texts[start : start + NAIVE_BATCH]))

    ways = {
        "ours": lambda: model.tagger.score(texts, "en"),
        "ours, with evidence": lambda: model.tagger.explain(texts, "en", model.thresholds),
        "HashingVectorizer + one-vs-rest": score_naively,
    }
    print(f"\ntagging, {len(texts):,} English sentences, processor seconds of one core")
    print_rates(best_of(rounds, ways, cpu_seconds), len(texts), "sentences/s")


def measure_end_to_end(folder: Path, n_documents: int, rounds: int) -> None:
    """Label text documents to the whole output folder, with one and with all workers."""
    sentences = read_sentences(ROOT / "data/train", LANGUAGES)
    write_documents(folder / "in", sentences, n_documents)
    cores = LabelConfig.model_validate(_settings(folder, "x", None)).effective_workers
    n_sentences = 0

    def label(workers: int) -> None:
        nonlocal n_sentences
        config = LabelConfig.model_validate(_settings(folder, f"out-{workers}", workers))
        n_sentences = label_documents(config, LabelProgress()).n_sentences

    ways = {f"{workers} workers": lambda w=workers: label(w) for workers in (1, cores)}
    times = best_of(rounds, ways, wall_seconds)
    print(f"\nend to end, {n_documents:,} text documents in {', '.join(LANGUAGES)}, seconds")
    print_rates(times, n_sentences, "sentences/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process {peak:,.0f} MB")


def _settings(folder: Path, output: str, workers: int | None) -> dict[str, object]:
    shipped = load_config(ROOT / "configs/label.yaml", LabelConfig, {})
    return shipped.model_dump() | {
        "input": [str(folder / "in")],
        "output": folder / output,
        "model": ROOT / "models/default",
        "codebook": ROOT / "configs/codebook.yaml",
        "workers": workers,
    }


def measure_memory(
    folder: Path, sizes: Sequence[int], n_paragraphs: int, n_units: Sequence[int]
) -> None:
    """Print the peak memory of a whole run for corpora, and tables of units, of growing size."""
    sentences = read_sentences(ROOT / "data/train", LANGUAGES)
    print("\npeak memory of `label`, MB (the largest process)")
    source = folder / "memory"
    for n_documents in sizes:
        write_documents(source, sentences, n_documents, n_paragraphs)
        print(f"  {n_documents:>9,} documents of {n_paragraphs} paragraphs: {_peak(source):,.0f}")
        shutil.rmtree(source)
    for n_rows in n_units:
        write_table(source / "units.csv", sentences, n_rows)
        print(f"  {n_rows:>9,} units of one table: {_peak(source):,.0f}")
        shutil.rmtree(source)


def _peak(source: Path) -> float:
    """Return the peak memory of labelling a folder in a process of its own, MB."""
    command = [sys.executable, "-m", "pipeline", "label", "--input", str(source)]
    command += ["--output", str(source.with_name("memory-out"))]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    if status:
        raise RuntimeError(f"labelling ended with status {status}")
    return usage.ru_maxrss / 1024


def measure_start(folder: Path) -> None:
    """Time the command's first words and its first labelled sentence."""
    one = folder / "one_en.txt"
    one.write_text("1. The Council condemns terrorism.\n", encoding="utf-8")
    run = [sys.executable, "-m", "pipeline"]
    commands = {
        "--help": [*run, "--help"],
        "a sentence labelled": [*run, "label", "-i", str(one), "-o", str(folder / "one")],
    }
    ways = {
        name: lambda c=command: subprocess.run(c, check=True, capture_output=True, cwd=ROOT)
        for name, command in commands.items()
    }
    print("\nfrom the command's start, seconds")
    for name, seconds in best_of(3, ways, wall_seconds).items():
        print(f"  {name:<40} {seconds:8.2f}")


def measure_transformers(rounds: int) -> None:
    """Score with encoders of two shapes, weights random, against one sentence at a time."""
    from transformers import pipeline

    from bench.encoders import SHAPES, EncoderPool, make_model, make_tokenizer

    every_text = [
        text for part in read_sentences(ROOT / "data/train", LANGUAGES).values() for text in part
    ]
    precisions = {"ours": "auto", "ours in int8": "int8", "ours in float32": "float32"}
    for name in SHAPES:
        n_texts = ENCODED_SENTENCES[name]
        texts = every_text[:: max(1, len(every_text) // n_texts)][:n_texts]
        tokenizer = make_tokenizer(texts)
        model = make_model(name, len(tokenizer))
        naive = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
        pools = {way: EncoderPool(name, wanted, texts) for way, wanted in precisions.items()}
        ways: dict[str, Callable[[], object]] = {
            way: lambda pool=pool, texts=texts: pool.log_odds(texts) for way, pool in pools.items()
        }
        ways["pipeline, one by one"] = lambda run=naive, texts=texts: [run(text) for text in texts]
        for pool in pools.values():
            pool.log_odds(texts)  # each process is started and warm
        print(f"\ntransformer of {name} shape, {len(texts)} sentences")
        print_rates(best_of(rounds, ways, wall_seconds), len(texts), "sentences/s")
        for pool in pools.values():
            pool.close()


def print_rates(times: dict[str, float], n: int, unit: str) -> None:
    """Print each way's rate, and how many times slower it is than the first."""
    first = next(iter(times.values()))
    for name, seconds in times.items():
        rate = n / seconds
        print(f"  {name:<40} {rate:>10,.0f} {unit}   ours is {seconds / first:5.1f} times as fast")


def main() -> None:
    """Run the measurements that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--transformers", action="store_true", help="encoders too, some minutes")
    parser.add_argument("--memory", type=int, nargs="*", default=[], metavar="DOCUMENTS")
    parser.add_argument("--units", type=int, nargs="*", default=[], help="memory of such tables")
    parser.add_argument("--paragraphs", type=int, default=PARAGRAPHS, help="of these documents")
    arguments = parser.parse_args()
    processor = platform.processor() or platform.machine()
    print(f"{processor}, {os.cpu_count()} cores, numpy {np.__version__}")
    folder = Path(tempfile.mkdtemp())
    try:
        # First, while this process is small: the system counts it to a child that it forks.
        if arguments.memory or arguments.units:
            measure_memory(folder, arguments.memory, arguments.paragraphs, arguments.units)
        measure_start(folder)
        measure_tagging(arguments.rounds)
        measure_end_to_end(folder, arguments.documents, arguments.rounds)
        if arguments.transformers:
            measure_transformers(arguments.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
