"""The gold that lies in the repository belongs to the documents and labels that it names."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.codebook import load_codebook
from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
from pipeline.records import EU_LANGUAGES
from pipeline.segmentation.segmenter import segment
from pipeline.storage.gold import read_gold

SAMPLES = Path("data/samples")


def gold():
    codebook = load_codebook(Path("configs/codebook.yaml"))
    return read_gold(Path("data/gold/samples.jsonl"), codebook)


def units_of_samples():
    for path in sorted(SAMPLES.glob("*.txt")):
        document = read_document(Source(path, path.name), path.read_bytes(), None)
        yield from (unit for unit in segment(document) if not unit.is_cover_field)


def test_every_unit_of_the_samples_is_gold():
    texts = {entry.sentence_id: entry.text for entry in gold()}
    assert texts == {unit.sentence_id: unit.text for unit in units_of_samples()}


def test_one_sample_is_in_twelve_languages_with_the_same_labels():
    versions = [entry for entry in gold() if entry.document_id == "ST-90101-2031-INIT"]
    assert len({entry.language for entry in versions}) == 12
    labels = {entry.group_id: entry.labels for entry in versions if entry.language == "en"}
    assert all(entry.labels == labels[entry.group_id] for entry in versions)
    assert set(Counter(entry.group_id for entry in versions).values()) == {12}


def test_natural_gold_is_in_every_language_with_the_same_labels():
    codebook = load_codebook(Path("configs/codebook.yaml"))
    natural = read_gold(Path("data/gold/natural.jsonl"), codebook)
    labels = {entry.group_id: entry.labels for entry in natural if entry.language == "en"}
    assert all(entry.labels == labels[entry.group_id] for entry in natural)
    versions = Counter(entry.group_id for entry in natural)
    assert set(versions.values()) == {len(EU_LANGUAGES)}


@pytest.mark.parametrize("name", ["samples", "stock_phrases", "natural", "native"])
def test_no_gold_sentence_is_trained_on(name):
    codebook = load_codebook(Path("configs/codebook.yaml"))
    trained = {entry.text for entry in read_gold(Path("data/train"), codebook)}
    measured = read_gold(Path(f"data/gold/{name}.jsonl"), codebook)
    assert trained.isdisjoint(entry.text for entry in measured if len(entry.text.split()) > 4)
