"""The gold that lies in the repository belongs to the documents and labels that it names."""

from collections import Counter
from pathlib import Path

from pipeline.codebook import load_codebook
from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
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


def test_no_gold_sentence_is_trained_on():
    codebook = load_codebook(Path("configs/codebook.yaml"))
    trained = {entry.text for entry in read_gold(Path("data/train"), codebook)}
    assert trained.isdisjoint(entry.text for entry in gold() if len(entry.text.split()) > 4)
