import json

import pytest

from pipeline.config import EvaluateConfig
from pipeline.errors import DataError
from pipeline.workflows.evaluate import evaluate_model

GOLD = [
    {"text": "Two harbours are shut.", "labels": ["ports"], "document_id": "a"},
    {"text": "The farm burned down.", "labels": ["farming"], "document_id": "a"},
    {"text": "It caused grave concern.", "labels": ["alarm"], "document_id": "b"},
    {"text": "The fields lie fallow.", "labels": ["farming"], "document_id": "b"},
    {"text": "Le port est fermé.", "labels": ["ports"], "document_id": "c", "language": "fr"},
]


@pytest.fixture
def evaluate(scheme, model, tmp_path):
    def evaluate(gold=GOLD, floors=None):
        path = tmp_path / "gold.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in gold), encoding="utf-8")
        config = {
            "model": model,
            "codebook": scheme / "codebook.yaml",
            "gold": path,
            "floors": floors,
            "bootstrap_samples": 100,
        }
        return evaluate_model(EvaluateConfig.model_validate(config))

    return evaluate


def test_metrics_per_language_and_dimension(evaluate):
    evaluation = evaluate()
    assert set(evaluation.metrics) == {"all", "en"}
    assert set(evaluation.metrics["en"]) == {"all", "topics", "moods"}
    topics = evaluation.metrics["en"]["topics"]
    assert (topics.n_sentences, topics.support) == (4, 3)
    assert topics.micro_recall == pytest.approx(2 / 3)
    assert evaluation.metrics["en"]["moods"].micro_f1 == 1
    assert [label.support for label in evaluation.labels] == [1, 2, 1]
    assert evaluation.breaches is None


def write_floors(tmp_path, digest, floor):
    path = tmp_path / "floors.yaml"
    path.write_text(
        f"gold_sha256: {digest}\nmicro_f1:\n  en: {{topics: {floor}, moods: 1.0}}\n",
        encoding="utf-8",
    )
    return path


def test_floors_pass_and_fail(evaluate, tmp_path):
    digest = evaluate().gold_sha256
    assert evaluate(floors=write_floors(tmp_path, digest, 0.8)).breaches == []
    (breach,) = evaluate(floors=write_floors(tmp_path, digest, 0.9)).breaches
    assert breach == "en topics: micro-F1 0.800, floor 0.900."


def test_changed_gold_fails_the_gate(evaluate, tmp_path):
    floors = write_floors(tmp_path, evaluate().gold_sha256, 0.1)
    (breach,) = evaluate(gold=GOLD[:3], floors=floors).breaches
    assert "is not what the floors were recorded on" in breach


def test_gold_in_no_covered_language_is_refused(evaluate):
    with pytest.raises(DataError, match="no sentence in a language that the model covers"):
        evaluate(gold=GOLD[4:])
